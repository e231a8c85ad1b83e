import Domain
import HTTPTypes
import Hummingbird

/// Who asks: somebody whose session stands now, with the role of now.
struct Caller: Hashable, Sendable {
    let user: UserID
    let session: SessionID
    let role: Role
    let isByCookie: Bool

    var actor: Actor { .user(user, role) }
}

extension Role {
    private var rank: Int {
        switch self {
        case .user: 0
        case .auditor: 1
        case .admin: 2
        case .superAdmin: 3
        }
    }

    /// May do at least what `least` may.
    func covers(_ least: Role) -> Bool { rank >= least.rank }
}

/// Finds out who asks, and whether they may. The session is asked for at each request, so that a logout and a change of
/// role hold at once.
struct Guard: Sendable {
    let administration: Administration

    /// - Throws: `ControlError`: 401 without a good token, 403 for another site's request or too low a role, 503.
    func caller(of request: Request, atLeast role: Role) async throws(ControlError) -> Caller {
        let (token, isByCookie) = try Self.token(in: request)
        let bearer: AccessTokens.Bearer
        do {
            bearer = try await administration.accessTokens.check(token, at: administration.now())
        } catch {
            throw .tokenNotValid
        }
        let standing: SessionStanding?
        do {
            standing = try await administration.sessions.standing(of: bearer.session)
        } catch {
            throw ControlError(error)
        }
        guard let standing, standing.userID == bearer.user, administration.now() < standing.expiresAt else {
            throw .tokenNotValid
        }
        if isByCookie, request.method != .get, request.method != .head { try Self.expectOwnPage(request) }
        guard standing.role.covers(role) else { throw .permissionDenied }
        return Caller(user: standing.userID, session: standing.id, role: standing.role, isByCookie: isByCookie)
    }

    /// A request's token, and whether a browser added it by itself. What stands in `Authorization` decides alone.
    private static func token(in request: Request) throws(ControlError) -> (String, isByCookie: Bool) {
        let values = request.headers[values: .authorization]
        guard values.isEmpty else {
            var presented = PresentedKey()
            for value in values { presented.read(authorization: value) }
            guard values.count == 1, let token = presented.key else { throw .tokenNotValid }
            return (String(token), false)
        }
        guard let token = CookieJar.value(of: CookieJar.access, in: request.headers) else { throw .notAuthenticated }
        return (token, true)
    }

    /// For what a browser's cookies allow: another site can have it sent, but not read the cookie that the header repeats.
    static func expectOwnPage(_ request: Request) throws(ControlError) {
        try expectSameOrigin(request)
        guard let expected = CookieJar.value(of: CookieJar.csrf, in: request.headers),
            let given = request.headers[Self.csrfToken],
            ConstantTime.isEqual(expected.utf8, given.utf8)
        else { throw .crossSite }
    }

    /// The browser's own word, which no page can write; from browsers too old for it, the origin.
    static func expectSameOrigin(_ request: Request) throws(ControlError) {
        let sites = request.headers[values: Self.fetchSite]
        guard sites.isEmpty else {
            guard sites == ["same-origin"] else { throw .crossSite }
            return
        }
        let origins = request.headers[values: .origin]
        guard origins.count == 1, let host = HostName(request) else { throw .crossSite }
        guard ["http://", "https://"].contains(where: { origins[0].lowercased() == $0 + host.text }) else {
            throw .crossSite
        }
    }

    private static let csrfToken = HTTPField.Name("X-CSRF-Token")!
    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
