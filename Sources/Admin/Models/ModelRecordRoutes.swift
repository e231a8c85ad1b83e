import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/models`: what there is to be called, by which way, at which price.
struct ModelRecordRoutes: Sendable {
    private static let path = "/api/admin/models"
    private static let search = Parameter<String>.search(in: "name and display_name")
    private static let isActive = Parameter<Bool>.flag("is_active")
    private static let provider = Parameter<ProviderID>.id("provider", "With an active route to it.")
    private static let group = Parameter<ModelGroupID>.id("model_group")
    private static let ordering = Parameter.ordering(ModelQuery.Order.self)

    private static let prices: [any Declaration] =
        RatesFields.list.all + RatesFields.cost.all + [RatesFields.allowHighPrice]
    private static let creation = Body(
        required: [ModelFields.name, ModelFields.provider, ModelFields.contextLength],
        optional: [
            ModelFields.upstreamModel, ModelFields.displayName, ModelFields.description, ModelFields.capabilities,
            ModelFields.maxOutputTokens, ModelFields.defaultOutputTokens, ModelFields.promptOverheadTokens,
            ModelFields.isActive,
        ] + prices,
        readOnly: ModelAnswer.readOnly
    )
    private static let replacement = Body(
        required: [
            ModelFields.name, ModelFields.provider, ModelFields.upstreamModel, ModelFields.displayName,
            ModelFields.description, ModelFields.capabilities, ModelFields.contextLength,
            ModelFields.maxOutputTokens, ModelFields.defaultOutputTokens, ModelFields.promptOverheadTokens,
            ModelFields.isActive,
        ],
        optional: prices,
        readOnly: ModelAnswer.readOnly
    )

    let catalog: CatalogDesk
    let usage: ListUsage

    private var models: any Models { catalog.models }

    var operations: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Models.",
                query: [Self.search, Self.isActive, Self.provider, Self.group, Self.ordering] + ListUsage.parameters
                    + PageNumber.parameters,
                gives: ListUsage.page(of: ModelAnswer.shape),
                list
            ),
            .guarded(
                .post,
                Self.path,
                atLeast: .admin,
                "Makes a model with the way to its provider. Without a price its calls are refused.",
                body: Self.creation,
                gives: .created(ModelAnswer.shape),
                create
            ),
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "A model.",
                gives: .ok(ModelAnswer.shape)
            ) { asked, _ in
                guard let model = try await models.model(try asked.id()) else { throw ControlError.missing }
                return Self.answer(model)
            },
            .guarded(
                .put,
                Self.path + "/{id}",
                atLeast: .admin,
                "Replaces a model; its prices stay unless any is given, which then are all of the new version's.",
                body: Self.replacement,
                gives: .ok(ModelAnswer.shape)
            ) { asked, caller in
                try await update(asked, caller, isWhole: true)
            },
            .guarded(
                .patch,
                Self.path + "/{id}",
                atLeast: .admin,
                "Changes the members that are given of a model. Other prices are a new version from now on.",
                body: Self.replacement.partial,
                gives: .ok(ModelAnswer.shape)
            ) { asked, caller in
                try await update(asked, caller, isWhole: false)
            },
            .guarded(
                .delete,
                Self.path + "/{id}",
                atLeast: .admin,
                "Deactivates a model; none is deleted, since bills name them.",
                gives: .empty
            ) { asked, caller in
                var changes = ModelChanges()
                changes.isActive = false
                _ = try await models.update(try asked.id(), changes, if: asked.precondition, by: caller.actor)
                return JSONAnswer.empty
            },
        ]
    }

    private static func answer(_ model: ModelRecord) -> Response {
        JSONAnswer.response(ModelAnswer(model: model), version: model.updatedAt)
    }

    @Sendable private func list(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var list = try asked.query()
        var query = ModelQuery()
        query.search = list.value(Self.search)
        query.isActive = list.value(Self.isActive)
        query.provider = list.value(Self.provider)
        query.group = list.value(Self.group)
        let included = usage.asked(&list)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try await usage.answer(
            list,
            try await models.models(query),
            page: page,
            included,
            by: .model,
            id: \.id.rawValue,
            item: ModelAnswer.init(model:)
        )
    }

    @Sendable private func create(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let given = try form.modelChanges(isWhole: true)
        guard let name = given.name, let provider = given.provider, let context = given.contextLength else {
            throw ControlError.internalError
        }
        let usual = ModelDetails(name: name, contextLength: context, maxOutputTokens: given.maxOutputTokens)
        let model = try await models.create(
            NewModel(
                details: given.applied(to: usual),
                provider: provider,
                upstreamModel: given.upstreamModel ?? name,
                rates: given.rates.isEmpty ? nil : try RatesFields.list.whole(given.rates),
                costRates: given.costRates.isEmpty ? nil : try RatesFields.cost.whole(given.costRates)
            ),
            by: caller.actor
        )
        return JSONAnswer.created(
            ModelAnswer(model: model),
            at: Self.path,
            id: model.id,
            version: model.updatedAt
        )
    }

    private func update(_ asked: AdminRequest, _ caller: Caller, isWhole: Bool) async throws -> Response {
        let id: ModelID = try asked.id()
        var form = try await asked.form()
        let changes = try form.modelChanges(isWhole: isWhole)
        return Self.answer(try await models.update(id, changes, if: asked.precondition, by: caller.actor))
    }
}
