import Domain

/// Who wants mail.
enum AlertPreferenceRows {
    private static let selectAddress =
        "SELECT u.email FROM users u LEFT JOIN alert_preferences p ON p.user_id = u.id WHERE u.id = ? AND u.is_active = 1 AND COALESCE(p.by_mail, 1) = 1"
    private static let select = "SELECT by_mail, updated_at FROM alert_preferences WHERE user_id = ?"
    private static let upsert =
        "INSERT INTO alert_preferences (user_id, by_mail, updated_at) VALUES (?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET by_mail = excluded.by_mail, updated_at = MAX(excluded.updated_at, alert_preferences.updated_at + 1)"

    /// - Returns: nil where the user is gone, inactive or wants none.
    static func address(of user: UserID, _ connection: any SQLConnection) throws -> String? {
        try connection.query(selectAddress, SQLValue(user)) { $0.text(0) }.first
    }

    static func find(_ user: UserID, _ connection: any SQLConnection) throws -> AlertPreferences {
        try connection.query(select, SQLValue(user)) {
            AlertPreferences(byMail: $0.bool(0), updatedAt: $0.instant(1))
        }.first ?? AlertPreferences()
    }

    static func set(byMail: Bool, of user: UserID, _ act: ActTransaction) throws {
        try act.connection.execute(upsert, SQLValue(user), SQLValue(byMail), SQLValue(act.now))
    }
}
