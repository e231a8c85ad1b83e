package import Domain

/// Sign-ins in the database.
package struct SessionTable: SessionStore {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func login(email: String) async throws(DeskError) -> LoginRecord? {
        try await desk.read { try SessionRows.login(email: email, $0) }
    }

    package func open(
        of login: LoginRecord,
        refresh: TokenDigest,
        expiresAt: Instant,
        address: String,
        userAgent: String
    ) async throws(DeskError) -> SessionStanding {
        try await desk.write { [clock = desk.clock] act in
            try SessionRows.purge(now: clock(), act)
            let opened = try SessionRows.insert(
                of: login,
                expiresAt: expiresAt,
                address: address,
                userAgent: userAgent,
                act
            )
            guard let session = opened else { throw DeskError.notFound }
            try SessionRows.insert(refresh, of: session, act)
            try act.testify("login", row: session.rawValue, by: Self.name(login.userID))
            return SessionStanding(id: session, userID: login.userID, role: login.role, expiresAt: expiresAt)
        }
    }

    package func refresh(_ digest: TokenDigest, next: TokenDigest) async throws(DeskError) -> RefreshOutcome {
        // Anybody may send anything: what was never a token does not get to the write lock.
        guard try await desk.read({ try SessionRows.token(digest, $0) != nil }) else { return .invalid }
        return try await desk.write { [clock = desk.clock] act in
            let now = clock()
            guard let token = try SessionRows.token(digest, act.connection),
                let standing = try SessionRows.standing(of: token.session, now: now, act.connection)
            else { return .invalid }
            guard !token.isUsed else {
                _ = try SessionRows.end(token.session, .reuse, act)
                try PlaygroundRows.end(of: standing.userID, by: .user(standing.userID, standing.role), act)
                try act.testify("refresh reused", row: token.session.rawValue, by: Self.name(standing.userID))
                return .reused(standing.userID)
            }
            try SessionRows.purge(now: now, act)
            try SessionRows.spend(digest, of: token.session, act)
            try SessionRows.insert(next, of: token.session, act)
            return .renewed(standing)
        }
    }

    package func standing(of session: SessionID) async throws(DeskError) -> SessionStanding? {
        try await desk.read { [clock = desk.clock] in try SessionRows.standing(of: session, now: clock(), $0) }
    }

    package func standings(
        of sessions: Set<SessionID>
    ) async throws(DeskError) -> [SessionID: SessionStanding] {
        try await desk.read { [clock = desk.clock] in try SessionRows.standings(of: sessions, now: clock(), $0) }
    }

    package func close(_ session: SessionID) async throws(DeskError) {
        try await desk.write { act in
            guard let user = try SessionRows.end(session, .logout, act) else { return }
            try act.testify("logout", row: session.rawValue, by: Self.name(user))
            // Leaves name whoever did it and no role.
            try PlaygroundRows.end(of: user, by: .user(user, .user), act)
        }
    }

    package func noteFailedLogin(of user: UserID?, address: String) async throws(DeskError) {
        try await desk.write { [clock = desk.clock] act in
            try SessionRows.purge(now: clock(), act)
            let row = try SessionRows.insertFailure(of: user, address: address, act)
            try act.testify("login failed", row: row, by: user.map { "nobody as \(Self.name($0))" } ?? "nobody")
        }
    }

    /// As ``Actor/description`` has it.
    private static func name(_ user: UserID) -> String { "user \(user)" }
}
