import Domain
import Hummingbird

/// `/api/me/models`: what one's own quotas may be spent on.
struct OwnModelRoutes: Sendable {
    private static let mostQuotas = 200
    private static let mostModels = 1_000

    let administration: Administration

    var operations: [Operation] {
        [
            .guarded(
                .get,
                "/api/me/models",
                atLeast: .user,
                "The active models of the groups that one has quotas for, by name; a key may be kept to fewer.",
                gives: .ok(OwnModelsAnswer.shape)
            ) { _, caller in
                JSONAnswer.response(OwnModelsAnswer(models: try await models(of: caller.user)))
            }
        ]
    }

    private func models(of user: UserID) async throws -> [ModelRecord] {
        var held = QuotaQuery()
        held.userID = user
        held.isActive = true
        held.window.limit = Self.mostQuotas
        var found: [ModelID: ModelRecord] = [:]
        let quotas = try await administration.quotas.quotas(held).items.filter { !$0.period.hasEnded }
        for group in Set(quotas.map(\.groupID)).sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let record = try await administration.catalog.groups.group(group), record.isActive else { continue }
            var query = ModelQuery()
            query.isActive = true
            query.group = group
            query.window.limit = Self.mostModels
            for model in try await administration.catalog.models.models(query).items { found[model.id] = model }
        }
        return found.values.sorted { $0.details.name < $1.details.name }
    }
}

/// Models as those who call them see them: no provider, no cost.
struct OwnModelsAnswer: Encodable {
    struct Item: Encodable {
        let name: String
        let displayName: String
        let contextLength: Int64
        let maxOutputTokens: Int64

        enum CodingKeys: String, CodingKey {
            case name
            case displayName = "display_name"
            case contextLength = "context_length"
            case maxOutputTokens = "max_output_tokens"
        }
    }

    static let shape = Shape.object(
        "OwnModels",
        [
            "models": .list(
                .object(
                    "OwnModel",
                    [
                        "name": .text, "display_name": .text, "context_length": .count, "max_output_tokens": .count,
                    ]
                )
            )
        ]
    )

    let models: [Item]

    init(models: [ModelRecord]) {
        self.models = models.map {
            Item(
                name: $0.details.name,
                displayName: $0.details.displayName,
                contextLength: $0.details.contextLength,
                maxOutputTokens: $0.details.maxOutputTokens
            )
        }
    }
}
