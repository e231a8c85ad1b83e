/// By what usage is summed apart. Stored as raw values.
package enum UsageDimension: Int64, CaseIterable, Sendable {
    /// Everything together, under the id 0.
    case all = 0
    case user = 1
    case key = 2
    case model = 3
    case provider = 4
    case group = 5
    /// Both at once, under ids of ``KeyAndModel``.
    case keyAndModel = 6
    /// Which says model and provider, for good.
    case route = 7

    /// Of what flows from keys to models to providers: less is summed, and only of calls that began after that was begun.
    package var isFlow: Bool { self == .keyAndModel || self == .route }

    package func id(
        user: UserID,
        key: APIKeyID,
        model: ModelID,
        provider: ProviderID,
        group: ModelGroupID,
        route: RouteID
    ) -> Int64 {
        switch self {
        case .all: 0
        case .user: user.rawValue
        case .key: key.rawValue
        case .model: model.rawValue
        case .provider: provider.rawValue
        case .group: group.rawValue
        case .keyAndModel: KeyAndModel.id(key: key.rawValue, model: model.rawValue)
        case .route: route.rawValue
        }
    }
}
