import Domain

/// The key that a user's console plays with: a row of its own for each user, with a new secret each time.
enum PlaygroundRows {
    /// How long a secret works.
    static let seconds: Int64 = 15 * 60
    private static let name = "Playground"

    /// Gives the user's key a new secret for ``seconds``, and makes the key where there is none yet.
    ///
    /// The secret before goes on until its own end, for another tab may have it; one that was revoked or had ended does not
    /// come back. What limits the key stays with its row.
    static func renew(
        by material: APIKeyMaterial,
        of user: UserID,
        _ digester: PepperedDigester,
        by actor: Actor,
        _ act: ActTransaction
    ) throws -> APIKeyID {
        let end = Instant(microseconds: act.now.microseconds + seconds * 1_000_000)
        let found = try act.connection.query(
            "SELECT id, digest, is_active, expires_at FROM api_keys WHERE user_id = ? AND is_playground = 1",
            SQLValue(user)
        ) { (id: $0.int64(0), digest: $0.blob(1), isActive: $0.bool(2), end: $0.optionalInstant(3)) }
        guard let key = found.first else {
            let name = try UserRows.freeName(name, of: user.rawValue, act)
            let row = try UserRows.insert(material, named: name, of: user.rawValue, digester, act)
            try act.connection.execute(
                "UPDATE api_keys SET is_playground = 1, expires_at = ? WHERE id = ?",
                SQLValue(end),
                .integer(row)
            )
            try act.record(.apiKey, row: row, .created, by: actor)
            return APIKeyID(row)
        }
        let previousEnd = key.isActive ? key.end.flatMap { $0 > act.now ? $0 : nil } : nil
        try act.connection.execute(
            "UPDATE api_keys SET digest = ?, pepper_version = ?, prefix = ?, last_four = ?, is_active = 1, expires_at = ?, previous_digest = ?, previous_until = ?, updated_at = MAX(?, updated_at + 1) WHERE id = ?",
            .blob(material.digest(by: digester).bytes),
            .integer(digester.pepperVersion),
            .text(material.displayPrefix),
            .text(material.lastFour),
            SQLValue(end),
            previousEnd == nil ? .null : .blob(key.digest),
            SQLValue(previousEnd),
            SQLValue(act.now),
            .integer(key.id)
        )
        let fields = ["digest", "expires_at"] + (key.isActive ? [] : ["is_active"])
        try act.record(.apiKey, row: key.id, .rotated, fields: fields, by: actor)
        return APIKeyID(key.id)
    }

    /// Ends what was handed out, with the session that asked for it: of a user's several sessions with any of them, for another
    /// one gets a new secret as soon as it asks.
    static func end(of user: UserID, by actor: Actor, _ act: ActTransaction) throws {
        let rows = try act.connection.query(
            "SELECT id FROM api_keys WHERE user_id = ? AND is_playground = 1 AND is_active = 1 AND expires_at > ?",
            SQLValue(user),
            SQLValue(act.now)
        ) { $0.int64(0) }
        for row in rows {
            try act.connection.execute(
                "UPDATE api_keys SET expires_at = ?, previous_digest = NULL, previous_until = NULL, updated_at = MAX(?, updated_at + 1) WHERE id = ?",
                SQLValue(act.now),
                SQLValue(act.now),
                .integer(row)
            )
            try act.record(.apiKey, row: row, .updated, fields: ["expires_at"], by: actor)
        }
    }
}
