package import Domain

/// Users and their default keys in the database.
package struct AccountStore: Accounts {
    private let desk: ControlDesk
    private let digester: PepperedDigester?

    /// - Parameter digester: nil for commands that make no key and so need no master key.
    package init(desk: ControlDesk, digester: PepperedDigester?) {
        self.desk = desk
        self.digester = digester
    }

    package func account(_ id: UserID) async throws(AccountError) -> Account? {
        try await desk.read { try AccountRows.find(id, $0) }
    }

    package func accounts(_ query: AccountQuery) async throws(AccountError) -> Page<Account> {
        try await desk.read { try AccountRows.page(query, $0) }
    }

    package func create(_ new: NewAccount, by actor: Actor) async throws(AccountError) -> Account {
        try await desk.write { act in
            guard actor.mayChange(new.role) else { throw AccountError.forbidden }
            guard try AccountRows.id(of: new.email, act.connection) == nil else { throw AccountError.emailTaken }
            let id = try UserRows.insert(new, isActive: true, act)
            try act.record(.user, row: id, .created, by: actor)
            return try Self.found(UserID(id), act)
        }
    }

    package func update(
        _ id: UserID,
        _ changes: AccountChanges,
        by actor: Actor
    ) async throws(AccountError) -> Account {
        try await desk.write { act in
            let now = try Self.found(id, act)
            guard actor.mayChange(now.role), actor.mayChange(changes.role ?? now.role) else {
                throw AccountError.forbidden
            }
            if let email = changes.email, let owner = try AccountRows.id(of: email, act.connection), owner != id {
                throw AccountError.emailTaken
            }
            let wasSuperAdmin = now.isActive && now.role == .superAdmin
            let staysSuperAdmin = (changes.isActive ?? true) && (changes.role ?? .superAdmin) == .superAdmin
            if wasSuperAdmin, !staysSuperAdmin, try !AccountRows.hasSuperAdmin(besides: id, act.connection) {
                throw AccountError.lastSuperAdmin
            }
            let fields = try Self.set(changes, of: id, act)
            guard !fields.isEmpty else { return now }
            if fields.contains(where: ["role", "password", "is_active"].contains) {
                try UserRows.endSessions(of: id.rawValue, act)
            }
            try act.record(.user, row: id.rawValue, .updated, fields: fields, by: actor)
            return try Self.found(id, act)
        }
    }

    package func resetKey(of id: UserID, by actor: Actor) async throws(AccountError) -> String {
        guard let digester else { throw .unavailable("no pepper was opened") }
        let key = APIKeyMaterial.generate()
        try await desk.write { act in
            guard actor.mayChange(try Self.found(id, act).role) else { throw AccountError.forbidden }
            let found = try act.connection.query(
                "SELECT id FROM api_keys WHERE user_id = ? AND name = ?",
                SQLValue(id),
                .text(UserRows.defaultKey)
            ) { $0.int64(0) }
            if let row = found.first {
                let old = try UserRows.replace(row, by: key, digester, act)
                try act.record(.apiKey, row: row, .updated, fields: ["digest"], by: actor)
                try act.record(.apiKey, row: old, .created, fields: ["digest", "is_active"], by: actor)
            } else {
                let row = try UserRows.insert(key, named: UserRows.defaultKey, of: id.rawValue, digester, act)
                try act.record(.apiKey, row: row, .created, by: actor)
            }
        }
        return key.secret
    }

    private static func found(_ id: UserID, _ act: ActTransaction) throws -> Account {
        guard let account = try AccountRows.find(id, act.connection) else { throw AccountError.notFound }
        return account
    }

    /// - Returns: the names of what is new.
    private static func set(_ changes: AccountChanges, of id: UserID, _ act: ActTransaction) throws -> [String] {
        let columns: [(column: String, field: String, value: SQLValue?)] = [
            ("email", "email", changes.email.map { .text($0) }), ("name", "name", changes.name.map { .text($0) }),
            ("role", "role", changes.role.map { .text($0.rawValue) }),
            ("is_active", "is_active", changes.isActive.map { SQLValue($0) }),
            ("password_hash", "password", changes.passwordHash.map { .text($0) }),
        ]
        var fields: [String] = []
        for (column, field, value) in columns {
            if let value, try act.set("users", column, to: value, row: id.rawValue) { fields.append(field) }
        }
        return fields
    }
}
