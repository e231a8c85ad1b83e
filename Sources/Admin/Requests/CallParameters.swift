import Domain

/// What of the request log is asked for.
enum CallParameters {
    static let cursor = Parameter<SliceCursor<CallID>>.cursor(
        most: 36,
        pattern: "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    ) { CallID(parsing: $0) }

    static let from = Parameter<Instant>.instant("from", "Began then or later.")
    static let to = Parameter<Instant>.instant("to", "Began before then.")
    static let user = Parameter<UserID>.id("user")
    static let key = Parameter<APIKeyID>.id("key")
    static let model = Parameter<ModelID>.id("model")
    static let provider = Parameter<ProviderID>.id("provider")
    static let group = Parameter<ModelGroupID>.id("model_group")
    static let state = named("state", CallState.allCases.map { ($0.name, $0) })
    static let statusCode = Parameter<Int64>.integer("status_code", "", 0...599)
    static let leastCost = Parameter<Money>.money("min_cost", "As the call was closed.")
    static let mostCost = Parameter<Money>.money("max_cost", "As the call was closed.")
    static let flag = named("flag", BillFlags.names.map { ($0.name, $0.flag) })
    static let search = Parameter<String>.text(
        "search",
        "The beginning of a request_id, at least four digits, or of a client_request_id.",
        most: 200
    )

    static func filters(for reader: CallReader) -> [any Declaration] {
        let all: [any Declaration] = [
            from, to, key, model, group, state, statusCode, leastCost, mostCost, flag, search,
        ]
        return reader == .owner ? all : all + [user, provider]
    }

    /// Of calls as they happen.
    static func liveFilters(for reader: CallReader) -> [any Declaration] {
        let all: [any Declaration] = [key, model, group]
        return reader == .owner ? all : all + [user, provider]
    }

    static func liveFilter(_ list: inout ListQuery, for reader: CallReader, of user: UserID) -> LiveFilter {
        var filter = LiveFilter()
        filter.keyID = list.value(key)
        filter.modelID = list.value(model)
        filter.groupID = list.value(group)
        switch reader {
        case .owner: filter.userID = user
        case .auditor:
            filter.userID = list.value(self.user)
            filter.providerID = list.value(provider)
        }
        return filter
    }

    private static func named<Value>(_ name: String, _ values: [(String, Value)]) -> Parameter<Value> {
        let names = values.map(\.0)
        return Parameter(name, "", .choice(names)) { text in
            values.first { $0.0 == text }.map { .value($0.1) } ?? .wrong("One of \(names.joined(separator: ", ")).")
        }
    }

    /// All but the place.
    static func query(_ list: inout ListQuery, for reader: CallReader, of user: UserID) -> CallQuery {
        var query = CallQuery()
        query.from = list.value(from)
        query.to = list.value(to)
        query.keyID = list.value(key)
        query.modelID = list.value(model)
        query.groupID = list.value(group)
        query.state = list.value(state)
        query.statusCode = list.value(statusCode)
        query.leastCharge = list.value(leastCost)
        query.mostCharge = list.value(mostCost)
        query.flags = list.value(flag) ?? []
        query.search = list.value(search)
        switch reader {
        case .owner: query.userID = user
        case .auditor:
            query.userID = list.value(self.user)
            query.providerID = list.value(provider)
        }
        return query
    }
}
