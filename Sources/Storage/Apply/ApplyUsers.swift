import Domain

extension Applier {
    /// A password's hash, made before the transaction; nil where none is asked for or the stored one matches.
    func preparePassword(_ wish: DesiredUser) throws -> String? {
        guard let password = wish.password else { return nil }
        let stored = try database.read { connection in
            try connection.query("SELECT password_hash FROM users WHERE email = ?", .text(wish.email)) {
                $0.optionalText(0)
            }.first ?? nil
        }
        if let stored, PasswordHash.matches(password, stored: stored) { return nil }
        return PasswordHash.make(password)
    }

    func applyUser(_ wish: DesiredUser, password: String?, _ transaction: inout ApplyTransaction) throws {
        let id: Int64
        if let found = try transaction.id("users", "email", wish.email) {
            id = found
            var fields: [String] = []
            if let name = wish.name, try transaction.set("users", "name", to: .text(name), row: id) {
                fields.append("name")
            }
            if let role = wish.role, try transaction.set("users", "role", to: .text(role.rawValue), row: id) {
                fields.append("role")
            }
            if let isActive = wish.isActive,
                try transaction.set("users", "is_active", to: SQLValue(isActive), row: id)
            {
                fields.append("is_active")
            }
            if let password, try transaction.set("users", "password_hash", to: .text(password), row: id) {
                fields.append("password")
            }
            if fields.contains(where: { $0 != "name" }) {
                // Sessions opened under the old role or password end.
                try transaction.connection.execute(
                    "UPDATE users SET token_epoch = token_epoch + 1 WHERE id = ?",
                    .integer(id)
                )
            }
            if !fields.isEmpty { try transaction.record(.user, wish.email, row: id, .updated, fields: fields) }
        } else {
            id = try transaction.connection.insert(
                "INSERT INTO users (email, name, role, password_hash, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                .text(wish.email),
                .text(wish.name ?? ""),
                .text((wish.role ?? .user).rawValue),
                SQLValue(password),
                SQLValue(wish.isActive ?? true),
                SQLValue(transaction.now),
                SQLValue(transaction.now)
            )
            try transaction.record(.user, wish.email, row: id, .created)
        }
        try applyKey(wish, user: id, &transaction)
        for quota in wish.quotas { try applyQuota(quota, of: wish, user: UserID(id), &transaction) }
    }

    private func applyKey(_ wish: DesiredUser, user: Int64, _ transaction: inout ApplyTransaction) throws {
        let names = try transaction.connection.query("SELECT name FROM api_keys WHERE user_id = ?", .integer(user)) {
            $0.text(0)
        }
        let key: APIKeyMaterial
        switch wish.key {
        case .none: return
        case .generate:
            guard names.isEmpty else { return }
            key = .generate()
            transaction.keys.append(.init(email: wish.email, key: key))
        case .literal(let literal):
            let owners = try transaction.connection.query(
                "SELECT user_id FROM api_keys WHERE digest = ?",
                .blob(literal.digest(by: digester).bytes)
            ) { $0.int64(0) }
            if let owner = owners.first {
                guard owner == user else {
                    throw ApplyProblem(line: wish.line, reason: "the api_key of '\(wish.email)' is another user's")
                }
                return
            }
            key = literal
        }
        var name = "default"
        var number = 2
        while names.contains(name) {
            name = "default-\(number)"
            number += 1
        }
        let id = try transaction.connection.insert(
            "INSERT INTO api_keys (user_id, name, digest, pepper_version, prefix, last_four, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            .integer(user),
            .text(name),
            .blob(key.digest(by: digester).bytes),
            .integer(digester.pepperVersion),
            .text(key.displayPrefix),
            .text(key.lastFour),
            SQLValue(transaction.now),
            SQLValue(transaction.now)
        )
        try transaction.record(.apiKey, "\(wish.email) \(name)", row: id, .created)
    }
}
