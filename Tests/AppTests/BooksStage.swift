import Dialects
import Domain
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import Logging
@testable import Storage
import Testing

@testable import Admin
@testable import tokenaudit

/// A folder with an empty database, for stages on which nobody asks it.
enum EmptyBooks {
    private static let database = Result {
        let folder = NSTemporaryDirectory() + "tokenaudit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let database = try SQLiteDatabase(path: folder + "/empty.sqlite")
        try Migrations.run(on: database, additiveOnly: true, now: AdministrationStage.start)
        return database
    }

    private static let keyStore = Result {
        let pepper = try SecretStore(database: try database.get()).pepper(
            Vault(master: .random()),
            now: AdministrationStage.start
        )
        return KeyStore(desk: try desk(), digester: PepperedDigester(pepper))
    }

    static func keys() throws -> KeyStore { try keyStore.get() }

    static func bodies() throws -> BodyStore {
        let database = try database.get()
        let archive = BodyArchive(
            beside: database.path,
            database: database,
            vault: Vault(master: .random()),
            logger: RecordedLog().logger,
            clock: { AdministrationStage.start }
        )
        return BodyStore(archive: archive, desk: try desk(), keptSeconds: { 86_400 })
    }

    static func settings() throws -> SettingsOffice {
        let archive = BodyCapture(sink: NoSink(), budgetBytes: 0)
        let live = LiveSettings(SettingsLoader.Loaded(), capture: archive, logger: RecordedLog().logger)
        return SettingsOffice(live: live, store: SettingStore(desk: try desk()))
    }

    private struct NoSink: BodySink {
        func keep(_ call: CapturedCall) {}
    }

    /// No name resolves there.
    static func alerting(
        on desk: ControlDesk,
        vault: Vault = Vault(master: .random()),
        allowsPrivate: Bool = false,
        now: @escaping @Sendable () -> Instant
    ) -> Alerting {
        Alerting(
            desk: AlertDeskStore(desk: desk),
            channels: AlertChannelStore(desk: desk, vault: vault),
            sender: AlertSender(client: PinnedClient(allowsPrivate: allowsPrivate) { _, _ in [] }),
            now: now
        )
    }

    static func desk() throws -> ControlDesk {
        let database = try database.get()
        return ControlDesk(writer: database, reader: database) { AdministrationStage.start }
    }
}

/// The administration on a real database, with users of each role, a model in a group, and calls that can be made.
final class BooksStage: Sendable {
    let folder: String
    let storage: EmbeddedStorage
    let clock = FakeClock()
    let log = RecordedLog()
    /// What the administration asks the database.
    let statements = StatementLog()
    let administration: Administration
    let archive: BodyArchive
    let capture: BodyCapture
    let live: LiveSettings
    let catalog: CatalogStage
    let signer: AuditSigner
    private let caller: RouteCaller

    /// - Parameter loaded: what a file, variables and flags say.
    init(loaded: SettingsLoader.Loaded = SettingsLoader.Loaded()) async throws {
        folder = NSTemporaryDirectory() + "tokenaudit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let (clock, log, statements) = (clock, log, statements)
        catalog = try CatalogStage(clock: clock)
        let now: @Sendable () -> Instant = { clock.now }
        storage = try EmbeddedStorage(
            path: folder + "/books.sqlite",
            settings: JournalSettings(),
            uncertainPolicy: .chargeInput,
            logger: log.logger,
            clock: now
        )
        let vault = Vault(master: .random())
        let digester = PepperedDigester(
            try SecretStore(database: storage.database).pepper(vault, now: AdministrationStage.start)
        )
        let desk = ControlDesk(
            writer: statements.listening(to: storage.database),
            reader: statements.listening(to: storage.reports),
            clock: now
        )
        let archive = BodyArchive(
            beside: storage.database.path,
            database: storage.database,
            vault: vault,
            logger: log.logger,
            clock: now
        )
        capture = BodyCapture(sink: archive.sink, budgetBytes: 1 << 20)
        let live = LiveSettings(loaded, capture: capture, logger: log.logger)
        self.archive = archive
        self.live = live
        let signer = AuditSigner(
            database: storage.database,
            reader: storage.database,
            key: try SecretStore(database: storage.database).signerKey(vault, now: AdministrationStage.start),
            file: CheckpointFile(database: storage.database.path),
            logger: log.logger,
            clock: now
        )
        self.signer = signer
        administration = Administration(
            accounts: AccountStore(desk: desk, digester: digester),
            quotas: QuotaStore(desk: desk, zones: ZoneFiles()),
            keys: KeyStore(desk: desk, digester: digester),
            calls: CallStore(desk: desk),
            bodies: BodyStore(archive: archive, desk: desk) { live.bodiesKeptSeconds },
            answers: OpenAIAnswerReader(),
            settings: SettingsOffice(live: live, store: SettingStore(desk: desk)),
            acts: ActStore(desk: desk),
            proofs: ProofStore(desk: desk) { signer.checkpoint },
            health: HealthStore(
                storage: storage.serving,
                archive: archive,
                desk: desk,
                version: "1.2.3",
                startedAt: AdministrationStage.start,
                bodiesKeptSeconds: { live.bodiesKeptSeconds },
                rawUsageKeptSeconds: { live.rawUsageKeptSeconds },
                auditHalt: { signer.halt }
            ),
            sessions: SessionTable(desk: desk),
            statistics: StatisticsStore(desk: desk, zones: ZoneFiles()),
            passwords: FakePasswords(),
            accessTokens: try await AccessTokens(seed: AdministrationStage.seed, keyID: "k1"),
            catalog: catalog.desk,
            alerting: EmptyBooks.alerting(on: desk, vault: vault, allowsPrivate: true, now: now),
            allowsInsecureHTTP: false,
            uptime: { .microseconds(clock.now.microseconds - AdministrationStage.start.microseconds) },
            now: now
        )
        let plain = Stage().sources
        caller = RouteCaller(
            responder: ControlPlane(
                sources: .init(
                    directory: plain.directory,
                    digester: plain.digester,
                    reports: plain.reports,
                    journal: plain.journal,
                    isDatabaseReady: { true },
                    now: now,
                    administration: administration
                )
            ).buildResponder(),
            logger: log.logger
        )
        try seed()
        for role in Role.allCases {
            _ = try await administration.accounts.create(
                NewAccount(
                    email: AdministrationStage.email(role),
                    name: role.rawValue,
                    role: role,
                    passwordHash: FakePasswords.hashed(AdministrationStage.password)
                ),
                by: .command("test")
            )
        }
    }

