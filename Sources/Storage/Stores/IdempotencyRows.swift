import Domain

/// What was answered to requests that may come again, for a day.
enum IdempotencyRows {
    static let keptMicroseconds: Int64 = 86_400_000_000
    /// How many that are over one transaction deletes: more than it adds.
    private static let deletedAtOnce = 100

    static let select =
        "SELECT fingerprint, answer FROM idempotency_keys WHERE user_id = ? AND key = ? AND created_at > ?"
    static let purge =
        "DELETE FROM idempotency_keys WHERE id IN (SELECT id FROM idempotency_keys WHERE created_at <= ? LIMIT \(deletedAtOnce))"

    /// Makes a change and keeps its answer with it; one that was refused may be asked for again.
    /// - Throws: `DeskError.refused` where the key was another request's; what `change` throws, and nothing is kept then.
    static func once<Made>(
        _ request: Repeatable<Made>?,
        by actor: Actor,
        _ act: ActTransaction,
        change: () throws -> Made
    ) throws -> Once<Made> {
        guard let request, case .user(let user, _) = actor else { return .made(try change()) }
        let end = SQLValue.integer(act.now.microseconds - keptMicroseconds)
        let found = try act.connection.query(select, SQLValue(user), .text(request.key), end) {
            (fingerprint: $0.blob(0), answer: $0.blob(1))
        }
        if let before = found.first {
            guard before.fingerprint == request.fingerprint else {
                throw DeskError.refused(field: "Idempotency-Key", .otherRequest)
            }
            return .before(answer: before.answer)
        }
        let made = try change()
        try act.connection.execute(purge, end)
        try act.connection.execute(
            "INSERT INTO idempotency_keys (user_id, key, fingerprint, answer, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at",
            SQLValue(user),
            .text(request.key),
            .blob(request.fingerprint),
            .blob(request.answer(made)),
            SQLValue(act.now)
        )
        return .made(made)
    }
}
