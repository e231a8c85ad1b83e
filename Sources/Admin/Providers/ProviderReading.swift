/// What came of asking a provider for its models.
struct ProviderReading: Hashable, Sendable {
    /// A model as the provider lists it.
    struct Model: Hashable, Sendable {
        let name: String
        /// Where it tells.
        let contextLength: Int64?
    }

    /// Why there is no list; never in the provider's own words, which may repeat a key.
    enum Problem: String, CaseIterable, Sendable {
        case forbiddenAddress = "forbidden_address"
        case unknownHost = "unknown_host"
        case unreachable
        case timedOut = "timed_out"
        case notAuthorized = "not_authorized"
        case redirected
        case refused
        case tooLarge = "too_large"
        case notAList = "not_a_list"

        var words: Message {
            switch self {
            case .forbiddenAddress: "It stands at an address that no provider may have with these settings."
            case .unknownHost: "Its name resolves to no address."
            case .unreachable: "No connection, or it broke."
            case .timedOut: "It did not answer within ten seconds."
            case .notAuthorized: "It does not take the key."
            case .redirected: "It sends elsewhere, which is not followed: base_url is not quite right."
            case .refused: "It answered with an error."
            case .tooLarge: "Its answer is larger than 4 MiB."
            case .notAList: "Its answer is no list of models: base_url is not quite right, or it has none."
            }
        }
    }

    var status: Int?
    var milliseconds: Int64 = 0
    var models: [Model] = []
    var problem: Problem?
}

extension ProviderReading {
    private static let mostModels = 10_000
    private static let longestName = 200

    /// Reads `{"data":[{"id":…}]}`.
    /// - Parameter secret: names that have it in them are left out: nothing repeats a key.
    /// - Returns: nil for what is no list.
    static func models(in body: [UInt8], hiding secret: String?) -> [Model]? {
        guard let item = try? JSONReader.read(body), case .object(let members) = item,
            case .array(let data)? = members["data"]
        else { return nil }
        var seen: Set<String> = []
        return data.prefix(mostModels).compactMap { item in
            guard case .object(let model) = item, case .string(let name)? = model["id"], !name.isEmpty,
                name.unicodeScalars.count <= longestName,
                name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }),
                secret.map({ !name.contains($0) }) ?? true, seen.insert(name).inserted
            else { return nil }
            return Model(name: name, contextLength: contextLength(of: model))
        }
    }

    /// vLLM says `max_model_len`, OpenRouter `context_length`, llama.cpp `meta.n_ctx_train`.
    private static func contextLength(of model: [String: JSONItem]) -> Int64? {
        var meta: [String: JSONItem] = [:]
        if case .object(let members)? = model["meta"] { meta = members }
        for item in [model["max_model_len"], model["context_length"], meta["n_ctx_train"]] {
            if case .number(let text)? = item, let number = Int64(plain: text), number > 0 { return number }
        }
        return nil
    }
}
