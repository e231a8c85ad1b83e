import Domain

/// Sessions and their refresh tokens. A session carries the epoch its user had when it was opened, and ends with it.
enum SessionRows {
    enum End: String {
        case logout, reuse
    }

    /// How long what is over is kept, and how much of it one transaction deletes.
    private static let keptMicroseconds: Int64 = 30 * 86_400 * 1_000_000
    private static let deletedAtOnce = 100

    static let selectLogin = "SELECT id, role, is_active, password_hash, token_epoch FROM users WHERE email = ?"
    static let selectStanding = standing(where: "s.id = ?")
    private static let selectStandings = SizedSQL { standing(where: "s.id IN (\(SizedSQL.list("?", $0)))") }
    static let selectToken = "SELECT session_id, used_at FROM refresh_tokens WHERE digest = ?"
    /// Tokens first, for a session may have had thousands: what one transaction deletes stays bounded.
    static let purgeTokens =
        "DELETE FROM refresh_tokens WHERE digest IN (SELECT r.digest FROM sessions s JOIN refresh_tokens r ON r.session_id = s.id WHERE COALESCE(s.ended_at, s.expires_at) < ? LIMIT \(deletedAtOnce))"
    static let purgeSessions =
        "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s WHERE COALESCE(s.ended_at, s.expires_at) < ? AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.session_id = s.id) LIMIT \(deletedAtOnce))"
    static let purgeFailures =
        "DELETE FROM failed_logins WHERE id IN (SELECT id FROM failed_logins WHERE created_at < ? LIMIT \(deletedAtOnce))"

    private static func standing(where ids: String) -> String {
        "SELECT s.id, s.user_id, u.role, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE \(ids) AND s.ended_at IS NULL AND s.expires_at > ? AND u.is_active = 1 AND u.token_epoch = s.token_epoch"
    }

    struct Token {
        let session: SessionID
        let isUsed: Bool
    }

    static func login(email: String, _ connection: any SQLConnection) throws -> LoginRecord? {
        try connection.query(selectLogin, .text(email)) { row in
            LoginRecord(
                userID: row.id(0),
                role: try AccountRows.role(row, 1),
                isActive: row.bool(2),
                passwordHash: row.optionalText(3),
                epoch: row.int64(4)
            )
        }.first
    }

    /// - Parameter now: the clock's time, by which sessions expire.
    static func standing(
        of session: SessionID,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> SessionStanding? {
        try connection.query(selectStanding, SQLValue(session), SQLValue(now), row: standing).first
    }

    static func standings(
        of sessions: Set<SessionID>,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> [SessionID: SessionStanding] {
        var found: [SessionID: SessionStanding] = [:]
        try selectStandings.query(
            Array(sessions),
            connection,
            bind: { $1.bind($0.rawValue, at: $2) },
            rest: { $0.bind(now.microseconds, at: $1) }
        ) { row in
            let standing = try standing(row)
            found[standing.id] = standing
        }
        return found
    }

    private static func standing(_ row: any SQLStatement) throws -> SessionStanding {
        SessionStanding(
            id: row.id(0),
            userID: row.id(1),
            role: try AccountRows.role(row, 2),
            expiresAt: row.instant(3)
        )
    }

    static func token(_ digest: TokenDigest, _ connection: any SQLConnection) throws -> Token? {
        try connection.query(selectToken, .blob(digest.bytes)) { row in
            Token(session: row.id(0), isUsed: !row.isNull(1))
        }.first
    }

    /// - Returns: nil where the user is inactive or has another epoch than `login`.
    static func insert(
        of login: LoginRecord,
        expiresAt: Instant,
        address: String,
        userAgent: String,
        _ act: ActTransaction
    ) throws -> SessionID? {
        let epochs = try act.connection.query(
            "SELECT token_epoch FROM users WHERE id = ? AND is_active = 1",
            SQLValue(login.userID)
        ) { $0.int64(0) }
        guard epochs.first == login.epoch else { return nil }
        let agent = try UserAgentRows.id(of: UserAgentRows.clip(userAgent), act.connection)
        return SessionID(
            try act.connection.insert(
                "INSERT INTO sessions (user_id, token_epoch, created_at, expires_at, refreshed_at, ip_address, user_agent_id) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                SQLValue(login.userID),
                .integer(login.epoch),
                SQLValue(act.now),
                SQLValue(expiresAt),
                SQLValue(act.now),
                .text(address),
                .integer(agent)
            )
        )
    }

    static func insert(_ digest: TokenDigest, of session: SessionID, _ act: ActTransaction) throws {
        try act.connection.execute(
            "INSERT INTO refresh_tokens (digest, session_id, created_at) VALUES (?, ?, ?)",
            .blob(digest.bytes),
            SQLValue(session),
            SQLValue(act.now)
        )
    }

    static func spend(_ digest: TokenDigest, of session: SessionID, _ act: ActTransaction) throws {
        try act.connection.execute(
            "UPDATE refresh_tokens SET used_at = ? WHERE digest = ?",
            SQLValue(act.now),
            .blob(digest.bytes)
        )
        try act.connection.execute(
            "UPDATE sessions SET refreshed_at = ? WHERE id = ?",
            SQLValue(act.now),
            SQLValue(session)
        )
    }

    /// - Returns: whose it was; nil where there is no such session or it had ended.
    static func end(_ session: SessionID, _ reason: End, _ act: ActTransaction) throws -> UserID? {
        let users = try act.connection.query(
            "SELECT user_id FROM sessions WHERE id = ? AND ended_at IS NULL",
            SQLValue(session)
        ) { $0.id(0, UserID.self) }
        try act.connection.execute(
            "UPDATE sessions SET ended_at = ?, end_reason = ? WHERE id = ? AND ended_at IS NULL",
            SQLValue(act.now),
            .text(reason.rawValue),
            SQLValue(session)
        )
        return users.first
    }

    /// - Returns: the row's number.
    static func insertFailure(of user: UserID?, address: String, _ act: ActTransaction) throws -> Int64 {
        try act.connection.insert(
            "INSERT INTO failed_logins (user_id, ip_address, created_at) VALUES (?, ?, ?) RETURNING id",
            user.map { SQLValue($0) } ?? .null,
            .text(address),
            SQLValue(act.now)
        )
    }

    /// Deletes some of what has been over for a month.
    /// - Parameter now: the clock's time; the ledger's may stand still far ahead of it.
    static func purge(now: Instant, _ act: ActTransaction) throws {
        let end = SQLValue.integer(now.microseconds - keptMicroseconds)
        for statement in [purgeTokens, purgeSessions, purgeFailures] { try act.connection.execute(statement, end) }
    }
}
