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

    package func account(_ id: UserID) async throws(DeskError) -> Account? {
        try await desk.read { try AccountRows.find(id, $0) }
    }

    package func accounts(_ query: AccountQuery) async throws(DeskError) -> Page<Account> {
        try await desk.read { try AccountRows.page(query, $0) }
    }

    package func create(_ new: NewAccount, by actor: Actor) async throws(DeskError) -> Account {
        try await desk.write { act in
            guard actor.mayChange(new.role) else { throw DeskError.forbidden }
            guard try AccountRows.id(of: new.email, act.connection) == nil else {
                throw DeskError.taken(field: "email")
            }
            let id = try UserRows.insert(new, isActive: true, act)
            try act.record(.user, row: id, .created, by: actor)
            return try Self.found(UserID(id), act)
        }
    }

    package func update(
        _ id: UserID,
        _ changes: AccountChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> Account {
        try await desk.write { act in
            let now = try Self.found(id, act)
            guard actor.mayChange(now.role), actor.mayChange(changes.role ?? now.role) else {
                throw DeskError.forbidden
            }
            try precondition.check(now.updatedAt)
            if let email = changes.email, let owner = try AccountRows.id(of: email, act.connection), owner != id {
                throw DeskError.taken(field: "email")
            }
            let wasSuperAdmin = now.isActive && now.role == .superAdmin
            let staysSuperAdmin = (changes.isActive ?? true) && (changes.role ?? .superAdmin) == .superAdmin
            if wasSuperAdmin, !staysSuperAdmin, try !AccountRows.hasSuperAdmin(besides: id, act.connection) {
                throw DeskError.conflict(.lastSuperAdmin)
            }
            let fields = try Self.set(changes, of: id, act)
            guard !fields.isEmpty else { return now }
            if fields.contains(where: ["role", "password", "is_active"].contains) {
                try UserRows.endSessions(of: id.rawValue, by: actor, act)
            }
            try act.record(.user, row: id.rawValue, .updated, fields: fields, by: actor)
            return try Self.found(id, act)
        }
    }

    package func resetKey(of id: UserID, graceSeconds: Int64, by actor: Actor) async throws(DeskError) -> String {
        guard let digester else { throw .unavailable("no pepper was opened") }
        let key = APIKeyMaterial.generate()
        try await desk.write { act in
            guard actor.mayChange(try Self.found(id, act).role) else { throw DeskError.forbidden }
            let found = try act.connection.query(
                "SELECT id FROM api_keys WHERE user_id = ? AND name = ?",
                SQLValue(id),
                .text(UserRows.defaultKey)
            ) { $0.int64(0) }
            if let row = found.first {
                let old = try UserRows.replace(row, by: key, graceSeconds: graceSeconds, digester, act)
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
        guard let account = try AccountRows.find(id, act.connection) else { throw DeskError.notFound }
        return account
    }

    /// - Returns: the names of what is new.
    private static func set(_ changes: AccountChanges, of id: UserID, _ act: ActTransaction) throws -> [String] {
        try act.set(
            "users",
            [
                ("email", changes.email.map { .text($0) }), ("name", changes.name.map { .text($0) }),
                ("role", changes.role.map { .text($0.rawValue) }), ("is_active", changes.isActive.map { SQLValue($0) }),
                ("password_hash", changes.passwordHash.map { .text($0) }),
            ] + RateLimitColumns.values(changes.rateLimit),
            row: id.rawValue
        ).map { $0 == "password_hash" ? "password" : $0 }
    }
}
