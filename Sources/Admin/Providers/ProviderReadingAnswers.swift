import Domain

/// What came of testing a provider.
struct ProviderTestAnswer: Encodable {
    let reading: ProviderReading
    let language: Language

    static let shape = Shape.object("ProviderTest", ReadingAnswer.shapes + [("models", .list(.text), true)])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        try ReadingAnswer.encode(reading, in: language, into: &container)
        try container.encode(reading.models.map(\.name), forKey: NameKey("models"))
    }
}

/// A provider's models beside the routes that lead to it.
struct ModelSyncAnswer: Encodable {
    private static let known = Shape.object("KnownModel", ["model": .text, "upstream_model": .text])

    static let shape = Shape.object(
        "ModelSync",
        ReadingAnswer.shapes + [
            (
                "added",
                .list(.object("AddedModel", ["upstream_model": .text, "context_length": .count.nullable()])), true
            ),
            (
                "changed",
                .list(
                    .object(
                        "ChangedModel",
                        [
                            "model": .text, "upstream_model": .text, "context_length": .count,
                            "upstream_context_length": .count,
                        ]
                    )
                ).noted("The provider tells another context length than is kept here."), true
            ),
            ("vanished", .list(known), true), ("unchanged", .list(known), true),
        ]
    )

    private struct Added: Encodable {
        let upstream_model: String
        let context_length: Int64?

        enum CodingKeys: CodingKey { case upstream_model, context_length }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(upstream_model, forKey: .upstream_model)
            try container.encode(context_length, forKey: .context_length)
        }
    }

    private struct Changed: Encodable {
        let model: String
        let upstream_model: String
        let context_length: Int64
        let upstream_context_length: Int64
    }

    private struct Known: Encodable {
        let model: String
        let upstream_model: String
    }

    private let reading: ProviderReading
    private let language: Language
    private let added: [Added]
    private var changed: [Changed] = []
    private var vanished: [Known] = []
    private var unchanged: [Known] = []

    /// Where the provider could not be read nothing is said of any model.
    init(reading: ProviderReading, routes: [UpstreamRoute], language: Language) {
        self.reading = reading
        self.language = language
        guard reading.problem == nil else {
            added = []
            return
        }
        let ours = Set(routes.map(\.upstreamModel))
        added = reading.models.filter { !ours.contains($0.name) }
            .map { Added(upstream_model: $0.name, context_length: $0.contextLength) }
        let theirs = Dictionary(reading.models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for route in routes {
            let known = Known(model: route.model, upstream_model: route.upstreamModel)
            guard let model = theirs[route.upstreamModel] else {
                vanished.append(known)
                continue
            }
            if let length = model.contextLength, length != route.contextLength {
                changed.append(
                    Changed(
                        model: route.model,
                        upstream_model: route.upstreamModel,
                        context_length: route.contextLength,
                        upstream_context_length: length
                    )
                )
            } else {
                unchanged.append(known)
            }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        try ReadingAnswer.encode(reading, in: language, into: &container)
        try container.encode(added, forKey: NameKey("added"))
        try container.encode(changed, forKey: NameKey("changed"))
        try container.encode(vanished, forKey: NameKey("vanished"))
        try container.encode(unchanged, forKey: NameKey("unchanged"))
    }
}

/// What both have: whether it went well.
enum ReadingAnswer {
    static let shapes: [(name: String, shape: Shape, isRequired: Bool)] = [
        ("ok", .flag, true), ("status_code", .integer.nullable(), true), ("latency_ms", .count, true),
        ("problem", Shape.choice(ProviderReading.Problem.self).nullable(), true),
        ("detail", .text.nullable().noted("The problem in words."), true),
    ]

    static func encode(
        _ reading: ProviderReading,
        in language: Language,
        into container: inout KeyedEncodingContainer<NameKey>
    ) throws {
        try container.encode(reading.problem == nil, forKey: NameKey("ok"))
        try container.encode(reading.status, forKey: NameKey("status_code"))
        try container.encode(reading.milliseconds, forKey: NameKey("latency_ms"))
        try container.encode(reading.problem?.rawValue, forKey: NameKey("problem"))
        try container.encode(reading.problem?.words.text(in: language), forKey: NameKey("detail"))
    }
}
