import Dialects
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Storage
import Testing

@testable import Admin

/// The administration on made-up stores, with users of each role, and a way to ask it.
struct AdministrationStage {
    static let start = Instant(microseconds: 1_784_885_400_000_000)
    static let seed = Array(repeating: UInt8(7), count: 32)
    static let keyID = "k1"
    static let password = "correct horse battery"

    let books = FakeBooks()
    let passwords = FakePasswords()
    let statistics = FakeStatistics()
    let clock = FakeClock()
    let log = RecordedLog()
    let catalog: CatalogStage
    let tokens: AccessTokens
    let administration: Administration
    private let responder: RouterResponder<ControlPlane.Context>

    init(allowsInsecureHTTP: Bool = false, trustedProxies: [String] = []) async throws {
        let clock = clock
        catalog = try CatalogStage(clock: clock)
        tokens = try await AccessTokens(seed: Self.seed, keyID: Self.keyID)
        administration = Administration(
            accounts: books,
            quotas: QuotaStore(desk: try EmptyBooks.desk(), zones: ZoneFiles()),
            keys: try EmptyBooks.keys(),
            calls: CallStore(desk: try EmptyBooks.desk()),
            bodies: try EmptyBooks.bodies(),
            answers: OpenAIAnswerReader(),
            settings: try EmptyBooks.settings(),
            acts: ActStore(desk: try EmptyBooks.desk()),
            proofs: ProofStore(desk: try EmptyBooks.desk(), published: nil),
            health: FakeHealth(),
            sessions: books,
            statistics: statistics,
            passwords: passwords,
            accessTokens: tokens,
            catalog: catalog.desk,
            alerting: EmptyBooks.alerting(on: try EmptyBooks.desk(), now: { clock.now }),
            allowsInsecureHTTP: allowsInsecureHTTP,
            uptime: { .microseconds(clock.now.microseconds - Self.start.microseconds) },
            now: { clock.now }
        )
        let plain = Stage().sources
        responder = ControlPlane(
            sources: .init(
                directory: plain.directory,
                digester: plain.digester,
                reports: plain.reports,
                journal: plain.journal,
                isDatabaseReady: { true },
                now: { clock.now },
                trustedProxies: TrustedProxies(trustedProxies.compactMap { AddressRange(parsing: $0) }),
                administration: administration
            )
        ).buildResponder()
        books.clock = clock
        for role in Role.allCases {
            books.add(email: Self.email(role), role: role, passwordHash: FakePasswords.hashed(Self.password))
        }
    }

    static func email(_ role: Role) -> String { "\(role.rawValue)@example.com" }

    func id(_ role: Role) -> Int64 { books.find(Self.email(role))!.id.rawValue }

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }
        var code: String? { json["code"] as? String }
        var cookies: [String: String] {
            var found: [String: String] = [:]
            for line in headers[values: .setCookie] {
                let pair = line.prefix { $0 != ";" }.split(
                    separator: "=",
                    maxSplits: 1,
                    omittingEmptySubsequences: false
                )
                found[String(pair[0])] = String(pair[1])
            }
            return found
        }
    }

    typealias Fields = [(name: String, value: String)]

    func ask(
        _ method: String,
        _ path: String,
        token: String? = nil,
        body: String? = nil,
        bytes: [UInt8]? = nil,
        type: String? = "application/json",
        headers: Fields = [],
        from address: String? = "127.0.0.1",
        host: String? = "localhost"
    ) async throws -> Answer {
        try await RouteCaller(responder: responder, logger: log.logger).ask(
            method,
            path,
            token: token,
            bytes: bytes ?? body.map { Array($0.utf8) },
            type: type,
            headers: headers,
            from: address,
            host: host
        )
    }

    static func credentials(_ email: String, _ password: String = Self.password) -> String {
        #"{"email":"\#(email)","password":"\#(password)"}"#
    }

    func logIn(_ role: Role) async throws -> (access: String, refresh: String) {
        let answer = try await ask("POST", "/api/auth/login/", body: Self.credentials(Self.email(role)))
        return (
            try #require(answer.json["access"] as? String), try #require(answer.json["refresh"] as? String)
        )
    }

    func access(_ role: Role) async throws -> String { try await logIn(role).access }
}

final class FakeClock: Sendable {
    private let instant = Mutex(AdministrationStage.start)

    var now: Instant { instant.withLock { $0 } }

    func advance(seconds: Int64) {
        instant.withLock { $0 = Instant(microseconds: $0.microseconds + seconds * 1_000_000) }
    }
}

/// Hashes by writing a word in front; counts what it was asked.
final class FakePasswords: PasswordHasher {
    private let checks = Mutex(0)
    private let busy = Mutex(false)

    static func hashed(_ password: String) -> String { "hashed:" + password }

    var count: Int { checks.withLock { $0 } }

    func setBusy(_ isBusy: Bool) { busy.withLock { $0 = isBusy } }

    func hash(_ password: String) async -> String? { busy.withLock { $0 } ? nil : Self.hashed(password) }

