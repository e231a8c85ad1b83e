import Domain
import Hummingbird

/// The models that a key may use, in OpenAI's shape.
struct ModelRoutes: Sendable {
    let sources: ControlPlane.Sources

    func add(to group: RouterGroup<ControlPlane.Context>) {
        group.get("models") { request, context in
            let models = try await models(for: request, context)
            return JSONAnswer.response(ModelList(data: models.map(ModelCard.init)))
        }
        // Names may contain slashes: `meta-llama/llama-3`.
        group.get("models/**") { request, context in
            let name = context.parameters.getCatchAll().map(String.init).joined(separator: "/")
            guard let model = try await models(for: request, context).first(where: { $0.name == name }) else {
                throw ControlError.unknownModel(name)
            }
            return JSONAnswer.response(ModelCard(model))
        }
    }

    private func models(for request: Request, _ context: ControlPlane.Context) async throws -> [Model] {
        let principal = try await KeyAuthentication(sources: sources).principal(of: request, context)
        return sources.directory.catalog.models.values
            .filter { model in
                model.isActive && (principal.allowedModels?.contains(model.id) ?? true)
                    && model.groups.contains { $0.isActive && principal.groups.contains($0.id) }
            }
            .sorted { $0.name < $1.name }
    }

    private struct ModelList: Encodable {
        let object = "list"
        let data: [ModelCard]
    }

    private struct ModelCard: Encodable {
        let id: String
        let object = "model"
        /// Whole seconds since 1970.
        let created: Int64
        let ownedBy = "tokenaudit"
        let contextLength: Int64
        let maxOutputTokens: Int64

        enum CodingKeys: String, CodingKey {
            case id, object, created
            case ownedBy = "owned_by"
            case contextLength = "context_length"
            case maxOutputTokens = "max_output_tokens"
        }

        init(_ model: Model) {
            id = model.name
            created = model.createdAt.microseconds / 1_000_000
            contextLength = model.contextLength
            maxOutputTokens = model.maxOutputTokens
        }
    }
}
