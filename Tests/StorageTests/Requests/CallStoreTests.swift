import Domain
import Testing

@testable import Storage

@Suite("the request log", .everyEngine, .namesEngine) struct CallStoreTests {
    /// Rows as they are written, past the journal: `count` calls a millisecond apart from 2026 on.
    private static let start = Instant(microseconds: 1_767_225_600_000_000)

    private static func fill(_ stage: QuotaStage, _ count: Int) throws {
        try stage.storage.database.write { connection in
            let insert = try connection.prepare(
                "INSERT INTO api_requests (id, state, replica_id, user_id, key_id, model_id, route_id, provider_id, group_id, price_version_id, price_multiplier, endpoint, is_streamed, hold, parts, output_limit, estimated_input_tokens, estimated_input_price, created_at, ip_address, user_agent_id, client_request_id, charge, status_code, ended_at) VALUES (?, 1, 1, ?, 1, ?, 1, 1, 1, 1, 10000, 1, 0, 100, ?, 1, 1, 1, ?, '', 1, ?, ?, 200, ?)"
            )
            for index in 0..<count {
                let at = Instant(microseconds: start.microseconds + Int64(index) * 1_000)
                insert.bind(SQLValue(CallID(at: at, random: (UInt64(index), UInt64(index)))), at: 1)
                insert.bind(Int64(index % 10 == 0 ? 1 : 2), at: 2)
                insert.bind(Int64(index % 3 + 1), at: 3)
                insert.bind(SQLValue.blob([]), at: 4)
                insert.bind(at.microseconds, at: 5)
                insert.bind(index % 100 == 7 ? "job-\(index)" : nil, at: 6)
                insert.bind(Int64(index % 50), at: 7)
                insert.bind(at.microseconds, at: 8)
                try insert.enqueue(changing: 1)
            }
            try connection.flush()
        }
    }

    /// All slices of a query, one after the other; how many there were, and the calls' places in time.
    private static func all(_ query: CallQuery, _ log: CallStore) async throws -> (slices: Int, found: [Int]) {
        var query = query
        var found: [Int] = []
        var slices = 0
        while true {
            let slice = try await log.calls(query)
            slices += 1
            found += slice.items.map { Int(($0.bill.startedAt.microseconds - start.microseconds) / 1_000) }
            guard let older = slice.older else { return (slices, found) }
            #expect(slice.scannedThrough == nil || slice.items.count < query.limit)
            query.cursor = .before(older)
        }
    }

    @Test("every filter finds what it should, newest first, each call once, and no slice looks at more than its bound")
    func filters() async throws {
        let stage = try QuotaStage()
        let count = 12_000
        try Self.fill(stage, count)
        let log = CallStore(desk: stage.desk)
        func at(_ index: Int) -> Instant { Instant(microseconds: Self.start.microseconds + Int64(index) * 1_000) }
        let cases: [(String, (inout CallQuery) -> Void, (Int) -> Bool, Int)] = [
            ("all", { $0.limit = 500 }, { _ in true }, 25),
            ("a user", { $0.userID = UserID(1) }, { $0 % 10 == 0 }, 25),
            ("a model", { $0.modelID = ModelID(2) }, { $0 % 3 == 1 }, 81),
            ("nobody's key", { $0.keyID = APIKeyID(9) }, { _ in false }, 3),
            (
                "costs", { ($0.leastCharge, $0.mostCharge) = (Money(picoDollars: 48), Money(picoDollars: 48)) },
                { $0 % 50 == 48 }, 6
            ),
            ("a time", { ($0.from, $0.to) = (at(100), at(140)) }, { (100..<140).contains($0) }, 1),
            ("a client's id", { $0.search = "job-11" }, { $0 % 100 == 7 && "\($0)".hasPrefix("11") }, 3),
            ("an id", { $0.search = CallID(at: at(77), random: (77, 77)).description }, { $0 == 77 }, 1),
            (
                "an id's beginning",
                { $0.search = String(CallID(at: at(77), random: (77, 77)).description.prefix(13)) }, { $0 == 77 }, 3
            ),
            ("a state", { $0.state = .voided }, { _ in false }, 3),
            ("a flag", { $0.flags = .estimated }, { _ in false }, 3),
        ]
        for (name, set, matches, most) in cases {
            var query = CallQuery()
            set(&query)
            let (slices, found) = try await Self.all(query, log)
            #expect(found == (0..<count).reversed().filter(matches), "\(name)")
            #expect(slices <= most + 1, "\(name): \(slices) slices")
        }
    }

