import Domain

/// Users and their keys, as they are written.
enum UserRows {
    /// What a user's first key is called.
    static let defaultKey = "default"

    static func insert(_ new: NewAccount, isActive: Bool, _ act: ActTransaction) throws -> Int64 {
        try act.connection.insert(
            "INSERT INTO users (email, name, role, password_hash, is_active, requests_per_minute, tokens_per_minute, concurrent_calls, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            .text(new.email),
            .text(new.name),
            .text(new.role.rawValue),
            SQLValue(new.passwordHash),
            SQLValue(isActive),
            SQLValue(new.rateLimit[.requests]),
            SQLValue(new.rateLimit[.tokens]),
            SQLValue(new.rateLimit[.calls]),
            SQLValue(act.now),
            SQLValue(act.now)
        )
    }

    /// Ends what was opened under the old role or password: sessions carry the epoch they were opened in.
    static func endSessions(of user: Int64, by actor: Actor, _ act: ActTransaction) throws {
        try act.connection.execute("UPDATE users SET token_epoch = token_epoch + 1 WHERE id = ?", .integer(user))
        try PlaygroundRows.end(of: UserID(user), by: actor, act)
    }

    static func insert(
        _ key: APIKeyMaterial,
        named name: String,
        of user: Int64,
        _ digester: PepperedDigester,
        _ act: ActTransaction
    ) throws -> Int64 {
        try act.connection.insert(
            "INSERT INTO api_keys (user_id, name, digest, pepper_version, prefix, last_four, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            .integer(user),
            .text(name),
            .blob(key.digest(by: digester).bytes),
            .integer(digester.pepperVersion),
            .text(key.displayPrefix),
            .text(key.lastFour),
            SQLValue(act.now),
            SQLValue(act.now)
        )
    }

    /// Gives a key's row a new secret and makes it active; a time after which it was to end, if that has passed, goes.
    ///
    /// What limits the key (models, addresses, a spending limit) stays with its row, so nobody gets rid of a limit by a
    /// reset. The old secret's digest goes to a row that is inactive for good: that it once was a key stays known, and an
    /// `apply` that still names it does not bring it back.
    /// - Parameter graceSeconds: for how long the old secret speaks for the key still; any before that one no longer does.
    /// - Returns: the old secret's row.
    static func replace(
        _ row: Int64,
        by key: APIKeyMaterial,
        graceSeconds: Int64 = 0,
        _ digester: PepperedDigester,
        _ act: ActTransaction
    ) throws -> Int64 {
        let found = try act.connection.query(
            "SELECT user_id, name, digest, pepper_version, prefix, last_four, created_at FROM api_keys WHERE id = ?",
            .integer(row)
        ) { row in
            (
                user: row.int64(0), name: row.text(1), digest: row.blob(2), pepper: row.int64(3), prefix: row.text(4),
                lastFour: row.text(5), createdAt: row.instant(6)
            )
        }
        guard let old = found.first else { throw StorageError.misuse("there is no key \(row)") }
        try act.connection.execute(
            "UPDATE api_keys SET digest = ?, pepper_version = ?, prefix = ?, last_four = ?, is_active = 1, expires_at = CASE WHEN expires_at > ? THEN expires_at END, previous_digest = ?, previous_until = ?, updated_at = MAX(?, updated_at + 1) WHERE id = ?",
            .blob(key.digest(by: digester).bytes),
            .integer(digester.pepperVersion),
            .text(key.displayPrefix),
            .text(key.lastFour),
            SQLValue(act.now),
            graceSeconds > 0 ? .blob(old.digest) : .null,
            graceSeconds > 0 ? .integer(act.now.microseconds + graceSeconds * 1_000_000) : .null,
            SQLValue(act.now),
            .integer(row)
        )
        return try act.connection.insert(
            "INSERT INTO api_keys (user_id, name, digest, pepper_version, prefix, last_four, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING id",
            .integer(old.user),
            .text(try freeName("\(old.name)-ended", of: old.user, act)),
            .blob(old.digest),
            .integer(old.pepper),
            .text(old.prefix),
            .text(old.lastFour),
            SQLValue(old.createdAt),
            SQLValue(act.now)
        )
    }

    /// `name`, or the first of `name-2`, `name-3`, … that none of the user's keys has.
    static func freeName(_ name: String, of user: Int64, _ act: ActTransaction) throws -> String {
        let taken = Set(
            try act.connection.query("SELECT name FROM api_keys WHERE user_id = ?", .integer(user)) { $0.text(0) }
        )
        var free = name
        var number = 2
        while taken.contains(free) {
            free = "\(name)-\(number)"
            number += 1
        }
        return free
    }
}
