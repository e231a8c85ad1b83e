import Domain
import HTTPTypes
import Hummingbird

/// Finds whom a request's API key speaks for.
struct KeyAuthentication: Sendable {
    let sources: ControlPlane.Sources

    /// - Throws: `ControlError`: 401 without a good key, 403 where it may not be used from, 503 if it cannot be looked up
    ///   now.
    func principal(of request: Request, _ context: ControlPlane.Context) async throws -> Principal {
        guard let key = Self.key(in: request.headers) else { throw ControlError.missingKey }
        let digest = Array(key.utf8).withUnsafeBytes { sources.digester.digest($0) }
        var lookup = sources.directory.principal(for: digest)
        if case .notLoaded = lookup {
            let loaded = await withCheckedContinuation { continuation in
                sources.directory.load(digest) { continuation.resume(returning: $0) }
            }
            guard let loaded else { throw ControlError.unavailable }
            lookup = loaded
        }
        guard case .known(let principal) = lookup, principal.isActive,
            principal.expiresAt.map({ sources.now() < $0 }) ?? true
        else { throw ControlError.invalidKey }
        guard principal.isAllowed(from: context.clientAddress.address) else { throw ControlError.addressNotAllowed }
        return principal
    }

    private static func key(in headers: HTTPFields) -> Substring? {
        var presented = PresentedKey()
        for value in headers[values: .authorization] { presented.read(authorization: value) }
        if let name = HTTPField.Name("x-api-key") {
            for value in headers[values: name] { presented.read(xAPIKey: value) }
        }
        if let name = HTTPField.Name("api-key") {
            for value in headers[values: name] { presented.read(apiKey: value) }
        }
        return presented.key
    }
}
