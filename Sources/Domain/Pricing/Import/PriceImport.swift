/// What a price table would change here: each model that exists, beside what the table says of it.
package struct PriceImport: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable, CaseIterable {
        /// No price so far.
        case new
        case changed
        case unchanged
        /// Something stands against it; see the findings.
        case refused
        /// The table does not have it.
        case missing
    }

    package struct Row: Hashable, Sendable {
        package let model: PricedModel
        /// Under which name it was looked for.
        package let entry: String
        package let verdict: Verdict
        /// What the table says; nil where it says nothing.
        package let rates: Rates?
        /// All of them, accepted or not.
        package let findings: [PriceFinding]
    }

    /// How often something is found in the whole table; an entry may have several findings.
    package struct Census: Hashable, Sendable {
        package var entries = 0
        /// Nothing was found.
        package var clean = 0
        package var findings: [PriceFinding.Kind: Int] = [:]
    }

    package let rows: [Row]
    package let census: Census

    /// - Parameters:
    ///   - chosen: which models, by name, and the entry that each is to be read from; empty: all of them, each by what its
    ///     first route calls it, else by its own name.
    package init(
        of table: [PriceTableEntry],
        into models: [PricedModel],
        chosen: [String: String?] = [:],
        accepting: Set<PriceAcceptance>
    ) {
        var readings: [String: PriceTableReading] = [:]
        var census = Census()
        for entry in table {
            let reading = PriceTableReading(entry)
            readings[entry.name] = reading
            census.entries += 1
            if reading.findings.isEmpty { census.clean += 1 }
            for kind in Set(reading.findings.map(\.kind)) { census.findings[kind, default: 0] += 1 }
        }
        self.census = census
        rows = models.compactMap { model in
            guard chosen.isEmpty || chosen[model.name] != nil else { return nil }
            let wanted = chosen[model.name] ?? nil
            let names = wanted.map { [$0] } ?? [model.upstreamModel, model.name].compactMap(\.self)
            guard let name = names.first(where: { readings[$0] != nil }), let reading = readings[name] else {
                return Row(model: model, entry: names.first ?? "", verdict: .missing, rates: nil, findings: [])
            }
            let verdict: Verdict =
                if !reading.objections(accepting: accepting).isEmpty {
                    .refused
                } else if let rates = model.rates {
                    rates == reading.rates ? .unchanged : .changed
                } else {
                    .new
                }
            return Row(model: model, entry: name, verdict: verdict, rates: reading.rates, findings: reading.findings)
        }
    }

    /// What is to be written.
    package var changes: [ModelID: Rates] {
        Dictionary(
            rows.compactMap { row in
                guard row.verdict == .new || row.verdict == .changed, let rates = row.rates else { return nil }
                return (row.model.id, rates)
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
