package import Domain

/// Providers in the database, their credentials sealed.
package struct ProviderStore: Providers {
    private let desk: ControlDesk
    private let vault: Vault

    package init(desk: ControlDesk, vault: Vault) {
        self.desk = desk
        self.vault = vault
    }

    package func provider(_ id: ProviderID) async throws(DeskError) -> ProviderRecord? {
        try await desk.read { [vault] in try ProviderRows.find(id, vault, $0) }
    }

    package func providers(_ query: ProviderQuery) async throws(DeskError) -> Page<ProviderRecord> {
        try await desk.read { [vault] in try ProviderRows.page(query, vault, $0) }
    }

    package func create(_ new: NewProvider, by actor: Actor) async throws(DeskError) -> ProviderRecord {
        try await desk.write { [vault] act in
            try act.expectFree(new.name, in: "api_providers")
            let id = try ProviderRows.insert(new, vault, act)
            try act.record(.provider, row: id, .created, by: actor)
            return try Self.found(ProviderID(id), vault, act)
        }
    }

    package func update(
        _ id: ProviderID,
        _ changes: ProviderChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> ProviderRecord {
        try await desk.write { [vault] act in
            try precondition.check(try Self.found(id, vault, act).updatedAt)
            try act.expectFree(changes.name, in: "api_providers", besides: id.rawValue)
            let fields = try ProviderRows.set(changes, of: id.rawValue, vault, act)
            if !fields.isEmpty { try act.record(.provider, row: id.rawValue, .updated, fields: fields, by: actor) }
            return try Self.found(id, vault, act)
        }
    }

    package func upstream(
        _ id: ProviderID
    ) async throws(DeskError) -> (provider: Provider, routes: [UpstreamRoute]) {
        try await desk.read { [vault] connection in
            guard let provider = try ProviderRows.upstream(id, vault, connection) else { throw DeskError.notFound }
            let routes = try connection.query(
                "SELECT m.name, r.upstream_model, m.context_length FROM model_routes r JOIN ai_models m ON m.id = r.model_id WHERE r.provider_id = ? AND r.is_active = 1 ORDER BY r.upstream_model, m.name",
                SQLValue(id)
            ) { UpstreamRoute(model: $0.text(0), upstreamModel: $0.text(1), contextLength: $0.int64(2)) }
            return (provider, routes)
        }
    }

    package func noteProbe(of id: ProviderID, _ probe: ProviderProbe, by actor: Actor) async throws(DeskError) {
        try await desk.write { act in
            try act.testify(probe.rawValue, row: id.rawValue, by: actor.description)
        }
    }

    private static func found(_ id: ProviderID, _ vault: Vault, _ act: ActTransaction) throws -> ProviderRecord {
        guard let provider = try ProviderRows.find(id, vault, act.connection) else { throw DeskError.notFound }
        return provider
    }
}
