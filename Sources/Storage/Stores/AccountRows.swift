import Domain

/// Users as the control plane shows them.
enum AccountRows {
    private static let select =
        "SELECT u.id, u.email, u.name, u.role, u.is_active, u.created_at, u.updated_at, k.prefix, k.last_four, \(RateLimitColumns.list(of: "u")) FROM users u LEFT JOIN api_keys k ON k.id = (SELECT MAX(n.id) FROM api_keys n WHERE n.user_id = u.id AND n.is_active = 1 AND n.is_playground = 0)"
    static let selectOne = select + " WHERE u.id = ?"
    static let selectOtherSuperAdmin =
        "SELECT 1 FROM users WHERE role = 'super_admin' AND is_active = 1 AND id <> ? LIMIT 1"

    static func find(_ id: UserID, _ connection: any SQLConnection) throws -> Account? {
        try connection.query(selectOne, SQLValue(id), row: account).first
    }

    static func page(_ query: AccountQuery, _ connection: any SQLConnection) throws -> Page<Account> {
        var filter = SQLFilter()
        filter.contains(query.search, in: ["u.email", "u.name"])
        filter.equals("u.role", query.role.map { .text($0.rawValue) })
        filter.equals("u.is_active", query.isActive.map { SQLValue($0) })
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .email: "u.email"
            case .name: "u.name"
            case .createdAt: "u.created_at"
            }
        return try SQLPage.read(
            select,
            from: "users u",
            where: filter,
            order: order,
            key: "u.id",
            query.window,
            connection,
            row: account
        )
    }

    /// True if somebody else may do everything too. Only under the write lock does that stay so.
    static func hasSuperAdmin(besides id: UserID, _ connection: any SQLConnection) throws -> Bool {
        try !connection.query(selectOtherSuperAdmin, SQLValue(id)) { $0.int64(0) }.isEmpty
    }

    static func id(of email: String, _ connection: any SQLConnection) throws -> UserID? {
        try connection.query("SELECT id FROM users WHERE email = ?", .text(email)) { $0.id(0, UserID.self) }.first
    }

    static func role(_ row: any SQLStatement, _ column: Int) throws -> Role {
        guard let role = Role(rawValue: row.text(column)) else {
            throw StorageError.unusable("a user has the role '\(row.text(column))'")
        }
        return role
    }

    private static func account(_ row: any SQLStatement) throws -> Account {
        Account(
            id: row.id(0),
            email: row.text(1),
            name: row.text(2),
            role: try role(row, 3),
            isActive: row.bool(4),
            createdAt: row.instant(5),
            updatedAt: row.instant(6),
            keyHint: row.optionalText(7).map { "\($0)…\(row.text(8))" },
            rateLimit: RateLimitColumns.read(row, from: 9)
        )
    }
}
