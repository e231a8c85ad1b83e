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
        guard let hash = PasswordHash.make(password) else {
            throw ApplyProblem(line: wish.line, reason: "there is no memory to hash the password of '\(wish.email)'")
        }
        return hash
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
                try UserRows.endSessions(of: id, by: ApplyTransaction.actor, transaction.act)
            }
            fields += try transaction.act.set("users", RateLimitColumns.values(wish.rateLimit), row: id)
            if !fields.isEmpty { try transaction.record(.user, wish.email, row: id, .updated, fields: fields) }
        } else {
            let new = NewAccount(
                email: wish.email,
                name: wish.name ?? "",
                role: wish.role ?? .user,
                passwordHash: password,
                rateLimit: RateLimit(wish.rateLimit)
            )
            id = try UserRows.insert(new, isActive: wish.isActive ?? true, transaction.act)
            try transaction.record(.user, wish.email, row: id, .created)
        }
        try applyKey(wish, user: id, &transaction)
        for quota in wish.quotas { try applyQuota(quota, of: wish, user: UserID(id), &transaction) }
    }

    private func applyKey(_ wish: DesiredUser, user: Int64, _ transaction: inout ApplyTransaction) throws {
        let key: APIKeyMaterial
        switch wish.key {
        case .none: return
        case .generate:
            let keys = try transaction.connection.query(
                "SELECT id FROM api_keys WHERE user_id = ? AND is_playground = 0 LIMIT 1",
                .integer(user)
            ) { $0.int64(0) }
            guard keys.isEmpty else { return }
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
        let name = try UserRows.freeName(UserRows.defaultKey, of: user, transaction.act)
        let id = try UserRows.insert(key, named: name, of: user, digester, transaction.act)
        try transaction.record(.apiKey, "\(wish.email) \(name)", row: id, .created)
    }
}
