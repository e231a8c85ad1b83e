package import Domain
import Synchronization

/// What the routes under `/api/auth` and `/api/admin` work with.
package struct Administration: Sendable {
    let accounts: any Accounts
    let quotas: any Quotas
    let keys: any APIKeys
    let calls: any CallLog
    /// Calls as they happen; somebody has to run it.
    package let live: LiveCalls
    let bodies: any CallBodies
    let answers: any AnswerReader
    let settings: any SettingsDesk
    let acts: any ActLog
    let proofs: any AuditProofs
    let health: any HealthSource
    let sessions: any SessionStore
    let statistics: any Statistics
    let passwords: any PasswordHasher
    let accessTokens: AccessTokens
    let catalog: CatalogDesk
    let alerting: Alerting
    /// Passwords are taken over plain http from beyond this host.
    let allowsInsecureHTTP: Bool
    let attempts: LoginAttempts
    /// The wall clock.
    let now: @Sendable () -> Instant

    /// - Parameter uptime: time since any one moment, never backwards: what login throttling counts by.
    package init(
        accounts: any Accounts,
        quotas: any Quotas,
        keys: any APIKeys,
        calls: any CallLog,
        bodies: any CallBodies,
        answers: any AnswerReader,
        settings: any SettingsDesk,
        acts: any ActLog,
        proofs: any AuditProofs,
        health: any HealthSource,
        sessions: any SessionStore,
        statistics: any Statistics,
        passwords: any PasswordHasher,
        accessTokens: AccessTokens,
        catalog: CatalogDesk,
        alerting: Alerting,
        allowsInsecureHTTP: Bool,
        uptime: @escaping @Sendable () -> Duration,
        now: @escaping @Sendable () -> Instant
    ) {
        self.accounts = accounts
        self.quotas = quotas
        self.keys = keys
        self.calls = calls
        live = LiveCalls(log: calls, sessions: sessions, now: now)
        self.bodies = bodies
        self.answers = answers
        self.settings = settings
        self.acts = acts
        self.proofs = proofs
        self.health = health
        self.sessions = sessions
        self.statistics = statistics
        self.passwords = passwords
        self.accessTokens = accessTokens
        self.catalog = catalog
        self.alerting = alerting
        self.allowsInsecureHTTP = allowsInsecureHTTP
        attempts = LoginAttempts(uptime: uptime)
        self.now = now
    }

    /// What lists show of their rows' use.
    var listUsage: ListUsage { ListUsage(statistics: statistics, now: now) }

    var operations: Operations {
        Operations(
            guarding: Guard(administration: self),
            SessionRoutes(administration: self).operations
                + UserRoutes(administration: self).operations
                + StatisticsRoutes(administration: self).operations
                + FlowRoutes(administration: self).operations
                + catalog.operations(showing: listUsage)
                + KeyRoutes(administration: self).operations
                + PlaygroundKeyRoutes(administration: self).operations
                + QuotaRoutes(administration: self).operations
                + OwnModelRoutes(administration: self).operations
                + CallRoutes(administration: self).operations
                + LiveRoutes(administration: self).operations
                + BodyRoutes(administration: self).operations
                + ProofRoutes(administration: self).operations
                + SettingRoutes(settings: settings).operations
                + ServerHealthRoutes(health: health).operations
                + ActRoutes(administration: self).operations
                + alerting.operations
        )
    }
}

/// The throttle that all logins of this process share.
final class LoginAttempts: Sendable {
    private let throttle = Mutex(LoginThrottle())
    private let uptime: @Sendable () -> Duration

    init(uptime: @escaping @Sendable () -> Duration) { self.uptime = uptime }

    /// Checks a password, counted as a failure unless it is right or `check` throws.
    /// - Throws: 429 where the pair or the network has to wait; what `check` throws.
    func counted<Success: Sendable>(
        email: String,
        from address: ClientAddress,
        check: () async throws -> Success?
    ) async throws -> Success? {
        let network = address.network
        let wait = throttle.withLock { $0.begin(email: email, network: network, now: uptime()) }
        if let wait { throw ControlError.throttled(seconds: wait) }
        do {
            let success = try await check()
            if success != nil { throttle.withLock { $0.succeeded(email: email, network: network) } }
            return success
        } catch {
            throttle.withLock { $0.abandoned(email: email, network: network) }
            throw error
        }
    }
}
