import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/model-groups`: sets of models under one multiplier, for which users hold quotas.
struct GroupRoutes: Sendable {
    private static let path = "/api/admin/model-groups"
    private static let search = Parameter<String>.search(in: "name and description")
    private static let isActive = Parameter<Bool>.flag("is_active")
    private static let model = Parameter<ModelID>.id("model", "With this model in it.")
    private static let ordering = Parameter.ordering(GroupQuery.Order.self)

    private static let name = Field<String>.title("name", "Unique.", most: 200)
    private static let description = Field<String>.text("description", "", 0...2_000)
    private static let multiplier = Field<Multiplier>.multiplier(
        "price_multiplier",
        "What list prices are multiplied by, such as 1.0 or 0.85."
    )
    private static let groupIsActive = Field<Bool>.flag("is_active")
    private static let models = Field<[ModelID]>.list(
        "models",
        "All that are to be in it.",
        of: Field<ModelID>.id(""),
        most: 1_000
    )

    private static let creation = Body(
        required: [name],
        optional: [description, multiplier, models, groupIsActive],
        readOnly: GroupAnswer.readOnly
    )
    private static let replacement = Body(
        required: [name, description, multiplier, models, groupIsActive],
        readOnly: GroupAnswer.readOnly
    )

    let catalog: CatalogDesk

    private var groups: any ModelGroups { catalog.groups }

    var operations: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Model groups.",
                query: [Self.search, Self.isActive, Self.model, Self.ordering] + PageNumber.parameters,
                gives: .page(of: GroupAnswer.shape),
                list
            ),
            .guarded(
                .post,
                Self.path,
                atLeast: .admin,
                "Makes a model group.",
                body: Self.creation,
                gives: .created(GroupAnswer.shape),
                create
            ),
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "A model group.",
                gives: .ok(GroupAnswer.shape)
            ) { asked, _ in
                guard let group = try await groups.group(try asked.id()) else { throw ControlError.missing }
                return Self.answer(group)
            },
            .guarded(
                .put,
                Self.path + "/{id}",
                atLeast: .admin,
                "Replaces a model group.",
                body: Self.replacement,
                gives: .ok(GroupAnswer.shape),
                update
            ),
            .guarded(
                .patch,
                Self.path + "/{id}",
                atLeast: .admin,
                "Changes the members that are given of a model group.",
                body: Self.replacement.partial,
                gives: .ok(GroupAnswer.shape),
                update
            ),
            .guarded(
                .delete,
                Self.path + "/{id}",
                atLeast: .admin,
                "Deactivates a model group; none is deleted, since quotas and bills name them.",
                gives: .empty
            ) { asked, caller in
                var changes = GroupChanges()
                changes.isActive = false
                _ = try await groups.update(try asked.id(), changes, if: asked.precondition, by: caller.actor)
                return JSONAnswer.empty
            },
        ]
    }

    private static func answer(_ group: GroupRecord) -> Response {
        JSONAnswer.response(GroupAnswer(group: group), version: group.updatedAt)
    }

    @Sendable private func list(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var list = try asked.query()
        var query = GroupQuery()
        query.search = list.value(Self.search)
        query.isActive = list.value(Self.isActive)
        query.model = list.value(Self.model)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try list.answer(try await groups.groups(query), page: page, item: GroupAnswer.init(group:))
    }

    @Sendable private func create(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let name = form.value(Self.name)
        let description = form.value(Self.description) ?? ""
        let multiplier = form.value(Self.multiplier) ?? .one
        let isActive = form.value(Self.groupIsActive) ?? true
        let models = form.value(Self.models) ?? []
        try form.finish()
        guard let name else { throw ControlError.internalError }
        let group = try await groups.create(
            NewGroup(
                name: name,
                description: description,
                multiplier: multiplier,
                isActive: isActive,
                models: Set(models)
            ),
            by: caller.actor
        )
        return JSONAnswer.created(
            GroupAnswer(group: group),
            at: Self.path,
            id: group.id,
            version: group.updatedAt
        )
    }

    @Sendable private func update(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        let id: ModelGroupID = try asked.id()
        var form = try await asked.form()
        var changes = GroupChanges()
        changes.name = form.value(Self.name)
        changes.description = form.value(Self.description)
        changes.multiplier = form.value(Self.multiplier)
        changes.isActive = form.value(Self.groupIsActive)
        changes.models = form.value(Self.models).map(Set.init)
        try form.finish()
        return Self.answer(try await groups.update(id, changes, if: asked.precondition, by: caller.actor))
    }
}
