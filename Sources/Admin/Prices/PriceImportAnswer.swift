package import Domain

/// What a price table says of the models here, as JSON; also what the command prints.
package struct PriceImportAnswer: Encodable, Sendable {
    private let found: PriceImport
    private let applied: Int

    package init(found: PriceImport, applied: Int) {
        self.found = found
        self.applied = applied
    }

    static let shape = Shape.object(
        "PriceImport",
        [
            "applied": .count,
            "models": .list(
                .object(
                    "ImportedPrice",
                    [
                        "model": .id, "model_name": .text, "entry": .text.noted("Under which name it was looked for."),
                        "verdict": .choice(PriceImport.Verdict.self),
                        "current": RatesAnswer.Alone.shape.nullable(), "found": RatesAnswer.Alone.shape.nullable(),
                        "findings": .list(.object("Finding", ["code": .text, "member": .text])),
                    ]
                )
            ),
            "table": .object("Table", ["entries": .count, "clean": .count, "findings": .map(.count)]),
        ]
    )

    private struct Row: Encodable {
        let row: PriceImport.Row

        enum CodingKeys: String, CodingKey {
            case model, entry, verdict, current, found, findings
            case modelName = "model_name"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(row.model.id.rawValue, forKey: .model)
            try container.encode(row.model.name, forKey: .modelName)
            try container.encode(row.entry, forKey: .entry)
            try container.encode(row.verdict.rawValue, forKey: .verdict)
            try container.encode(row.model.rates.map(RatesAnswer.Alone.init(rates:)), forKey: .current)
            try container.encode(row.rates.map(RatesAnswer.Alone.init(rates:)), forKey: .found)
            try container.encode(
                row.findings.map { ["code": $0.kind.code, "member": $0.member] },
                forKey: .findings
            )
        }
    }

    private struct Table: Encodable {
        let entries: Int
        let clean: Int
        let findings: [String: Int]
    }

    enum CodingKeys: String, CodingKey { case applied, models, table }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(applied, forKey: .applied)
        try container.encode(found.rows.map(Row.init(row:)), forKey: .models)
        let counts = found.census.findings.map { ($0.key.code, $0.value) }
        try container.encode(
            Table(
                entries: found.census.entries,
                clean: found.census.clean,
                findings: Dictionary(uniqueKeysWithValues: counts)
            ),
            forKey: .table
        )
    }
}
