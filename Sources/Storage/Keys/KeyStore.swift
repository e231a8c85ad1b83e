package import Domain

/// Our API keys in the database.
package struct KeyStore: APIKeys {
    /// Of one user, active at a time, beside the playground's.
    static let mostKeys: Int64 = 100

    private let desk: ControlDesk
    private let digester: PepperedDigester

    package init(desk: ControlDesk, digester: PepperedDigester) {
        self.desk = desk
        self.digester = digester
    }

    package func keys(_ query: KeyQuery) async throws(DeskError) -> Page<KeyRecord> {
        try await desk.read { [clock = desk.clock] in try KeyRows.page(query, now: clock(), $0) }
    }

    package func key(_ id: APIKeyID, of owner: UserID?) async throws(DeskError) -> KeyRecord? {
        let key = try await desk.read { [clock = desk.clock] in try KeyRows.find(id, now: clock(), $0) }
        return owner == nil || key?.userID == owner ? key : nil
    }

    package func create(
        _ changes: KeyChanges,
        of user: UserID,
        by actor: Actor
    ) async throws(DeskError) -> NewKey {
        let material = APIKeyMaterial.generate()
        let key = try await desk.write { [digester] act in
            try Self.checkOwner(user, actor, unless: DeskError.refused(field: "user", .unknown), act)
            let count = try act.connection.query(
                "SELECT COUNT(*) FROM api_keys WHERE user_id = ? AND is_active = 1 AND is_playground = 0",
                SQLValue(user)
            ) { $0.int64(0) }
            guard count.first ?? 0 < Self.mostKeys else { throw DeskError.conflict(.tooMany) }
            let name = changes.name ?? UserRows.defaultKey
            try Self.checkName(name, of: user, act)
            let row = try UserRows.insert(material, named: name, of: user.rawValue, digester, act)
            let made = try Self.found(APIKeyID(row), of: nil, act)
            var rest = changes
            rest.name = nil
            _ = try KeyEdit(key: made, actor: actor, act).apply(rest)
            try act.record(.apiKey, row: row, .created, by: actor)
            return try Self.found(made.id, of: nil, act)
        }
        return NewKey(key: key, secret: material.secret)
    }

    package func update(
        _ id: APIKeyID,
        of owner: UserID?,
        _ changes: KeyChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> KeyRecord {
        try await desk.write { act in
            let key = try Self.changeable(id, of: owner, by: actor, act)
            try precondition.check(key.updatedAt)
            if key.isPlayground { try Self.expectNoOtherUse(changes, of: key) }
            if let name = changes.name, name != key.name { try Self.checkName(name, of: key.userID, act) }
            let fields = try KeyEdit(key: key, actor: actor, act).apply(changes)
            guard !fields.isEmpty else { return key }
            guard key.isActive else { throw DeskError.conflict(.revoked) }
            if !fields.allSatisfy(KeyEdit.columns.contains) { try act.touch("api_keys", row: id.rawValue) }
            let action: ChangeAction = fields.contains("is_active") ? .revoked : .updated
            try act.record(.apiKey, row: id.rawValue, action, fields: fields, by: actor)
            return try Self.found(id, of: nil, act)
        }
    }

    package func rotate(
        _ id: APIKeyID,
        of owner: UserID?,
        graceSeconds: Int64,
        by actor: Actor
    ) async throws(DeskError) -> NewKey {
        let material = APIKeyMaterial.generate()
        let key = try await desk.write { [digester] act in
            let key = try Self.changeable(id, of: owner, by: actor, act)
            guard !key.isPlayground else { throw DeskError.conflict(.playground) }
            guard key.isActive else { throw DeskError.conflict(.revoked) }
            let old = try UserRows.replace(id.rawValue, by: material, graceSeconds: graceSeconds, digester, act)
            try act.record(.apiKey, row: id.rawValue, .rotated, fields: ["digest"], by: actor)
            try act.record(.apiKey, row: old, .created, fields: ["digest", "is_active"], by: actor)
            return try Self.found(id, of: nil, act)
        }
        return NewKey(key: key, secret: material.secret)
    }

    package func renewPlayground(of user: UserID, by actor: Actor) async throws(DeskError) -> NewKey {
        let material = APIKeyMaterial.generate()
        let key = try await desk.write { [digester] act in
            try Self.checkOwner(user, actor, unless: .notFound, act)
            return try Self.found(
                PlaygroundRows.renew(by: material, of: user, digester, by: actor, act),
                of: nil,
                act
            )
        }
        return NewKey(key: key, secret: material.secret)
    }

    /// The playground's key stays a short-lived one by a known name; it can be limited and revoked.
    private static func expectNoOtherUse(_ changes: KeyChanges, of key: KeyRecord) throws {
        let isRenamed = changes.name.map { $0 != key.name } ?? false
        let isMoved = changes.expiresAt.map { $0 != key.expiresAt } ?? false
        if isRenamed || isMoved { throw DeskError.conflict(.playground) }
    }

    private static func found(_ id: APIKeyID, of owner: UserID?, _ act: ActTransaction) throws -> KeyRecord {
        guard let key = try KeyRows.find(id, now: act.now, act.connection), owner == nil || key.userID == owner else {
            throw DeskError.notFound
        }
        return key
    }

    private static func changeable(
        _ id: APIKeyID,
        of owner: UserID?,
        by actor: Actor,
        _ act: ActTransaction
    ) throws -> KeyRecord {
        let key = try found(id, of: owner, act)
        try checkOwner(key.userID, actor, unless: .notFound, act)
        return key
    }

    /// Only who may do everything changes the keys of such.
    private static func checkOwner(
        _ user: UserID,
        _ actor: Actor,
        unless missing: DeskError,
        _ act: ActTransaction
    ) throws {
        guard let owner = try AccountRows.find(user, act.connection) else { throw missing }
        guard actor.mayChange(owner.role) else { throw DeskError.forbidden }
    }

    private static func checkName(_ name: String, of user: UserID, _ act: ActTransaction) throws {
        let others = try act.connection.query(
            "SELECT id FROM api_keys WHERE user_id = ? AND name = ?",
            SQLValue(user),
            .text(name)
        ) { $0.int64(0) }
        guard others.isEmpty else { throw DeskError.taken(field: "name") }
    }
}
