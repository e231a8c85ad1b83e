/// How paths under `/v1` are recognised; `/api/v1` is the same place.
enum APIPath {
    /// The path below `/v1`, without a slash at its end: `/models/gpt-4o`; nil elsewhere.
    static func belowV1(_ path: String) -> Substring? {
        for prefix in ["/v1", "/api/v1"] where path == prefix || path.hasPrefix(prefix + "/") {
            var rest = path.dropFirst(prefix.count)
            while rest.hasSuffix("/") { rest = rest.dropLast() }
            return rest
        }
        return nil
    }

    static func isUnderV1(_ path: String) -> Bool { belowV1(path) != nil }

    /// What may be asked of the places below `/v1` that exist; nil where there is nothing.
    static func methods(below rest: Substring) -> [String]? {
        switch rest {
        case "/chat/completions", "/completions", "/embeddings": ["POST"]
        case "/models", "/usage": ["GET", "HEAD"]
        case _ where OrganizationRoutes.paths.contains(String(rest)): ["GET", "HEAD"]
        default: rest.hasPrefix("/models/") ? ["GET", "HEAD"] : nil
        }
    }
}
