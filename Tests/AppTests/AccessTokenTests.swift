import Crypto
import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Admin

@Suite("access tokens") struct AccessTokenTests {
    private static let start: Int64 = 1_784_885_400
    private static let publicKey = try! Curve25519.Signing.PrivateKey(rawRepresentation: AdministrationStage.seed)
        .publicKey

    /// A token made by hand, as an attacker or a careless library would.
    private static func token(
        header: String = #"{"alg":"EdDSA","kid":"k1","typ":"JWT"}"#,
        claims: [String: Any] = [:],
        without: String? = nil,
        seed: [UInt8] = AdministrationStage.seed,
        sign: ((Data) -> [UInt8])? = nil
    ) -> String {
        var all: [String: Any] = [
            "iss": "tokenaudit", "aud": "control-plane", "typ": "access", "sub": "1", "sid": "1", "iat": start,
            "exp": start + 600, "jti": "x",
        ]
        all.merge(claims) { _, new in new }
        if let without { all[without] = nil }
        let body = try! JSONSerialization.data(withJSONObject: all)
        let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(body)
        let key = try! Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        let signature = sign?(Data(input.utf8)) ?? Array(try! key.signature(for: Data(input.utf8)))
        return input + "." + Base64URL.encode(signature)
    }

    private static func hmac(_ data: Data) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: data, using: SymmetricKey(data: publicKey.rawRepresentation)))
    }

    private static func header(_ members: String) -> String { "{\(members)}" }

    /// Attacks by name; each has to be refused.
    private static var attacks: [(String, String)] {
        let good = token()
        let parts = good.split(separator: ".").map(String.init)
        let jwk = #""jwk":{"kty":"OKP","crv":"Ed25519","x":"\#(Base64URL.encode(publicKey.rawRepresentation))"}"#
        return [
            ("alg none", token(header: #"{"alg":"none","kid":"k1","typ":"JWT"}"#, sign: { _ in [] })),
            ("alg NONE", token(header: #"{"alg":"NONE","kid":"k1","typ":"JWT"}"#, sign: { _ in [] })),
            ("alg none, well signed", token(header: #"{"alg":"none","kid":"k1","typ":"JWT"}"#)),
            ("HS256 under the public key", token(header: #"{"alg":"HS256","kid":"k1","typ":"JWT"}"#, sign: hmac)),
            ("EdDSA, but an HMAC", token(sign: hmac)),
            ("eddsa in small letters", token(header: #"{"alg":"eddsa","kid":"k1","typ":"JWT"}"#)),
            ("unknown kid, well signed", token(header: #"{"alg":"EdDSA","kid":"k2","typ":"JWT"}"#)),
            ("no kid, well signed", token(header: #"{"alg":"EdDSA","typ":"JWT"}"#)),
            ("kid given twice", token(header: #"{"alg":"EdDSA","kid":"k2","kid":"k1","typ":"JWT"}"#)),
            ("kid of another type", token(header: #"{"alg":"EdDSA","kid":1,"typ":"JWT"}"#)),
            ("jwk in the header", token(header: #"{"alg":"EdDSA","kid":"k1","typ":"JWT",\#(jwk)}"#)),
            ("jku in the header", token(header: #"{"alg":"EdDSA","kid":"k1","typ":"JWT","jku":"https://x.example"}"#)),
            ("crit in the header", token(header: #"{"alg":"EdDSA","kid":"k1","typ":"JWT","crit":["b64"]}"#)),
            ("another key", token(seed: Array(repeating: 8, count: 32))),
            ("no signature", parts[0] + "." + parts[1] + "."),
            ("two parts", parts[0] + "." + parts[1]),
            ("four parts", good + ".x"),
            ("a claim changed", parts[0] + "." + Base64URL.encode(#"{"sub":"2"}"#.utf8) + "." + parts[2]),
            ("padding after the signature", good + "=="),
            ("a space inside", good.replacing(".", with: ". ", maxReplacements: 1)),
            ("expired", token(claims: ["iat": start - 700, "exp": start - 30])),
            ("issued ahead of the clock", token(claims: ["iat": start + 31])),
            ("not valid yet", token(claims: ["nbf": start + 31])),
            ("longer than ten minutes", token(claims: ["exp": start + 601])),
            ("for ever", token(claims: ["exp": Int64.max])),
            ("iat before all time", token(claims: ["iat": Int64.min, "exp": Int64.max])),
            ("exp no number", token(claims: ["exp": "9999999999"])),
            ("exp too large", token(claims: ["exp": 1e300])),
            ("another audience", token(claims: ["aud": "data-plane"])),
            ("several audiences", token(claims: ["aud": ["control-plane", "x"]])),
            ("another issuer", token(claims: ["iss": "tokenaudit2"])),
            ("a refresh token's type", token(claims: ["typ": "refresh"])),
            ("sub no number", token(claims: ["sub": "1 or 1"])),
            ("sub negative", token(claims: ["sub": "-1"])),
            ("sub with a sign", token(claims: ["sub": "+1"])),
            ("sub too large", token(claims: ["sub": "99999999999999999999"])),
            ("a header of 100 KB", token(header: header(#""x":""# + String(repeating: "a", count: 100_000) + "\""))),
            ("claims of 100 KB", token(claims: ["x": String(repeating: "a", count: 100_000)])),
            ("empty", ""), ("dots", ".."), ("a key of the data plane", "sk-audit-" + String(repeating: "a", count: 32)),
            ("a refresh token", Base64URL.encode([UInt8](repeating: 9, count: 32))),
            ("no text", "\u{0}\u{1}é😀"),
        ] + ["iss", "aud", "typ", "sub", "sid", "iat", "exp", "jti"].map { ("without \($0)", token(without: $0)) }
    }

    @Test("no attack passes, neither the check nor the door")
    func attacks() async throws {
        let stage = try await AdministrationStage()
        // The session that the forged ones name stands.
        _ = try await stage.logIn(.superAdmin)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: Self.token()).status == 200)
        for (name, token) in Self.attacks {
            await #expect(throws: AccessTokens.Refusal.self, "\(name)") {
                try await stage.tokens.check(token, at: stage.clock.now)
            }
            // What HTTP can carry of it.
            let sent = token.filter { $0.isASCII && $0 >= " " }
            let answer = try await stage.ask("GET", "/api/auth/me/", token: sent)
            #expect(answer.status == 401, "\(name)")
            #expect(answer.headers[.wwwAuthenticate] == "Bearer", "\(name)")
        }
    }

    @Test(
        "clocks may be half a minute apart",
        arguments: [(-30, true), (-31, false), (0, true), (599, true), (629, true), (630, false)] as [(Int64, Bool)]
    )
    func leeway(seconds: Int64, isGood: Bool) async throws {
        let stage = try await AdministrationStage()
        let standing = SessionStanding(
            id: .init(3),
            userID: .init(4),
            role: .admin,
            expiresAt: Instant(microseconds: (Self.start + 86_400) * 1_000_000)
        )
        let token = try await stage.tokens.issue(for: standing, at: stage.clock.now)
        let bearer = try? await stage.tokens.check(token, at: Instant(microseconds: (Self.start + seconds) * 1_000_000))
        #expect(bearer == (isGood ? .init(user: .init(4), session: .init(3)) : nil))
    }

    @Test("a token does not outlive its session, and no two are alike")
    func sessionEnd() async throws {
        let stage = try await AdministrationStage()
        let end = Instant(microseconds: (Self.start + 60) * 1_000_000)
        let standing = SessionStanding(id: .init(1), userID: .init(1), role: .user, expiresAt: end)
        let token = try await stage.tokens.issue(for: standing, at: stage.clock.now)
        #expect(try await stage.tokens.issue(for: standing, at: stage.clock.now) != token)
        await #expect(throws: AccessTokens.Refusal.self) {
            try await stage.tokens.check(token, at: Instant(microseconds: (Self.start + 90) * 1_000_000))
        }
    }

    @Test("a token is good for its session's own user alone")
    func anotherUser() async throws {
        let stage = try await AdministrationStage()
        _ = try await stage.logIn(.superAdmin)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: Self.token(claims: ["sub": "2"])).status == 401)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: Self.token(claims: ["sid": "2"])).status == 401)
    }

    @Test("a seed is 32 bytes", arguments: [0, 31, 33])
    func seeds(count: Int) async {
        await #expect(throws: (any Error).self) {
            try await AccessTokens(seed: Array(repeating: 1, count: count), keyID: "k")
        }
    }

    @Test("base64url goes there and back, and takes nothing it would not write")
    func base64URL() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) }
            #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
        }
        for text in ["A", "AB", "AA=", "A+/A", "AA AA", "é", "AAB"] where text != "AAB" {
            #expect(Base64URL.decode(text.utf8) == nil, "\(text)")
        }
        #expect(Base64URL.decode("AAB".utf8) == nil && Base64URL.decode("AAA".utf8) == [0, 0])
    }
}
