import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/providers`: where calls are forwarded to. Only `test` and `sync-models` send anything out.
struct ProviderRoutes: Sendable {
    private static let path = "/api/admin/providers"
    private static let search = Parameter<String>.search(in: "name and base_url")
    private static let dialect = Parameter<DialectName>.choice("dialect")
    private static let isActive = Parameter<Bool>.flag("is_active")
    private static let ordering = Parameter.ordering(ProviderQuery.Order.self)

    private static let creation = Body(
        required: [ProviderFields.name, ProviderFields.baseURL],
        optional: [ProviderFields.dialect, ProviderFields.apiKey, ProviderFields.isActive],
        readOnly: ProviderAnswer.readOnly
    )
    private static let replacement = Body(
        required: [ProviderFields.name, ProviderFields.dialect, ProviderFields.baseURL, ProviderFields.isActive],
        optional: [ProviderFields.apiKey],
        readOnly: ProviderAnswer.readOnly
    )

    let catalog: CatalogDesk
    let usage: ListUsage

    private var providers: any Providers { catalog.providers }

    var operations: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Providers.",
                query: [Self.search, Self.dialect, Self.isActive, Self.ordering] + ListUsage.parameters
                    + PageNumber.parameters,
                gives: ListUsage.page(of: ProviderAnswer.shape),
                list
            ),
            .guarded(
                .post,
                Self.path,
                atLeast: .admin,
                "Makes a provider.",
                body: Self.creation,
                gives: .created(ProviderAnswer.shape),
                create
            ),
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "A provider.",
                gives: .ok(ProviderAnswer.shape)
            ) { asked, _ in
                guard let provider = try await providers.provider(try asked.id()) else { throw ControlError.missing }
                return Self.answer(provider)
            },
            .guarded(
                .put,
                Self.path + "/{id}",
                atLeast: .admin,
                "Replaces a provider; its api_key stays unless it is given or base_url changes.",
                body: Self.replacement,
                gives: .ok(ProviderAnswer.shape),
                update
            ),
            .guarded(
                .patch,
                Self.path + "/{id}",
                atLeast: .admin,
                "Changes the members that are given of a provider; another base_url clears its api_key.",
                body: Self.replacement.partial,
                gives: .ok(ProviderAnswer.shape),
                update
            ),
            .guarded(
                .delete,
                Self.path + "/{id}",
                atLeast: .admin,
                "Deactivates a provider; none is deleted, since bills name them.",
                gives: .empty
            ) { asked, caller in
                var changes = ProviderChanges()
                changes.isActive = false
                _ = try await providers.update(
                    try asked.id(),
                    changes,
                    if: asked.precondition,
                    by: caller.actor
                )
                return JSONAnswer.empty
            },
            .guarded(
                .post,
                Self.path + "/{id}/test",
                atLeast: .admin,
                "Asks a provider for its models, and tells what came of it.",
                body: .nothing,
                gives: .ok(ProviderTestAnswer.shape)
            ) { asked, caller in
                let (reading, _) = try await ask(.test, asked, caller)
                return JSONAnswer.response(ProviderTestAnswer(reading: reading, language: asked.language))
            },
            .guarded(
                .post,
                Self.path + "/{id}/sync-models",
                atLeast: .admin,
                "Compares a provider's models with the routes to it. Changes nothing: make what is added as models.",
                body: .nothing,
                gives: .ok(ModelSyncAnswer.shape)
            ) { asked, caller in
                let (reading, routes) = try await ask(.models, asked, caller)
                return JSONAnswer.response(ModelSyncAnswer(reading: reading, routes: routes, language: asked.language))
            },
        ]
    }

    private static func answer(_ provider: ProviderRecord) -> Response {
        JSONAnswer.response(ProviderAnswer(provider: provider), version: provider.updatedAt)
    }

    @Sendable private func list(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var list = try asked.query()
        var query = ProviderQuery()
        query.search = list.value(Self.search)
        query.dialect = list.value(Self.dialect)
        query.isActive = list.value(Self.isActive)
        let included = usage.asked(&list)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try await usage.answer(
            list,
            try await providers.providers(query),
            page: page,
            included,
            by: .provider,
            id: \.id.rawValue,
            item: ProviderAnswer.init(provider:)
        )
    }

    @Sendable private func create(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let name = form.value(ProviderFields.name)
        let url = form.value(ProviderFields.baseURL)
        let dialect = form.value(ProviderFields.dialect) ?? .openai
        let credential = form.value(ProviderFields.apiKey)
        let isActive = form.value(ProviderFields.isActive) ?? true
        try form.finish()
        guard let name, let url else { throw ControlError.internalError }
        try AddressPolicy.check(url, allowsPrivate: catalog.client.allowsPrivate)
        let provider = try await providers.create(
            NewProvider(
                name: name,
                dialect: dialect,
                baseURL: url,
                credential: credential ?? nil,
                isActive: isActive
            ),
            by: caller.actor
        )
        return JSONAnswer.created(
            ProviderAnswer(provider: provider),
            at: Self.path,
            id: provider.id,
            version: provider.updatedAt
        )
    }

    @Sendable private func update(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let id: ProviderID = try asked.id()
        var form = try await asked.form()
        var changes = ProviderChanges()
        changes.name = form.value(ProviderFields.name)
        changes.dialect = form.value(ProviderFields.dialect)
        changes.baseURL = form.value(ProviderFields.baseURL)
        if let credential = form.value(ProviderFields.apiKey) {
            changes.credential = credential.map { .set($0) } ?? .clear
        }
        changes.isActive = form.value(ProviderFields.isActive)
        try form.finish()
        if let url = changes.baseURL { try AddressPolicy.check(url, allowsPrivate: catalog.client.allowsPrivate) }
        return Self.answer(
            try await providers.update(id, changes, if: asked.precondition, by: caller.actor)
        )
    }

    private func ask(
        _ probe: ProviderProbe,
        _ asked: AdminRequest,
        _ caller: Caller
    ) async throws -> (ProviderReading, [UpstreamRoute]) {
        let id: ProviderID = try asked.id()
        try await asked.expectNothing()
        let (provider, routes) = try await providers.upstream(id)
        // Noted first: what leaves with the key is in the audit even if nothing comes back.
        try await providers.noteProbe(of: id, probe, by: caller.actor)
        return (await catalog.client.models(of: provider), routes)
    }
}
