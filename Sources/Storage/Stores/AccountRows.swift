import Domain

/// Users as the control plane shows them.
enum AccountRows {
    private static let select =
        "SELECT u.id, u.email, u.name, u.role, u.is_active, u.created_at, u.updated_at, k.prefix, k.last_four FROM users u LEFT JOIN api_keys k ON k.id = (SELECT MAX(n.id) FROM api_keys n WHERE n.user_id = u.id AND n.is_active = 1)"
    static let selectOne = select + " WHERE u.id = ?"
    static let selectOtherSuperAdmin =
        "SELECT 1 FROM users WHERE role = 'super_admin' AND is_active = 1 AND id <> ? LIMIT 1"

    /// No name or address is longer.
    private static let searchLimitBytes = 1_024
    private static let pageLimit = 1_000

    static func find(_ id: UserID, _ connection: any SQLConnection) throws -> Account? {
        try connection.query(selectOne, SQLValue(id), row: account).first
    }

    static func page(_ query: AccountQuery, _ connection: any SQLConnection) throws -> Page<Account> {
        if let search = query.search, search.utf8.count > searchLimitBytes { return Page(count: 0, items: []) }
        let (filter, values) = filter(query)
        let count = try connection.query("SELECT COUNT(*) FROM users u\(filter)", values: values) { $0.int64(0) }.first
        let page: [SQLValue] = [
            .integer(Int64(min(max(0, query.limit), pageLimit))), .integer(Int64(max(0, query.offset))),
        ]
        let items = try connection.query(
            "\(select)\(filter) ORDER BY \(order(query)) LIMIT ? OFFSET ?",
            values: values + page,
            row: account
        )
        return Page(count: Int(count ?? 0), items: items)
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
            keyHint: row.optionalText(7).map { "\($0)…\(row.text(8))" }
        )
    }

    private static func filter(_ query: AccountQuery) -> (String, [SQLValue]) {
        var conditions: [String] = []
        var values: [SQLValue] = []
        if let search = query.search, !search.isEmpty {
            var pattern = "%"
            for character in search.unicodeScalars {
                if character == "%" || character == "_" || character == "!" { pattern += "!" }
                pattern.unicodeScalars.append(character)
            }
            conditions.append("(u.email LIKE ? ESCAPE '!' OR u.name LIKE ? ESCAPE '!')")
            values += [.text(pattern + "%"), .text(pattern + "%")]
        }
        if let role = query.role {
            conditions.append("u.role = ?")
            values.append(.text(role.rawValue))
        }
        if let isActive = query.isActive {
            conditions.append("u.is_active = ?")
            values.append(SQLValue(isActive))
        }
        return (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "), values)
    }

    private static func order(_ query: AccountQuery) -> String {
        let direction = query.isDescending ? " DESC" : ""
        let column =
            switch query.order {
            case .id: ""
            case .email: "u.email\(direction), "
            case .name: "u.name\(direction), "
            case .createdAt: "u.created_at\(direction), "
            }
        // Equal names stand in one order on every page.
        return "\(column)u.id\(direction)"
    }
}
