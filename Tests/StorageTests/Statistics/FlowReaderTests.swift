import Testing

@testable import Domain
@testable import Storage

@Suite("flows from roll-ups", .everyEngine, .namesEngine)
struct FlowReaderTests {
    private static let start = Instant(microseconds: 1_767_225_600_000_000)
    private static let day: Int64 = 86_400_000_000

    private struct Call {
        let user: Int64
        let key: Int64
        let model: Int64
        let route: Int64
        let charge: Int64
        let at: Instant
    }

    /// Four users with two keys each, three models, four routes to two providers; some days of calls, folded but for the last.
    private static func books(flowsSince: Instant? = nil) throws -> (TestDatabase, [Call]) {
        let books = try TestDatabase()
        try books.database.write { connection in
            for user in 1...4 {
                try connection.execute(
                    "INSERT INTO users (id, email, created_at, updated_at) VALUES (\(user), 'u\(user)@example.com', 1, 1)"
                )
            }
            for key in 1...8 {
                try connection.execute(
                    "INSERT INTO api_keys (id, user_id, name, digest, pepper_version, prefix, last_four, created_at, updated_at) VALUES (\(key), \((key + 1) / 2), 'k\(key)', ?, 1, '', '', 1, 1)",
                    .blob([UInt8](repeating: UInt8(key), count: 32))
                )
            }
            for id in 1...3 {
                try connection.execute(
                    "INSERT INTO ai_models (id, name, context_length, max_output_tokens, default_output_tokens, created_at, updated_at) VALUES (\(id), 'm\(id)', 4096, 1024, 256, 1, 1)"
                )
            }
            for id in 1...2 {
                try connection.execute(
                    "INSERT INTO api_providers (id, name, dialect, base_url, created_at, updated_at) VALUES (\(id), 'p\(id)', 'openai', 'http://x/v1', 1, 1)"
                )
            }
            for (route, model, provider) in [(1, 1, 1), (2, 2, 1), (3, 3, 2), (4, 1, 2)] {
                try connection.execute(
                    "INSERT INTO model_routes (id, model_id, provider_id, upstream_model, created_at, updated_at) VALUES (\(route), \(model), \(provider), 'x', 1, 1)"
                )
            }
            if let flowsSince {
                try connection.execute("UPDATE statistics_marks SET flows_since = ?", SQLValue(flowsSince))
            }
        }
        var calls: [Call] = []
        for number in 0..<300 as Range<Int64> {
            let key = 1 + number * 7 % 8
            let route = 1 + number * number % 4
            calls.append(
                Call(
                    user: (key + 1) / 2,
                    key: key,
                    model: [1, 2, 3, 1][Int(route - 1)],
                    route: route,
                    charge: number,
                    at: Instant(microseconds: start.microseconds + number * day / 60)
                )
            )
        }
        var mark = FlowMark()
        for (index, call) in calls.enumerated() {
            try books.database.write { connection in
                var rollups = Rollups()
                let (settlement, closing) = booking(call, number: UInt64(index))
                rollups.add(
                    settlement,
                    closing: closing,
                    cacheSavings: .zero,
                    countsFlow: try mark.counts(startedAt: call.at, connection)
                )
                try rollups.flush(replica: ReplicaID(1 + Int64(index % 2)), now: call.at, connection)
            }
        }
        let fold = PeriodFold(database: books.database, zones: [])
        while try fold.step(now: Instant(microseconds: start.microseconds + 4 * day)) {}
        return (books, calls)
    }