    func matches(_ password: String, stored: String?) async -> Bool? {
        if busy.withLock({ $0 }) { return nil }
        checks.withLock { $0 += 1 }
        return stored == Self.hashed(password)
    }
}

/// Users and sessions in memory, by the rules that the protocols state.
final class FakeBooks: Accounts, SessionStore {
    struct User {
        var account: Account
        var passwordHash: String?
    }

    struct Session {
        let standing: SessionStanding
        var refresh: TokenDigest
        let address: String
        var isOpen = true
    }

    struct Failure: Hashable {
        let user: UserID?
        let address: String
    }

    private struct State {
        var users: [UserID: User] = [:]
        var sessions: [SessionID: Session] = [:]
        var traded: [TokenDigest: SessionID] = [:]
        var failures: [Failure] = []
        var changes: [String] = []
        var isDown = false
        var keys: Int64 = 0
        var queries: [AccountQuery] = []
        var clock: FakeClock?
    }

    private let state = Mutex(State())

    /// Where sessions were opened from.
    var sessionAddresses: [String] { state.withLock { $0.sessions.values.map(\.address) } }

    var clock: FakeClock? {
        get { state.withLock { $0.clock } }
        set { state.withLock { $0.clock = newValue } }
    }
    var failures: [Failure] { state.withLock { $0.failures } }
    /// Who did what to whom, in order.
    var changes: [String] { state.withLock { $0.changes } }
    var queries: [AccountQuery] { state.withLock { $0.queries } }

    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    func find(_ email: String) -> Account? {
        state.withLock { $0.users.values.first { $0.account.email == email }?.account }
    }

    func passwordHash(_ email: String) -> String? {
        state.withLock { $0.users.values.first { $0.account.email == email }?.passwordHash }
    }

    func setRole(of email: String, to role: Role) {
        state.withLock { state in
            guard let id = state.users.values.first(where: { $0.account.email == email })?.account.id else { return }
            var changes = AccountChanges()
            changes.role = role
            Self.apply(changes, to: id, in: &state)
        }
    }

    func setInactive(_ email: String) {
        state.withLock { state in
            guard let id = state.users.values.first(where: { $0.account.email == email })?.account.id else { return }
            var changes = AccountChanges()
            changes.isActive = false
            Self.apply(changes, to: id, in: &state)
        }
    }

    @discardableResult
    func add(
        email: String,
        name: String = "Name",
        role: Role,
        passwordHash: String?,
        rateLimit: RateLimit = .none
    ) -> Account {
        state.withLock { state in
            let id = UserID(Int64(state.users.count) + 1)
            let now = state.clock?.now ?? AdministrationStage.start
            let account = Account(
                id: id,
                email: email,
                name: name,
                role: role,
                isActive: true,
                createdAt: now,
                updatedAt: now,
                keyHint: nil,
                rateLimit: rateLimit
            )
            state.users[id] = User(account: account, passwordHash: passwordHash)
            return account
        }
    }

