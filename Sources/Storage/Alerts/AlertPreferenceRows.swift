import Domain

/// Who wants mail.
enum AlertPreferenceRows {
    private static let selectAddress =
        "SELECT u.email FROM users u LEFT JOIN alert_preferences p ON p.user_id = u.id WHERE u.id = ? AND u.is_active = 1 AND COALESCE(p.by_mail, 1) = 1"
    private static let select = "SELECT by_mail FROM alert_preferences WHERE user_id = ?"
    private static let upsert =
        "INSERT INTO alert_preferences (user_id, by_mail) VALUES (?, ?) ON CONFLICT (user_id) DO UPDATE SET by_mail = excluded.by_mail"

    /// - Returns: nil where the user is gone, inactive or wants none.
    static func address(of user: UserID, _ connection: any SQLConnection) throws -> String? {
        try connection.query(selectAddress, SQLValue(user)) { $0.text(0) }.first
    }

    static func wantsMail(_ user: UserID, _ connection: any SQLConnection) throws -> Bool {
        try connection.query(select, SQLValue(user)) { $0.bool(0) }.first ?? true
    }

    static func set(_ wants: Bool, of user: UserID, _ connection: any SQLConnection) throws {
        try connection.execute(upsert, SQLValue(user), SQLValue(wants))
    }
}