    private static func booking(_ call: Call, number: UInt64) -> (Settlement, Closing) {
        let charge = Money(picoDollars: call.charge)
        let hold = Hold(
            groupID: Books.group,
            multiplier: .one,
            amount: charge,
            outputLimit: 1,
            isClamped: false,
            parts: []
        )
        let intent = CallIntent(
            id: Books.call(number).id,
            userID: UserID(call.user),
            keyID: APIKeyID(call.key),
            modelID: ModelID(call.model),
            routeID: RouteID(call.route),
            providerID: ProviderID(call.route < 3 ? 1 : 2),
            priceVersionID: PriceVersionID(1),
            endpoint: .chatCompletions,
            isStreamed: false,
            estimatedInputTokens: 0,
            estimatedInputPrice: .zero,
            startedAt: call.at,
            clientAddress: "",
            userAgent: ""
        )
        let result = CallResult(
            outcome: .captured,
            usage: Usage(),
            charge: charge,
            cost: .zero,
            flags: [],
            statusCode: 200,
            endedAt: call.at,
            durationMilliseconds: 1,
            firstByteMilliseconds: nil,
            rawUsage: nil
        )
        let closing = Closing(
            action: .close,
            state: .captured,
            charge: charge,
            chargeDelta: charge,
            excess: .zero,
            flags: [],
            parts: [],
            entries: []
        )
        return (Settlement(call: intent, hold: hold, result: result), closing)
    }

    private static func ask(
        _ books: TestDatabase,
        days: Range<Int64> = 0..<6,
        limit: Int = 50,
        user: UserID? = nil
    ) throws -> FlowAnswer {
        let range =
            Instant(
                microseconds: start.microseconds + days.lowerBound * day
            )..<Instant(
                microseconds: start.microseconds + days.upperBound * day
            )
        let question = FlowQuestion(range: range, zone: .utc, limit: limit, user: user)
        return try books.database.read { try FlowReader.answer(question, now: range.upperBound, $0) }
    }

    @Test("is what a recount of the calls gives, folded or not", arguments: [0..<6, 1..<3, 3..<6])
    func recount(days: Range<Int64>) throws {
        let (books, calls) = try Self.books()
        let flow = try Self.ask(books, days: days).flow
        var due: [UsageFlow.Link: UsageFlow.Amount] = [:]
        for call in calls where days.contains((call.at.microseconds - Self.start.microseconds) / Self.day) {
            let nodes = [
                UsageFlow.Node(.user, call.user), .init(.key, call.key), .init(.model, call.model),
                .init(.provider, call.route < 3 ? 1 : 2),
            ]
            for (from, to) in zip(nodes, nodes.dropFirst()) {
                due[.init(from, to), default: .init()] += .init(spend: Int128(call.charge), requests: 1)
            }
        }
        #expect(flow.links == due && !due.isEmpty)
    }

    @Test("names what is shown; one's own goes from keys to models and no further")
    func names() throws {
        let (books, calls) = try Self.books()
        let all = try Self.ask(books, limit: 2)
        #expect(all.names.values.contains("p1") && all.flow.nodes.keys.contains(.init(.key, nil)))
        let own = try Self.ask(books, user: UserID(2))
        #expect(Set(own.flow.nodes.keys.map(\.kind)) == [.key, .model])
        #expect(Set(own.flow.nodes.keys.filter { $0.kind == .key }.compactMap(\.id)) == [3, 4])
        let due = calls.filter { $0.user == 2 }.reduce(Int128(0)) { $0 + Int128($1.charge) }
        #expect(own.flow.links.values.reduce(Int128(0)) { $0 + $1.spend } == due)
        #expect(own.names[.init(.model, 1)] == "m1")
        #expect(try Self.ask(books, user: UserID(9)).flow == UsageFlow())
    }

    @Test("where flows were not summed from the first call on it begins when they were for a day, or not at all")
    func since() throws {
        let since = Instant(microseconds: Self.start.microseconds + Self.day + 1)
        let (books, calls) = try Self.books(flowsSince: since)
        let answer = try Self.ask(books)
        let from = Instant(microseconds: Self.start.microseconds + 3 * Self.day)
        #expect(answer.range.lowerBound == from)
        let due = calls.filter { $0.at >= from }.reduce(Int128(0)) { $0 + Int128($1.charge) }
        let users = answer.flow.nodes.filter { $0.key.kind == .user }
        #expect(users.values.reduce(Int128(0)) { $0 + $1.spend } == due)
        let early = try Self.ask(books, days: 0..<2)
        #expect(early.flow == UsageFlow() && early.range.isEmpty)
    }
}