    @Test("back from a slice is where one came from")
    func back() async throws {
        let stage = try QuotaStage()
        try Self.fill(stage, 200)
        let log = CallStore(desk: stage.desk)
        var query = CallQuery()
        query.userID = UserID(2)
        let first = try await log.calls(query)
        #expect(first.newer == nil)
        query.cursor = .before(try #require(first.older))
        let second = try await log.calls(query)
        query.cursor = .after(try #require(second.newer))
        let again = try await log.calls(query)
        #expect(again.items == first.items && again.older == first.older && again.scannedThrough == nil)
    }

    @Test("a call's bill is explained by its lines, parts and entries; another's is not there")
    func detail() async throws {
        let stage = try QuotaStage()
        let call = try await stage.call(1, bound: 50, charge: 20)
        _ = try await stage.refund(5, of: call)
        let log = CallStore(desk: stage.desk)
        let detail = try #require(try await log.call(call, of: Books.user))
        #expect(detail.firstCharge == Money(picoDollars: 20) && detail.call.bill.charge == Money(picoDollars: 15))
        #expect(detail.call.bill.lines.reduce(0) { $0 + $1.amount } == 20)
        #expect(detail.parts == [HoldPart(lane: .grant(GrantID(1)), amount: Money(picoDollars: 50))])
        #expect(detail.entries.map(\.entry.kind) == [.refund] && detail.entries[0].reason == "an apology")
        #expect(detail.rawUsage == #"{"prompt_tokens":5}"# && detail.call.user.name == "a@example.com")
        #expect(try await log.call(call, of: UserID(2)) == nil)
        #expect(try await log.call(Books.call(99).id, of: nil) == nil)
    }

    @Test("acts are listed by kind, actor and time, newest first")
    func acts() async throws {
        let stage = try QuotaStage()
        let call = try await stage.call(1, bound: 50, charge: 20)
        for _ in 0..<5 { _ = try await stage.perform(.topUp(Money(picoDollars: 1))) }
        stage.clock.advance(seconds: 100)
        let middle = stage.clock.now()
        _ = try await stage.refund(5, of: call)
        try await CallStore(desk: stage.desk).noteExport(by: .user(UserID(9), .auditor))
        let log = ActStore(desk: stage.desk)
        var query = ActQuery()
        query.limit = 3
        let first = try await log.acts(query)
        #expect(first.items.map(\.act) == ["requests exported", "quota refunded", "quota topped_up"])
        query.cursor = .before(try #require(first.older))
        let second = try await log.acts(query)
        #expect(second.items.count == 3 && second.items.allSatisfy { $0.fields == ["total_quota"] && $0.row == 1 })
        query.cursor = .after(try #require(second.newer))
        #expect(try await log.acts(query).items == first.items)
        query = ActQuery()
        query.kind = "quota"
        #expect(try await log.acts(query).items.count == 6)
        query.kind = "quot"
        #expect(try await log.acts(query).items.isEmpty)
        query = ActQuery()
        query.userID = UserID(9)
        #expect(try await log.acts(query).items.map(\.actor) == ["user 9", "user 9"])
        query.from = middle
        #expect(try await log.acts(query).items.count == 2)
        query = ActQuery()
        query.to = middle
        #expect(try await log.acts(query).items.count == 5)
    }

    @Test("what begins and ends is news once, by the index of what is open and by leaves, whoever writes them")
    func news() async throws {
        let stage = try QuotaStage(grant: 10_000)
        let log = CallStore(desk: stage.desk)
        func look(_ mark: CallMark?) async throws -> CallNews {
            try await log.news(since: mark) { $0.map(\.id) }
        }
        func told(_ news: CallNews) -> [String] {
            news.glances.map { "\($0.id.low & 0xFFFF) \($0.hasEnded ? "ended" : "began")" }
        }
        try await stage.call(1, bound: 10, charge: 4)
        let before = try await stage.hold(2, 10)
        var news = try await look(nil)
        #expect(told(news) == [] && news.calls.isEmpty)
        let running = try await stage.hold(3, 10)
        try await stage.settle(2, before, charge: 5)
        try await stage.call(4, bound: 10, charge: 6)
        news = try await look(news.mark)
        #expect(told(news) == ["3 began", "2 ended", "4 ended"])
        let states = Dictionary(uniqueKeysWithValues: news.calls.map { ($0.bill.id, $0.bill.state) })
        #expect(states == [Books.call(2).id: .captured, Books.call(3).id: .open, Books.call(4).id: .captured])
        #expect(news.glances.allSatisfy { $0.userID == Books.user && $0.groupID == Books.group })
        // An act is a leaf too, and no call.
        _ = try await stage.update(total: 9_000)
        news = try await look(news.mark)
        #expect(told(news) == [] && news.unread == 0)
        // Nobody wants it: nothing is read.
        try await stage.settle(3, running, charge: 7)
        let mark = news.mark
        #expect(try await log.news(since: mark, choosing: { _ in [] }).calls.isEmpty)
        // A database that is behind what was told, and a mark of a replica that has ended.
        var ahead = mark
        for replica in ahead.nextLeaves.keys { ahead.nextLeaves[replica]? += 1_000 }
        ahead.nextLeaves[ReplicaID(77)] = 5
        news = try await look(ahead)
        #expect(told(news) == [] && news.mark.nextLeaves[ReplicaID(77)] == nil)
        try await stage.call(5, bound: 10, charge: 4)
        #expect(told(try await look(news.mark)) == ["5 ended"])
        #expect(told(try await look(mark)) == ["3 ended", "5 ended"])
        try stage.expectProven()
    }

    @Test("more than can be looked at is counted: the newest are told")
    func manyNews() async throws {
        let stage = try QuotaStage(grant: 1_000_000)
        let log = CallStore(desk: stage.desk)
        let mark = try await log.news(since: nil, choosing: { _ in [] }).mark
        let count = Int(CallNewsRows.mostEnded) + 500
        // Rows as they are written, past the journal.
        try Self.fill(stage, count)
        try stage.storage.database.write { connection in
            let replica = try connection.query("SELECT MAX(id) FROM replicas") { $0.int64(0) }[0]
            let first = try AuditLeaves.next(of: ReplicaID(replica), connection)
            for row in 0..<count / 100 {
                var data: [UInt8] = []
                for index in row * 100..<row * 100 + 100 {
                    let at = Instant(microseconds: Self.start.microseconds + Int64(index) * 1_000)
                    data +=
                        CallID(at: at, random: (UInt64(index), UInt64(index))).bytes + Array(repeating: 0, count: 32)
                }
                try connection.execute(
                    "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (?, ?, 100, 1, ?, 1)",
                    .integer(replica),
                    .integer(first + Int64(row) * 100),
                    .blob(data)
                )
            }
        }
        let news = try await log.news(since: mark) { $0.suffix(3).map(\.id) }
        #expect(news.unread == 500 && news.glances.count == Int(CallNewsRows.mostEnded) && news.calls.count == 3)
        let newest = Instant(microseconds: Self.start.microseconds + Int64(count - 1) * 1_000)
        #expect(news.calls.map(\.bill.startedAt).max() == newest)
    }

    @Test(
        "what is asked each second reads by an index",
        arguments: [
            (CallNewsRows.selectOpen, "api_requests_open (id>?)"), (CallNewsRows.selectNewest, "USING PRIMARY KEY"),
            (CallNewsRows.selectLeaves, "USING PRIMARY KEY (replica_id=? AND number>?)"),
            (CallNewsRows.selectData, "USING PRIMARY KEY (replica_id=? AND number>?)"),
        ]
    )
    func plans(statement: String, uses index: String) throws {
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let plan = try database.read { connection in
            try connection.query("EXPLAIN QUERY PLAN " + statement, values: []) { $0.text(3) }
        }
        // The newest one is the first of a scan in the key's order.
        #expect(plan.count == 1 && (plan[0].contains(index) || plan == ["SCAN api_requests"]), "\(plan)")
        try database.close()
    }
}
