import Crypto
import Domain
import JWTKit

/// Access tokens of the control plane: JWTs of ten minutes under an Ed25519 key of this server.
///
/// jwt-kit takes its default key where it does not know a token's, and looks at no claim unasked; so the header is read
/// here first and has to be exactly ours, and each claim is checked here.
package struct AccessTokens: Sendable {
    static let lifetimeSeconds: Int64 = 600
    /// How far replicas' clocks may be apart.
    static let leewaySeconds: Int64 = 30
    static let largestBytes = 4_096
    private static let issuer = "tokenaudit"
    private static let audience = "control-plane"
    private static let type = "access"

    /// What a good token says; whether its session still stands is the store's to know.
    struct Bearer: Hashable, Sendable {
        let user: UserID
        let session: SessionID
    }

    /// A token that is not taken; why, nobody is told.
    struct Refusal: Error, Hashable {}

    private let keys: JWTKeyCollection
    private let keyID: String

    /// - Parameters:
    ///   - seed: the private key, 32 random bytes.
    ///   - keyID: names it in each token's header.
    /// - Throws: if the seed is of another length.
    package init(seed: [UInt8], keyID: String) async throws {
        let key = EdDSA.PrivateKey(backing: try Curve25519.Signing.PrivateKey(rawRepresentation: seed))
        keys = await JWTKeyCollection().add(eddsa: key, kid: JWKIdentifier(string: keyID))
        self.keyID = keyID
    }

    /// A token for a session, which it does not outlive.
    func issue(for standing: SessionStanding, at now: Instant) async throws -> String {
        let seconds = now.microseconds / 1_000_000
        var generator = SystemRandomNumberGenerator()
        let id = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let claims = Claims(
            iss: Self.issuer,
            aud: Self.audience,
            typ: Self.type,
            sub: String(standing.userID.rawValue),
            sid: String(standing.id.rawValue),
            iat: seconds,
            exp: min(seconds + Self.lifetimeSeconds, standing.expiresAt.microseconds / 1_000_000),
            nbf: nil,
            jti: Base64URL.encode(id)
        )
        return try await keys.sign(claims, kid: JWKIdentifier(string: keyID))
    }

    func check(_ token: some StringProtocol, at now: Instant) async throws(Refusal) -> Bearer {
        guard token.utf8.count <= Self.largestBytes else { throw Refusal() }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, isOurs(header: parts[0]), Base64URL.decode(parts[1].utf8) != nil,
            Base64URL.decode(parts[2].utf8)?.count == 64
        else { throw Refusal() }
        let claims: Claims
        do {
            claims = try await keys.verify(String(token), as: Claims.self)
        } catch {
            throw Refusal()
        }
        let seconds = now.microseconds / 1_000_000
        guard claims.iss == Self.issuer, claims.aud == Self.audience, claims.typ == Self.type, !claims.jti.isEmpty,
            seconds - Self.leewaySeconds < claims.exp, claims.iat <= seconds + Self.leewaySeconds,
            claims.nbf ?? 0 <= seconds + Self.leewaySeconds,
            claims.iat > 0, claims.exp - claims.iat <= Self.lifetimeSeconds,
            let user = PositiveNumber.read(claims.sub), let session = PositiveNumber.read(claims.sid)
        else { throw Refusal() }
        return Bearer(user: UserID(user), session: SessionID(session))
    }

    /// `alg`, `kid` and `typ` as we write them and nothing beside: no `jku`, `jwk`, `x5u` or `crit` to be followed.
    private func isOurs(header: some StringProtocol) -> Bool {
        guard let bytes = Base64URL.decode(header.utf8), case .object(let members)? = try? JSONReader.read(bytes) else {
            return false
        }
        return members == ["alg": .string("EdDSA"), "kid": .string(keyID), "typ": .string("JWT")]
    }

    private struct Claims: JWTPayload {
        let iss: String
        let aud: String
        let typ: String
        let sub: String
        let sid: String
        /// Whole seconds since 1970.
        let iat: Int64
        let exp: Int64
        let nbf: Int64?
        let jti: String

        /// Nothing: `check` needs a clock that is passed in.
        func verify(using algorithm: some JWTAlgorithm) {}
    }
}
