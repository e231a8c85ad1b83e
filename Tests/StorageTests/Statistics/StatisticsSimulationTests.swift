import Foundation
import Testing

@testable import Domain
@testable import Storage

/// Bookings at any time and in any order, folds that are cut off, a clock that leaps both ways, zones that come and go:
/// every answer is what a recount of all bookings gives.
@Suite("statistics over a simulated year")
struct StatisticsSimulationTests {
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            // SplitMix64.
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }

        mutating func upTo(_ bound: Int64) -> Int64 { Int64(next() % UInt64(bound)) }
    }

    /// A booking as a recount sees it.
    private struct Booked {
        let at: Instant
        let ids: [UsageDimension: Int64]
        let charge: Int64
    }

    /// A database whose transactions are now and then undone at their end, as by a kill.
    private struct Killing: Database {
        struct Killed: Error {}

        let database: any Database
        let kills: Bool

        func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
            try database.write { connection in
                let value = try body(connection)
                if kills { throw Killed() }
                return value
            }
        }

        func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value { try database.read(body) }
        func close() throws { try database.close() }
    }

    /// 2026-01-01.
    private static let start: Int64 = 1_767_225_600_000_000

    static let zones = ["Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"].compactMap {
        ZoneFiles().zone(named: $0)
    }

    @Test("answers are what a recount gives", arguments: [1, 2, 3, 4] as [UInt64])
    func recount(seed: UInt64) throws {
        let books = try TestDatabase(on: .sqlite)
        let quartersSince = try withExtendedLifetime(books) {
            try simulate(seed: seed, rounds: 240, books.database)
        }
        #expect(quartersSince > Self.start)
    }

    @Test("on a server too, for the first weeks", arguments: Engine.servers)
    func recountOnServers(engine: Engine) throws {
        let books = try TestDatabase(on: engine)
        _ = try withExtendedLifetime(books) { try simulate(seed: 5, rounds: 24, books.database) }
    }

    /// - Returns: since when quarters are kept.
    private func simulate(seed: UInt64, rounds: Int, _ database: any Database) throws -> Int64 {
        var random = Random(state: seed)
        var booked: [Booked] = []
        var now = Self.start
        var kept = Array(Self.zones.prefix(1))
        var answered = 0
        let hour: Int64 = 3_600_000_000
        let (spring, autumn, winter) = (rounds * 3 / 8, rounds * 17 / 24, rounds * 5 / 6)
        for round in 0..<rounds {
            // A day and more at a time; now and then the clock leaps ahead, and later back.
            now += random.upTo(30 * hour)
            let clock = random.upTo(12) == 0 ? now + (random.upTo(96) - 48) * hour : now
            try book(&booked, around: now, &random, database)
            // A zone more in the spring, one less in the autumn, and that one again.
            if round == spring { kept = Self.zones }
            if round == autumn { kept.removeFirst() }
            if round == winter { kept = Self.zones }
            let isRestart = [0, spring, autumn, winter].contains(round)
            let size = 1 + Int(random.upTo(40))
            if isRestart { try PeriodFold(database: database, zones: kept, rowsAStep: size).chooseZones() }
            for _ in 0..<(random.upTo(4) == 0 ? 3 : 400) {
                let isKilled = random.upTo(20) == 0
                let fold = PeriodFold(
                    database: Killing(database: database, kills: isKilled),
                    zones: kept,
                    rowsAStep: size
                )
                do {
                    if try !fold.step(now: Instant(microseconds: clock)) { break }
                } catch is Killing.Killed {}
            }
            if round % 8 == 7 {
                answered += try check(booked, now: now, zones: kept, &random, database)
                try compareTiers(booked, database)
            }
        }
        #expect(answered > rounds * 5 / 12)
        let marks = try database.read(ZoneRows.marks)
        return marks.quartersSince.microseconds
    }

    private func book(
        _ booked: inout [Booked],
        around now: Int64,
        _ random: inout Random,
        _ database: any Database
    ) throws {
        var rollups = Rollups()
        for _ in 0..<(1 + random.upTo(6)) {
            // Most end now; some were in a spool for hours, a few for months.
            let age: Int64 =
                switch random.upTo(20) {
                case 0: random.upTo(60 * 86_400_000_000)
                case 1, 2: random.upTo(40 * 3_600_000_000)
                default: random.upTo(1_200_000_000)
                }
            let at = Instant(microseconds: max(now - age, Self.start))
            var ids: [UsageDimension: Int64] = [
                .all: 0, .user: 1 + random.upTo(3), .key: 1 + random.upTo(4), .model: 1 + random.upTo(2), .provider: 1,
                .group: 1,
            ]
            ids[.keyAndModel] = KeyAndModel.id(key: ids[.key] ?? 0, model: ids[.model] ?? 0)
            let charge = random.upTo(1_000)
            booked.append(Booked(at: at, ids: ids, charge: charge))
            let (settlement, closing) = Self.settlement(ids, charge: charge, at: at)
            rollups.add(settlement, closing: closing, cacheSavings: Money(picoDollars: -charge))
        }
        try database.write {
            try rollups.flush(replica: ReplicaID(1 + random.upTo(2)), now: Instant(microseconds: now), $0)
        }
    }

    private static func settlement(_ ids: [UsageDimension: Int64], charge: Int64, at: Instant) -> (Settlement, Closing)
    {
        let sample = Books.settlement(
            1,
            hold: Hold(
                groupID: Books.group,
                multiplier: .one,
                amount: Money(picoDollars: charge),
                outputLimit: 1,
                isClamped: false,
                parts: []
            ),
            charge: Money(picoDollars: charge)
        )
        let call = CallIntent(
            id: sample.call.id,
            userID: UserID(ids[.user] ?? 0),
            keyID: APIKeyID(ids[.key] ?? 0),
            modelID: ModelID(ids[.model] ?? 0),
            routeID: RouteID(1),
            providerID: ProviderID(1),
            priceVersionID: PriceVersionID(1),
            endpoint: .chatCompletions,
            isStreamed: false,
            estimatedInputTokens: 0,
            estimatedInputPrice: .zero,
            startedAt: at,
            clientAddress: "",
            userAgent: ""
        )
        let result = CallResult(
            outcome: .captured,
            usage: sample.result.usage,
            charge: sample.result.charge,
            cost: .zero,
            flags: [],
            statusCode: 200,
            endedAt: at,
            durationMilliseconds: 250,
            firstByteMilliseconds: nil,
            rawUsage: nil
        )
        let closing = Closing(
            action: .close,
            state: .captured,
            charge: result.charge,
            chargeDelta: result.charge,
            excess: .zero,
            flags: [],
            parts: [],
            entries: []
        )
        return (Settlement(call: call, hold: sample.hold, result: result), closing)
    }

    /// Asks at random and recounts. What is refused must be refused for what is gone.
    private func check(
        _ booked: [Booked],
        now: Int64,
        zones: [Zone],
        _ random: inout Random,
        _ database: any Database
    ) throws -> Int {
        let quarter = RollupPlan.quarterMicroseconds
        var answered = 0
        for _ in 0..<12 {
            let zone = random.upTo(5) == 0 ? .utc : zones[Int(random.upTo(Int64(zones.count)))]
            let step = StatisticsStep.allCases[Int(random.upTo(Int64(StatisticsStep.allCases.count)))]
            var from = now - random.upTo((step == .hour ? 20 : 330) * 86_400_000_000)
            var to = random.upTo(2) == 0 ? now + quarter : from + 1 + random.upTo(now - from + 1)
            if random.upTo(3) > 0 {
                from = zone.dayStart(of: Instant(microseconds: from)).microseconds
                if to <= now { to = zone.dayStart(of: Instant(microseconds: to)).microseconds }
            }
            (from, to) = (from / quarter * quarter, to / quarter * quarter)
            guard from < to else { continue }
            let dimension = [UsageDimension.all, .user, .key, .model, .keyAndModel][Int(random.upTo(5))]
            let isWhole = random.upTo(2) == 0
            let isFlow = dimension.isFlow
            let question = StatisticsQuestion(
                range: Instant(microseconds: from)..<Instant(microseconds: to),
                zone: zone,
                step: step,
                dimension: dimension,
                ids: isWhole || isFlow ? nil : [1, 3],
                spans: isWhole || !isFlow ? nil : [1, 3].compactMap(KeyAndModel.ids)
            )
            let answer: StatisticsAnswer
            do {
                answer = try database.read {
                    try StatisticsReader.answer(question, now: Instant(microseconds: now), $0)
                }
            } catch StatisticsError.onlyDays(let before) {
                #expect(from < before.microseconds)
                continue
            } catch StatisticsError.noDays(let before, _) {
                #expect(from < before.microseconds)
                continue
            }
            answered += 1
            var due = StatisticsAnswer(buckets: answer.buckets)
            for call in booked {
                guard let index = answer.buckets.index(of: call.at), let id = call.ids[dimension],
                    question.wants(id)
                else { continue }
                due.cells[.init(bucket: index, id: id), default: UsageSums()][.requests] += 1
                due.cells[.init(bucket: index, id: id), default: UsageSums()][.charge] += Int128(call.charge)
                if isFlow { continue }
                due.cells[.init(bucket: index, id: id), default: UsageSums()][.cacheSavings] -= Int128(call.charge)
            }
            let (have, want) = (answer.cells, due.cells)
            #expect(Set(have.keys) == Set(want.keys), "\(question)")
            for (cell, sums) in want {
                for figure in [UsageFigure.requests, .charge, .cacheSavings] {
                    #expect(have[cell]?[figure] == sums[figure], "\(question): \(cell)")
                }
                #expect(have[cell]?[.under300Milliseconds] == (isFlow ? 0 : sums[.requests]))
            }
        }
        return answered
    }

    private func compareTiers(_ booked: [Booked], _ database: any Database) throws {
        try database.read { connection in
            let tiers = try RollupTiers(connection)
            var report = VerifyReport()
            try tiers.compare(&report)
            #expect(report.differences == [])
            for user in 1...3 as ClosedRange<Int64> {
                let due = booked.filter { $0.ids[.user] == user }.reduce(Int128(0)) { $0 + Int128($1.charge) }
                #expect(try tiers.booked()[.init(dimension: 1, id: user)]?.figures[UsageFigure.charge.rawValue] == due)
                #expect(try EverRows.sums(.user, id: user, connection).spend == due)
            }
        }
    }
}
