import Domain
import Foundation
import Logging
import Synchronization

@testable import Storage

/// A database in a folder of its own, with one user, one key, one model, and grants as asked for.
final class Books: Sendable {
    static let user = UserID(1)
    static let key = APIKeyID(1)
    static let group = ModelGroupID(1)

    let folder: String
    var path: String { folder + "/books.sqlite" }

    init(grants: [Money], keyLimit: Money? = nil) throws {
        folder = NSTemporaryDirectory() + "tokenaudit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let database = try SQLiteDatabase(path: folder + "/books.sqlite")
        try Migrations.run(on: database, additiveOnly: true, now: Instant(microseconds: 1))
        try Self.fill(database, grants: grants, keyLimit: keyLimit)
        try database.close()
    }

    /// Puts that user, key, model and grants into empty books.
    static func fill(_ database: any Database, grants: [Money], keyLimit: Money? = nil) throws {
        try database.write { connection in
            try connection.execute(
                "INSERT INTO users (id, email, created_at, updated_at) VALUES (1, 'a@example.com', 1, 1)"
            )
            try connection.execute(
                "INSERT INTO api_keys (id, user_id, digest, pepper_version, prefix, last_four, has_spending_limit, created_at, updated_at) VALUES (1, 1, ?, 1, '', '', ?, 1, 1)",
                .blob([UInt8](repeating: 7, count: 32)),
                SQLValue(keyLimit != nil)
            )
            try connection.execute(
                "INSERT INTO model_groups (id, name, created_at, updated_at) VALUES (1, 'default', 1, 1)"
            )
            try connection.execute(
                "INSERT INTO user_quotas (id, user_id, model_group_id, name, created_at, updated_at) VALUES (1, 1, 1, 'default', 1, 1)"
            )
            try connection.execute(
                "INSERT INTO ai_models (id, name, context_length, max_output_tokens, default_output_tokens, created_at, updated_at) VALUES (1, 'm', 4096, 1024, 256, 1, 1)"
            )
            // A pico-dollar a token, whatever it is.
            try connection.execute(
                "INSERT INTO price_versions (id, model_id, effective_from, rates, created_at) VALUES (1, 1, 0, 'input=1 output=1', 1)"
            )
            for (index, amount) in grants.enumerated() {
                try connection.execute(
                    "INSERT INTO quota_grants (id, quota_id, user_id, group_id, ordinal, starts_at, funded, available, created_at) VALUES (?, 1, 1, 1, ?, 0, ?, ?, 1)",
                    .integer(Int64(index + 1)),
                    .integer(Int64(index + 1)),
                    SQLValue(amount),
                    SQLValue(amount)
                )
                try LaneRows.append(
                    Entry(lane: .grant(GrantID(Int64(index + 1))), kind: .opening, amount: amount),
                    call: nil,
                    reason: "test",
                    actor: "test",
                    now: Instant(microseconds: 1),
                    connection
                )
            }
            if let keyLimit {
                try connection.execute(
                    "INSERT INTO api_key_limits (key_id, funded, available) VALUES (1, ?, ?)",
                    SQLValue(keyLimit),
                    SQLValue(keyLimit)
                )
                try LaneRows.append(
                    Entry(lane: .key(Books.key), kind: .opening, amount: keyLimit),
                    call: nil,
                    reason: "test",
                    actor: "test",
                    now: Instant(microseconds: 1),
                    connection
                )
            }
            try IdentityRows.advance(connection)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// - Parameter path: other books than these.
    func open(
        path: String? = nil,
        settings: JournalSettings = JournalSettings(),
        policy: UncertainPolicy = .chargeInput,
        clock: (@Sendable () -> Instant)? = nil
    ) throws -> EmbeddedStorage {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let ticks = Ticks()
        return try EmbeddedStorage(
            path: path ?? self.path,
            settings: settings,
            uncertainPolicy: policy,
            logger: logger,
            clock: clock ?? { ticks.next() }
        )
    }

    /// A clock of a second and a microsecond more at each look.
    private final class Ticks: Sendable {
        private let count = Atomic<Int64>(1_000_000)
        func next() -> Instant { Instant(microseconds: count.add(1, ordering: .relaxed).newValue) }
    }

    /// - Parameter milliseconds: when its id says that it was made.
    static func call(
        _ number: UInt64,
        estimate: Money = Money(picoDollars: 3),
        at milliseconds: UInt64 = 7
    ) -> CallIntent {
        CallIntent(
            id: CallID(high: milliseconds << 16 | 0x7000, low: 0x8000_0000_0000_0000 | number),
            userID: user,
            keyID: key,
            modelID: ModelID(1),
            routeID: RouteID(1),
            providerID: ProviderID(1),
            priceVersionID: PriceVersionID(1),
            endpoint: .chatCompletions,
            isStreamed: number % 2 == 0,
            estimatedInputTokens: 3,
            estimatedInputPrice: estimate,
            startedAt: Instant(microseconds: Int64(number)),
            clientAddress: "127.0.0.1",
            userAgent: "agent \(number % 5)"
        )
    }

    static func request(
        _ number: UInt64,
        bound: Money,
        hasSpendingLimit: Bool = false,
        at milliseconds: UInt64 = 7
    ) -> AdmissionRequest {
        AdmissionRequest(
            call: call(number, at: milliseconds),
            candidates: [
                Candidate(
                    groupID: group,
                    multiplier: .one,
                    quote: Quote(fixed: bound, perOutputToken: .zero, outputLimit: 10, lowestOutputLimit: 10)
                )
            ],
            hasSpendingLimit: hasSpendingLimit
        )
    }

    static func settlement(
        _ number: UInt64,
        hold: Hold,
        charge: Money,
        outcome: CallResult.Outcome = .captured,
        at milliseconds: UInt64 = 7
    ) -> Settlement {
        // As many tokens as it costs.
        var usage = Usage()
        usage.set(.input, to: charge.picoDollars / 2, .reported)
        usage.set(.output, to: charge.picoDollars - charge.picoDollars / 2, .reported)
        return Settlement(
            call: call(number, at: milliseconds),
            hold: hold,
            result: CallResult(
                outcome: outcome,
                usage: usage,
                charge: outcome == .captured ? charge : .zero,
                cost: charge,
                flags: [],
                statusCode: 200,
                endedAt: Instant(microseconds: 2_000_000 + Int64(number)),
                durationMilliseconds: 12,
                firstByteMilliseconds: 3,
                rawUsage: Array(#"{"prompt_tokens":5}"#.utf8)
            )
        )
    }
}

extension BatchJournal {
    func admit(_ request: AdmissionRequest) async -> Admission {
        await withCheckedContinuation { continuation in admit(request) { continuation.resume(returning: $0) } }
    }

    func settle(_ settlement: Settlement) async -> SettleOutcome {
        await withCheckedContinuation { continuation in settle(settlement) { continuation.resume(returning: $0) } }
    }
}