    private func asked<Result>(_ body: (inout State) throws(DeskError) -> Result) throws(DeskError) -> Result {
        let result: Swift.Result<Result, DeskError> = state.withLock { state in
            if state.isDown { return .failure(.unavailable("disk of host db-7 is full")) }
            do throws(DeskError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func rateLimit(_ changes: AccountChanges, over old: Account) -> RateLimit {
        var limit = old.rateLimit
        for (measure, value) in changes.rateLimit { limit[measure] = value }
        return limit
    }

    private static func differing(_ wanted: AccountChanges, from account: Account) -> AccountChanges {
        var changes = wanted
        if wanted.email == account.email { changes.email = nil }
        if wanted.name == account.name { changes.name = nil }
        if wanted.role == account.role { changes.role = nil }
        if wanted.isActive == account.isActive { changes.isActive = nil }
        changes.rateLimit = wanted.rateLimit.filter { account.rateLimit[$0.key] != $0.value }
        return changes
    }

    private static func apply(_ changes: AccountChanges, to id: UserID, in state: inout State) {
        guard let user = state.users[id] else { return }
        let old = user.account
        let account = Account(
            id: id,
            email: changes.email ?? old.email,
            name: changes.name ?? old.name,
            role: changes.role ?? old.role,
            isActive: changes.isActive ?? old.isActive,
            createdAt: old.createdAt,
            updatedAt: max(state.clock?.now ?? old.updatedAt, Instant(microseconds: old.updatedAt.microseconds + 1)),
            keyHint: old.keyHint,
            rateLimit: rateLimit(changes, over: old)
        )
        state.users[id] = User(account: account, passwordHash: changes.passwordHash ?? user.passwordHash)
        guard changes.role != nil || changes.isActive != nil || changes.passwordHash != nil else { return }
        for session in state.sessions.keys where state.sessions[session]?.standing.userID == id {
            state.sessions[session]?.isOpen = false
        }
    }

    // MARK: Accounts

    func account(_ id: UserID) async throws(DeskError) -> Account? {
        try asked { $0.users[id]?.account }
    }

    func accounts(_ query: AccountQuery) async throws(DeskError) -> Page<Account> {
        try asked { state in
            state.queries.append(query)
            var found = state.users.values.map(\.account).filter { account in
                (query.role ?? account.role) == account.role
                    && (query.isActive ?? account.isActive) == account.isActive
                    && (query.search.map { account.email.contains($0) || account.name.contains($0) } ?? true)
            }
            found.sort { query.window.isDescending ? $0.id > $1.id : $0.id < $1.id }
            return Page(
                count: found.count,
                items: Array(found.dropFirst(query.window.offset).prefix(query.window.limit))
            )
        }
    }

    func create(_ new: NewAccount, by actor: Actor) async throws(DeskError) -> Account {
        try asked { state throws(DeskError) in
            if state.users.values.contains(where: { $0.account.email == new.email }) { throw .taken(field: "email") }
            state.changes.append("\(actor.description) created \(new.email)")
        }
        return add(
            email: new.email,
            name: new.name,
            role: new.role,
            passwordHash: new.passwordHash,
            rateLimit: new.rateLimit
        )
    }

    func update(_ id: UserID, _ changes: AccountChanges, if precondition: Precondition, by actor: Actor)
        async throws(DeskError) -> Account
    {
        try asked { state throws(DeskError) in
            guard let user = state.users[id] else { throw .notFound }
            try precondition.check(user.account.updatedAt)
            let taken = state.users.values.contains { $0.account.id != id && $0.account.email == changes.email }
            if taken { throw .taken(field: "email") }
            let others = state.users.values.contains {
                $0.account.id != id && $0.account.role == .superAdmin && $0.account.isActive
            }
            let stays = (changes.role ?? user.account.role) == .superAdmin && changes.isActive != false
            if user.account.role == .superAdmin, user.account.isActive, !stays, !others {
                throw .conflict(.lastSuperAdmin)
            }
            let changes = Self.differing(changes, from: user.account)
            guard
                changes.email ?? changes.name ?? changes.role?.rawValue ?? changes.passwordHash != nil
                    || changes.isActive != nil || !changes.rateLimit.isEmpty
            else { return user.account }
            state.changes.append("\(actor.description) changed \(id)")
            Self.apply(changes, to: id, in: &state)
            return state.users[id]!.account
        }
    }

    func resetKey(of id: UserID, graceSeconds: Int64, by actor: Actor) async throws(DeskError) -> String {
        try asked { state throws(DeskError) in
            guard state.users[id] != nil else { throw .notFound }
            state.keys += 1
            state.changes.append("\(actor.description) renewed the key of \(id)")
            return "sk-audit-" + String(repeating: "k", count: 31) + String(state.keys)
        }
    }

    // MARK: SessionStore

    func login(email: String) async throws(DeskError) -> LoginRecord? {
        try asked { state in
            state.users.values.first { $0.account.email == email }.map {
                LoginRecord(
                    userID: $0.account.id,
                    role: $0.account.role,
                    isActive: $0.account.isActive,
                    passwordHash: $0.passwordHash
                )
            }
        }
    }

    func open(
        of login: LoginRecord,
        refresh: TokenDigest,
        expiresAt: Instant,
        address: String,
        userAgent: String
    ) async throws(DeskError) -> SessionStanding {
        try asked { state throws(DeskError) in
            let user = login.userID
            guard let role = state.users[user]?.account.role else { throw .notFound }
            let id = SessionID(Int64(state.sessions.count) + 1)
            let standing = SessionStanding(id: id, userID: user, role: role, expiresAt: expiresAt)
            state.sessions[id] = Session(standing: standing, refresh: refresh, address: address)
            return standing
        }
    }

    func refresh(_ digest: TokenDigest, next: TokenDigest) async throws(DeskError) -> RefreshOutcome {
        try asked { state in
            if let id = state.traded[digest], let session = state.sessions[id] {
                state.sessions[id]?.isOpen = false
                return .reused(session.standing.userID)
            }
            guard let (id, session) = state.sessions.first(where: { $0.value.refresh == digest && $0.value.isOpen })
            else { return .invalid }
            state.traded[digest] = id
            state.sessions[id]?.refresh = next
            return .renewed(session.standing)
        }
    }

    func standings(of sessions: Set<SessionID>) async throws(DeskError) -> [SessionID: SessionStanding] {
        try asked { state in
            Dictionary(
                sessions.compactMap { id in state.sessions[id].flatMap { $0.isOpen ? (id, $0.standing) : nil } },
                uniquingKeysWith: { $1 }
            )
        }
    }

    func standing(of session: SessionID) async throws(DeskError) -> SessionStanding? {
        try asked { state in
            guard let found = state.sessions[session], found.isOpen else { return nil }
            return found.standing
        }
    }

    func close(_ session: SessionID) async throws(DeskError) {
        try asked { $0.sessions[session]?.isOpen = false }
    }

    func noteFailedLogin(of user: UserID?, address: String) async throws(DeskError) {
        try asked { $0.failures.append(Failure(user: user, address: address)) }
    }
}