    /// A journal that nobody stops keeps its threads, of which a process has only so many.
    deinit {
        Task { [storage, folder] in
            try? await storage.close()
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Two models, each in a group of its own, at a dollar per million tokens.
    private func seed() throws {
        let statements = [
            "INSERT INTO api_providers (id, name, dialect, base_url, created_at, updated_at) VALUES (1, 'p', 'openai', 'http://x/v1', 1, 1)",
            "INSERT INTO ai_models (id, name, context_length, max_output_tokens, default_output_tokens, created_at, updated_at) VALUES (1, 'm', 4096, 1024, 256, 1, 1), (2, 'other', 4096, 1024, 256, 1, 1)",
            "INSERT INTO model_routes (id, model_id, provider_id, upstream_model, created_at, updated_at) VALUES (1, 1, 1, 'm-up', 1, 1)",
            "INSERT INTO price_versions (id, model_id, effective_from, rates, created_at) VALUES (1, 1, 0, 'input=1000000 output=1000000', 1)",
            "INSERT INTO model_groups (id, name, created_at, updated_at) VALUES (1, 'default', 1, 1), (2, 'second', 1, 1)",
            "INSERT INTO model_group_models (group_id, model_id) VALUES (1, 1), (2, 2)",
        ]
        try storage.database.write { connection in
            for statement in statements { try connection.execute(statement) }
        }
    }

    func id(_ role: Role) -> Int64 { Int64(Role.allCases.firstIndex(of: role) ?? 0) + 1 }

    func access(_ role: Role) async throws -> String {
        let body = AdministrationStage.credentials(AdministrationStage.email(role))
        let answer = try await ask("POST", "/api/auth/login/", body: body)
        return try #require(answer.json["access"] as? String)
    }

    func ask(
        _ method: String,
        _ path: String,
        token: String? = nil,
        body: String? = nil,
        type: String? = "application/json",
        headers: AdministrationStage.Fields = []
    ) async throws -> AdministrationStage.Answer {
        let bytes = body.map { Array($0.utf8) }
        return try await caller.ask(method, path, token: token, bytes: bytes, type: type, headers: headers)
    }

    /// A quota of the group `default`. - Returns: its id.
    func quota(of role: Role, total: String = "5.00", name: String = "default") async throws -> Int64 {
        let outcome = try await administration.quotas.grant(
            NewQuota(
                userID: UserID(id(role)),
                groupID: ModelGroupID(1),
                name: name,
                total: try Money(parsing: total),
                expiresAt: nil,
                renewal: nil
            ),
            by: .command("test"),
            once: nil
        )
        guard case .made(let detail) = outcome else { throw StorageError.misuse("made before") }
        return detail.quota.id.rawValue
    }

    /// A call that was held for twice its charge, in pico-dollars, whole millions of them.
    func call(of role: Role, key: Int64 = 1, charge: Int64, random: UInt64 = 1) async throws -> CallID {
        let id = CallID(at: clock.now, random: (random, random))
        let intent = CallIntent(
            id: id,
            userID: UserID(self.id(role)),
            keyID: APIKeyID(key),
            modelID: ModelID(1),
            routeID: RouteID(1),
            providerID: ProviderID(1),
            priceVersionID: PriceVersionID(1),
            endpoint: .chatCompletions,
            isStreamed: false,
            estimatedInputTokens: 3,
            estimatedInputPrice: Money(picoDollars: 3),
            startedAt: clock.now,
            clientAddress: "192.0.2.1",
            userAgent: "=cmd|' /C calc'!A0",
            clientRequestID: "client-\(random)"
        )
        let request = AdmissionRequest(
            call: intent,
            candidates: [
                Candidate(
                    groupID: ModelGroupID(1),
                    multiplier: .one,
                    quote: Quote(
                        fixed: Money(picoDollars: charge * 2),
                        perOutputToken: .zero,
                        outputLimit: 10,
                        lowestOutputLimit: 10
                    )
                )
            ],
            hasSpendingLimit: false
        )
        let journal = storage.journal
        let admission = await withCheckedContinuation { continuation in
            journal.admit(request) { continuation.resume(returning: $0) }
        }
        guard case .held(let hold) = admission else { throw StorageError.misuse("refused") }
        var usage = Usage()
        usage.set(.input, to: charge / 1_000_000, .reported)
        let settlement = Settlement(
            call: intent,
            hold: hold,
            result: CallResult(
                outcome: .captured,
                usage: usage,
                charge: Money(picoDollars: charge),
                cost: Money(picoDollars: charge / 2),
                flags: [],
                statusCode: 200,
                endedAt: clock.now,
                durationMilliseconds: 12,
                firstByteMilliseconds: 3,
                rawUsage: Array(#"{"prompt_tokens":\#(charge)}"#.utf8)
            )
        )
        let outcome = await withCheckedContinuation { continuation in
            journal.settle(settlement) { continuation.resume(returning: $0) }
        }
        #expect(outcome == .durable)
        return id
    }

    func expectProven() throws {
        #expect(try LedgerVerifier.verify(storage.database).differences == [])
    }
}

extension BooksStage {
    /// A route's path with a row in it that is there, of `owner` where rows have one.
    func place(_ path: String, of owner: Role = .user) async throws -> String {
        guard path.contains("{") else { return path }
        if path.contains("{request_id}") {
            _ = try? await quota(of: owner)
            clock.advance(seconds: 1)
            let id = try await call(of: owner, charge: 1_000_000)
            if path.hasSuffix("/body") { await keep(id) }
            return path.replacing("{request_id}", with: id.description)
        }
        let id: Int64
        if let row = try await catalog.target(of: path) {
            id = row
        } else if path.contains("/quotas/") {
            id = try await quota(of: owner, name: "quota \(clock.now.microseconds)")
        } else if path.contains("/keys/") {
            var changes = KeyChanges()
            changes.name = "key \(clock.now.microseconds)"
            let user = UserID(self.id(owner))
            id = try await administration.keys.create(changes, of: user, by: .command("test")).key.id.rawValue
        } else if path.contains("/alerts/") {
            id = try await raise(1, of: owner)
        } else if path.contains("/alert-channels/") {
            var changes = AlertChannelChanges()
            changes.url = WebhookURL(parsing: "https://nowhere.example/hook")
            let new = NewAlertChannel(name: "channel \(clock.now.microseconds)", kind: .slack, changes: changes)
            id = try await administration.alerting.channels.create(new, by: .command("test")).id.rawValue
        } else {
            id = self.id(owner)
        }
        clock.advance(seconds: 1)
        return path.replacing("{id}", with: "\(id)")
    }

    /// Keeps bodies of a call.
    func keep(
        _ id: CallID,
        _ capture: Capture = .full,
        request: String = "{}",
        answer: String = "{}",
        isStreamed: Bool = false
    ) async {
        @Sendable func body(_ text: String) -> CapturedBody {
            CapturedBody(bytes: Array(text.utf8), wholeBytes: Int64(text.utf8.count) + 1, isTruncated: true)
        }
        archive.sink.keep(
            CapturedCall(id: id, capture: capture, isStreamed: isStreamed) { (body(request), body(answer)) }
        )
        await archive.settled()
    }

    /// So many alerts about a quota of the owner's. - Returns: the last one's id.
    @discardableResult
    func raise(_ count: Int, of owner: Role) async throws -> Int64 {
        let user = UserID(id(owner))
        let desk = ControlDesk(writer: storage.database, reader: storage.reports) { [clock] in clock.now }
        return try await desk.write { act in
            let newest = try act.connection.query("SELECT COALESCE(MAX(id), 0) FROM alerts") { $0.int64(0) }
            let first = (newest.first ?? 0) + 1
            for period in first..<first + Int64(count) {
                var alert = Alert(kind: .quotaThreshold, severity: .warning, subject: 1, period: period)
                alert.threshold = 80
                alert.userID = user
                alert.name = "default"
                alert.amount = Money(picoDollars: 80)
                alert.total = Money(picoDollars: 100)
                try AlertRaising(act).raise([alert])
            }
            return first + Int64(count) - 1
        }
    }

    /// How many acts there are in the audit log.
    func acts() throws -> Int {
        let own = try storage.database.read { connection in
            try connection.query("SELECT COUNT(*) FROM audit_leaves WHERE kind = 2") { Int($0.int64(0)) }
        }
        return try own[0] + catalog.leaves
    }
}

extension AdministrationStage.Answer {
    /// All that is told, but for the request's own id.
    var whole: String {
        let fields = headers.filter { $0.name.canonicalName != "x-request-id" }
        return "\(status) \(fields.map { "\($0.name): \($0.value)" }.sorted()) \(text)"
    }
}
