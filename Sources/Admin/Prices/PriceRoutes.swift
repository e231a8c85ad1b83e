import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/prices`: versions that are added and never edited.
struct PriceRoutes: Sendable {
    private static let path = "/api/admin/prices"
    private static let model = Parameter<ModelID>.id("model")
    private static let effectiveAt = Parameter<Instant>.instant("effective_at", "Only what is in force then.")
    private static let ordering = Parameter.ordering(PriceQuery.Order.self)

    private static let givenModel = Field<ModelID>.id("model")
    private static let effectiveFrom = Field<Instant>.instant(
        "effective_from",
        "Not in the past: calls keep what they were quoted under. Absent: now."
    )
    private static let creation = Body(
        required: [givenModel],
        optional: [effectiveFrom, RatesFields.allowHighPrice] + RatesFields.list.all,
        readOnly: PriceAnswer.readOnly
    )

    let catalog: CatalogDesk

    var operations: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Price versions, those to come among them.",
                query: [Self.model, Self.effectiveAt, Self.ordering] + PageNumber.parameters,
                gives: .page(of: PriceAnswer.shape),
                list
            ),
            .guarded(
                .post,
                Self.path,
                atLeast: .admin,
                "Gives a model a price from an instant on. Running calls keep theirs.",
                body: Self.creation,
                gives: .created(PriceAnswer.shape),
                create
            ),
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "A price version.",
                gives: .ok(PriceAnswer.shape)
            ) { asked, _ in
                let price = try await price(try asked.id())
                return JSONAnswer.response(PriceAnswer(price: price), version: price.createdAt)
            },
            .guarded(
                .delete,
                Self.path + "/{id}",
                atLeast: .admin,
                "Removes a price version that begins a minute from now or later.",
                gives: .empty
            ) { asked, caller in
                let price = try await price(try asked.id())
                // It never changes, so nobody can come between.
                try asked.precondition.check(price.createdAt)
                try await catalog.prices.remove(price.version.id, by: caller.actor)
                return JSONAnswer.empty
            },
        ]
    }

    private func price(_ id: PriceVersionID) async throws -> PriceRecord {
        guard let price = try await catalog.prices.price(id) else { throw ControlError.missing }
        return price
    }

    @Sendable private func list(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var list = try asked.query()
        var query = PriceQuery()
        query.model = list.value(Self.model)
        query.effectiveAt = list.value(Self.effectiveAt)
        let page: PageNumber
        (query.window, page) = try list.window(Self.ordering, unlessSaid: .id)
        return try list.answer(try await catalog.prices.prices(query), page: page, item: PriceAnswer.init(price:))
    }

    @Sendable private func create(_ asked: AdminRequest, _ caller: Caller) async throws -> Response {
        var form = try await asked.form()
        let model = form.value(Self.givenModel)
        let effectiveFrom = form.value(Self.effectiveFrom)
        let allowsHighPrice = form.value(RatesFields.allowHighPrice) ?? false
        let change = RatesFields.list.read(from: &form, isWhole: true)
        try form.finish()
        try RatesFields.list.check(change, allowsHighPrice: allowsHighPrice)
        let rates = try RatesFields.list.whole(change)
        guard let model else { throw ControlError.internalError }
        let price = try await catalog.prices.create(
            of: model,
            rates,
            effectiveFrom: effectiveFrom,
            by: caller.actor
        )
        return JSONAnswer.created(
            PriceAnswer(price: price),
            at: Self.path,
            id: price.version.id,
            version: price.createdAt
        )
    }
}
