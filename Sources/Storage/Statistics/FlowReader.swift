import Domain

/// Reads a flow: sums of one dimension each, and of keys and models at once only those of the keys that are shown.
struct FlowReader {
    /// No call lasts as long: what began before the mark has ended by then.
    private static let settlingMicroseconds: Int64 = 86_400 * 1_000_000

    private let question: FlowQuestion
    private let range: Range<Instant>
    private let now: Instant
    private let connection: any SQLConnection

    static func answer(
        _ question: FlowQuestion,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> FlowAnswer {
        let end = question.range.upperBound
        let start = try start(question, connection)
        guard start < end else { return FlowAnswer(range: end..<end, flow: UsageFlow()) }
        let reader = FlowReader(question: question, range: start..<end, now: now, connection: connection)
        let flow = try question.user.map(reader.flow(of:)) ?? reader.flow()
        return FlowAnswer(range: start..<end, flow: flow, names: try reader.names(flow))
    }

    /// Joint sums are whole from the first local day on that begins a day after they were first kept.
    private static func start(_ question: FlowQuestion, _ connection: any SQLConnection) throws -> Instant {
        let since = try FlowRows.since(connection)
        guard since.microseconds > 0 else { return question.range.lowerBound }
        let settled = Instant(microseconds: since.microseconds + settlingMicroseconds)
        let day = question.zone.dayStart(of: settled)
        return max(question.range.lowerBound, day == settled ? day : question.zone.nextDayStart(after: day))
    }

    private func flow() throws -> UsageFlow {
        var sums = UsageFlow.Sums()
        sums.keys = try read(.key)
        sums.owners = try FlowRows.owners(ofKeys: sums.keys.keys.sorted(), connection)
        // A key has one owner for good: there is no need to read what is summed by user too.
        for (key, amount) in sums.keys {
            if let owner = sums.owners[key] { sums.users[owner, default: .init()] += amount }
        }
        sums.models = try read(.model)
        sums.routes = try read(.route)
        let shown = UsageFlow.first(question.limit, of: sums.keys)
        sums.pairs = try read(.keyAndModel, spans: shown.sorted().compactMap(KeyAndModel.ids))
        sums.ends = try FlowRows.ends(ofRoutes: sums.routes.keys.sorted(), connection)
        return UsageFlow(sums, shownKeys: shown, limit: question.limit)
    }

    /// From one's keys to models and no further: who provides them is the operator's business.
    private func flow(of user: UserID) throws -> UsageFlow {
        var sums = UsageFlow.Sums()
        let keys = try DimensionNames.keys(of: user, connection)
        sums.pairs = try read(.keyAndModel, spans: keys.sorted().compactMap(KeyAndModel.ids))
        // Nothing flows into keys here, so the sums have none by key.
        var byKey: [Int64: UsageFlow.Amount] = [:]
        for (pair, amount) in sums.pairs {
            guard let (key, model) = KeyAndModel.parts(of: pair) else { continue }
            byKey[key, default: .init()] += amount
            sums.models[model, default: .init()] += amount
        }
        let shown = UsageFlow.first(question.limit, of: byKey)
        return UsageFlow(sums, shownKeys: shown, limit: question.limit)
    }

    private func read(
        _ dimension: UsageDimension,
        spans: [ClosedRange<Int64>]? = nil
    ) throws -> [Int64: UsageFlow.Amount] {
        let asked = StatisticsQuestion(
            range: range,
            zone: question.zone,
            step: .whole,
            dimension: dimension,
            spans: spans
        )
        return try StatisticsReader.answer(asked, now: now, connection).byID.mapValues(UsageFlow.Amount.init)
    }

    private func names(_ flow: UsageFlow) throws -> [UsageFlow.Node: String] {
        var names: [UsageFlow.Node: String] = [:]
        let nodes = flow.nodes.keys
        for kind in UsageFlow.Kind.allCases {
            let dimension: UsageDimension =
                switch kind {
                case .user: .user
                case .key: .key
                case .model: .model
                case .provider: .provider
                }
            let ids = nodes.filter { $0.kind == kind }.compactMap(\.id)
            for (id, name) in try DimensionNames.read(ids, in: dimension, connection) {
                names[UsageFlow.Node(kind, id)] = name
            }
        }
        return names
    }
}
