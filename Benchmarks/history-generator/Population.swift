import Domain
import Storage

/// Who makes the calls, and on what: rows as `apply` and the control plane would leave them.
struct Population {
    static let providers = 4
    static let groups = 5

    let users: Int
    let keysPerUser: Int
    let models: Int

    /// Models of four makers, each dearer than the one before; cached input at half price or a tenth.
    static func rates(ofModel model: Int) -> Rates {
        var rates = Rates()
        let input = Int64(100_000 * (1 + model % 20))
        rates[.input] = input
        rates[.cacheRead] = model % 3 == 0 ? input / 10 : input / 2
        rates[.output] = input * 4
        return rates
    }

    static func multiplier(ofGroup group: Int) -> Multiplier {
        (try? Multiplier(basisPoints: [10_000, 8_500, 12_000, 10_000, 15_000][group % 5])) ?? .one
    }

    static func provider(ofModel model: Int) -> Int { model % providers }

    static func group(ofModel model: Int) -> Int { model % groups }

    /// Money for a lifetime on each of a user's quotas.
    private static let funds = Money(picoDollars: 500_000 * Money.picosPerDollar)

    func write(to database: any Database, at now: Instant) throws {
        let time = SQLValue(now)
        for provider in 0..<Self.providers {
            try insert(
                "INSERT INTO api_providers (id, name, dialect, base_url, created_at, updated_at) VALUES (?, ?, 'openai', 'https://example.com/v1', ?, ?)",
                [[.integer(Int64(provider + 1)), .text("provider-\(provider + 1)"), time, time]],
                database
            )
        }
        for group in 0..<Self.groups {
            try insert(
                "INSERT INTO model_groups (id, name, price_multiplier, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                [
                    [
                        .integer(Int64(group + 1)), .text("group-\(group + 1)"),
                        .integer(Self.multiplier(ofGroup: group).basisPoints), time, time,
                    ]
                ],
                database
            )
        }
        for model in 0..<models {
            let id = SQLValue.integer(Int64(model + 1))
            let rates = SQLValue.text(RatesCoding.encode(Self.rates(ofModel: model)))
            try insert(
                "INSERT INTO ai_models (id, name, context_length, max_output_tokens, default_output_tokens, created_at, updated_at) VALUES (?, ?, 131072, 16384, 4096, ?, ?)",
                [[id, .text("model-\(model + 1)"), time, time]],
                database
            )
            try insert(
                "INSERT INTO model_routes (id, model_id, provider_id, upstream_model, cost_rates, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    [
                        id, id, .integer(Int64(Self.provider(ofModel: model) + 1)), .text("model-\(model + 1)"), rates,
                        time, time,
                    ]
                ],
                database
            )
            try insert(
                "INSERT INTO price_versions (id, model_id, effective_from, rates, created_at) VALUES (?, ?, 0, ?, ?)",
                [[id, id, rates, time]],
                database
            )
            try insert(
                "INSERT INTO model_group_models (group_id, model_id) VALUES (?, ?)",
                [[.integer(Int64(Self.group(ofModel: model) + 1)), id]],
                database
            )
        }
        for first in stride(from: 0, to: users, by: 50) {
            for user in first..<min(first + 50, users) { try write(user: user, to: database, time) }
        }
    }

    private func write(user: Int, to database: any Database, _ time: SQLValue) throws {
        let id = SQLValue.integer(Int64(user + 1))
        try database.write { connection in
            try connection.execute(
                "INSERT INTO users (id, email, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                id,
                .text("user\(user + 1)@example.com"),
                .text("User \(user + 1)"),
                time,
                time
            )
            for key in 0..<keysPerUser {
                let number = user * keysPerUser + key + 1
                let digest = (0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) ^ UInt8($0) }
                try connection.execute(
                    "INSERT INTO api_keys (id, user_id, name, digest, pepper_version, prefix, last_four, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 'sk-audit-hist', 'hist', ?, ?)",
                    .integer(Int64(number)),
                    id,
                    .text("key-\(key + 1)"),
                    .blob(digest),
                    time,
                    time
                )
            }
            for group in 0..<Self.groups {
                let quota = SQLValue.integer(Int64(user * Self.groups + group + 1))
                try connection.execute(
                    "INSERT INTO user_quotas (id, user_id, model_group_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
                    quota,
                    id,
                    .integer(Int64(group + 1)),
                    .text("group-\(group + 1)"),
                    time,
                    time
                )
                try connection.execute(
                    "INSERT INTO quota_grants (id, quota_id, user_id, group_id, ordinal, starts_at, funded, available, created_at) VALUES (?, ?, ?, ?, 1, 0, ?, ?, ?)",
                    quota,
                    quota,
                    id,
                    .integer(Int64(group + 1)),
                    SQLValue(Self.funds),
                    SQLValue(Self.funds),
                    time
                )
                try connection.execute(
                    "INSERT INTO ledger_entries (lane, lane_id, kind, amount, reason, actor, created_at) VALUES (1, ?, 1, ?, 'history', 'history-generator', ?)",
                    quota,
                    SQLValue(Self.funds),
                    time
                )
            }
        }
    }

    private func insert(_ sql: String, _ rows: [[SQLValue]], _ database: any Database) throws {
        try database.write { connection in
            for row in rows { _ = try connection.query(sql, values: row) { _ in } }
        }
    }
}
