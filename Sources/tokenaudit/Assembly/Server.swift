import Admin
import CPrctl
import Dialects
import Domain
import Gateway
import Glibc
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Storage
import UnixSignals

/// Puts the planes together on one port, and takes them apart in the order that loses nothing.
struct Server {
    let loaded: SettingsLoader.Loaded
    let logger: Logger

    private var settings: Settings { loaded.settings }

    /// Serves until SIGTERM or SIGINT.
    func run() async throws {
        let started = ContinuousClock.now
        let startedAt = Clock.now()
        signal(SIGPIPE, SIG_IGN)
        if !settings.allowsCoreDumps { ProcessLimits.forbidCoreDumps(logger: logger) }
        // What is made here holds digests and sealed keys: for its owner alone.
        umask(0o077)
        ProcessLimits.raiseOpenFiles(logger: logger)
        let notice = SystemdNotice(environment: SettingsOptions.environment())
        let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops ?? System.coreCount)
        let storage = try openStorage()
        let vault = try OpenedBooks.vault(settings, database: storage.database, logger: logger)
        let secrets = SecretStore(database: storage.database)
        let digester = PepperedDigester(try secrets.pepper(vault, now: Clock.now()))
        let archive = BodyArchive(
            beside: storage.path,
            database: storage.database,
            vault: vault,
            logger: logger,
            clock: Clock.now
        )
        let capture = BodyCapture(sink: archive.sink, budgetBytes: settings.bodies.heldBytes)
        let live = LiveSettings(loaded, capture: capture, logger: logger)
        let directory = try StorageDirectory(
            database: storage.database,
            vault: vault,
            logger: logger,
            settings: live,
            listener: storage.listener
        )
        directory.start()
        let traces = settings.traces.endpoint.map { _ in TraceQueue() }
        let gateway = try Gateway(
            directory: directory,
            journal: storage.journal,
            digester: digester,
            settings: settings.gateway,
            eventLoopGroup: group,
            logger: logger,
            capture: capture,
            tracing: traces.map { CallTracing(sink: $0, millionths: settings.traces.sampleMillionths) },
            rateCounter: storage.rates
        )
        let database = storage.database
        let desk = ControlDesk(writer: database, reader: storage.reports, clock: Clock.now)
        let zones = ZoneFiles()
        let statistics = StatisticsService(
            fold: PeriodFold(database: database, zones: try keptZones(zones)),
            hasDuty: storage.hasDuty,
            now: Clock.now,
            logger: logger
        )
        let pinned = PinnedClient(allowsPrivate: settings.gateway.allowsPrivateUpstreams) { host, port in
            let found = try? await NIOThreadPool.singleton.runIfActive { HostAddresses.all(of: host, port: port) }
            return (found ?? []).compactMap(\.ipAddress)
        }
        let sender = AlertSender(client: pinned)
        let sessionKey = try secrets.sessionKey(vault, now: Clock.now())
        let signer = AuditSigner(
            database: database,
            reader: storage.reports,
            key: try secrets.signerKey(vault, now: Clock.now()),
            file: CheckpointFile(database: storage.path),
            logger: logger,
            clock: Clock.now
        )
        let published: (@Sendable () -> String?)? = storage.isAlone ? { @Sendable in signer.checkpoint } : nil
        let administration = Administration(
            accounts: AccountStore(desk: desk, digester: digester),
            quotas: QuotaStore(desk: desk, zones: zones),
            keys: KeyStore(desk: desk, digester: digester),
            calls: CallStore(desk: desk) { live.rawUsageKeptSeconds },
            bodies: BodyStore(archive: archive, desk: desk) { live.bodiesKeptSeconds },
            answers: OpenAIAnswerReader(),
            settings: SettingsOffice(live: live, store: SettingStore(desk: desk)),
            acts: ActStore(desk: desk),
            proofs: ProofStore(desk: desk, published: published),
            health: HealthStore(
                storage: storage,
                archive: archive,
                desk: desk,
                version: BuildVersion.text,
                startedAt: startedAt,
                bodiesKeptSeconds: { live.bodiesKeptSeconds },
                rawUsageKeptSeconds: { live.rawUsageKeptSeconds },
                auditHalt: { signer.halt }
            ),
            sessions: SessionTable(desk: desk),
            statistics: StatisticsStore(desk: desk, zones: zones),
            passwords: Passwords(),
            accessTokens: try await AccessTokens(seed: sessionKey.bytes, keyID: "session-\(sessionKey.version)"),
            catalog: CatalogDesk(
                providers: ProviderStore(desk: desk, vault: vault),
                models: ModelStore(desk: desk),
                prices: PriceStore(desk: desk),
                groups: GroupStore(desk: desk),
                client: ProviderClient(client: pinned)
            ),
            alerting: Alerting(
                desk: AlertDeskStore(desk: desk),
                channels: AlertChannelStore(desk: desk, vault: vault),
                sender: sender,
                now: Clock.now
            ),
            allowsInsecureHTTP: settings.allowsInsecureHTTP,
            uptime: { ContinuousClock.now - started },
            now: Clock.now
        )
        let watch = AlertWatch(desk: desk) { signer.halt }
        let outbox = AlertOutboxStore(desk: desk, vault: vault)
        let storageMetrics = StorageMetrics(storage: storage, archive: archive, desk: desk) { signer.halt }
        let controlPlane = ControlPlane(
            sources: .init(
                directory: directory,
                digester: digester,
                reports: StorageReports(database: storage.reports, now: Clock.now),
                journal: storage.journal,
                isDatabaseReady: storage.isAnswering,
                now: Clock.now,
                trustedProxies: settings.gateway.trustedProxies,
                audit: signer,
                version: BuildVersion.text,
                administration: administration,
                metrics: ServerMetrics(
                    sources: [gateway, storageMetrics, traces ?? TraceQueue(), ProcessMetrics()],
                    version: BuildVersion.text
                ),
                metricsAccess: MetricsAccess(addresses: settings.metrics.addresses, token: settings.metrics.token)
            )
        )
        // Hummingbird tells where it listens too, in words that change; ours are for programs.
        var serverLogger = logger
        serverLogger.logLevel = max(logger.logLevel, .notice)
        let application = Application(
            responder: controlPlane.buildResponder(),
            server: .init { responder in GatewayChannel(gateway: gateway, responder: responder) },
            configuration: .init(
                address: .hostname(settings.listen.host, port: settings.listen.port),
                serverName: nil,
                backlog: 4_096
            ),
            onServerRunning: { channel in
                announce(channel, started: started)
                if notice?.tell(.ready) == false { logger.warning("systemd could not be told") }
            },
            eventLoopGroupProvider: .shared(group),
            logger: serverLogger
        )
        // Shut down from the last to the first: the grace period begins, the port closes, running calls end and are
        // booked, the journal empties, the database closes.
        let services = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: WatchdogService(notice: notice, group: group)),
                    .init(
                        service: StorageService(
                            storage: storage,
                            archive: archive,
                            directory: directory,
                            signer: signer,
                            logger: logger
                        )
                    ),
                    .init(service: SigningService(signer: signer, hasDuty: storage.hasDuty)),
                    .init(service: statistics),
                    .init(service: BodyRetentionService(archive: archive, live: live, logger: logger)),
                    .init(
                        service: UsageRetentionService(
                            retention: UsageRetention(database: database, clock: Clock.now),
                            live: live,
                            hasDuty: storage.hasDuty,
                            logger: logger
                        )
                    ),
                    .init(
                        service: RenewalService(
                            renewals: QuotaRenewals(desk: desk, zones: zones),
                            hasDuty: storage.hasDuty,
                            logger: logger
                        )
                    ),
                ] + partitionServices(storage) + [
                    .init(service: AlertWatchService(watch: watch, hasDuty: storage.hasDuty, logger: logger)),
                    .init(
                        service: AlertDeliveryService(
                            outbox: outbox,
                            courier: AlertCourier(outbox: outbox, sender: sender, logger: logger, now: Clock.now),
                            isAlone: storage.isAlone,
                            logger: logger
                        )
                    ),
                ] + traceServices(traces) + [
                    .init(service: LiveService(live: administration.live, logger: logger)),
                    .init(service: ExchangesService(gateway: gateway)),
                    .init(service: application),
                    .init(
                        service: GraceService(
                            gateway: gateway,
                            live: administration.live,
                            notice: notice,
                            logger: logger
                        )
                    ),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await services.run()
        try await group.shutdownGracefully()
        logger.info("stopped")
    }

    private func traceServices(_ queue: TraceQueue?) -> [ServiceGroupConfiguration.ServiceConfiguration] {
        guard let queue, let endpoint = settings.traces.endpoint else { return [] }
        let exporter = TraceExporter(
            queue: queue,
            endpoint: endpoint,
            headers: settings.traces.headers.map { ($0.name, $0.value) },
            version: BuildVersion.text,
            logger: logger
        )
        return [.init(service: TraceService(exporter: exporter))]
    }

    private func partitionServices(
        _ storage: ServingStorage
    ) -> [ServiceGroupConfiguration.ServiceConfiguration] {
        guard let upkeep = PartitionUpkeep(storage.database) else { return [] }
        let service = PartitionService(upkeep: upkeep, hasDuty: storage.hasDuty, now: Clock.now, logger: logger)
        return [.init(service: service)]
    }

    private func keptZones(_ zones: ZoneFiles) throws -> [Zone] {
        try settings.statisticsTimeZones.map { name in
            guard let zone = zones.zone(named: name) else {
                throw InputProblem(source: "statistics.time_zones", reason: "no time zone '\(name)' is known here")
            }
            return zone
        }
    }

    private func openStorage() throws -> ServingStorage {
        var journal = JournalSettings()
        journal.keepsRawUsage = settings.keepRawUsage
        let storage: ServingStorage
        do {
            switch settings.database {
            case .sqlite(let path):
                try Folder.make(for: path)
                storage = try EmbeddedStorage(
                    path: path,
                    settings: journal,
                    uncertainPolicy: settings.uncertainPolicy,
                    logger: logger,
                    clock: Clock.now
                ).serving
            case .postgres(let url): storage = try shared(.postgres(url, readers: SharedStorage.readers), journal)
            case .mysql(let url): storage = try shared(.mariaDB(url, readers: SharedStorage.readers), journal)
            }
        } catch StorageError.busy {
            throw InputProblem(
                source: settings.database.description,
                reason: "another server has this database; one file has one server"
            )
        } catch let error as StorageError {
            throw InputProblem(source: settings.database.description, reason: error.description)
        }
        if storage.recovery.deadReplicas > 0 {
            logger.notice(
                "recovered from an earlier process that did not end cleanly",
                metadata: [
                    "resolved_calls": "\(storage.recovery.resolvedCalls)",
                    "spooled_settlements": "\(storage.recovery.spooledSettlements)",
                    "policy": "\(settings.uncertainPolicy.rawValue)",
                ]
            )
        }
        return storage
    }

    private func shared(_ database: ServerDatabase, _ journal: JournalSettings) throws -> ServingStorage {
        try Folder.make(for: settings.spoolFolder + "/")
        return try SharedStorage(
            database,
            folder: settings.spoolFolder,
            settings: journal,
            deadNanoseconds: UInt64(settings.uncertainAfterSeconds * 1e9),
            uncertainPolicy: settings.uncertainPolicy,
            logger: logger,
            clock: Clock.now
        ).serving
    }

    /// Says where it listens: for programs in the log, for people on standard output.
    private func announce(_ channel: any Channel, started: ContinuousClock.Instant) {
        let port = channel.localAddress?.port ?? settings.listen.port
        let address = Settings.ListenAddress(host: settings.listen.host, port: port)
        let elapsed = (ContinuousClock.now - started).components
        let milliseconds = elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000
        logger.info(
            "listening",
            metadata: ["address": "\(address)", "port": "\(port)", "start_ms": "\(milliseconds)"]
        )
        let line = Array(
            "tokenaudit \(BuildVersion.text) listens on http://\(address)\nsign in at http://\(address)/api/auth/login/; http://\(address)/docs says how\n"
                .utf8
        )
        _ = write(STDOUT_FILENO, line, line.count)
    }
}

enum ProcessLimits {
    /// Memory holds keys of all kinds: a crash must not leave it in a file, nor may a process of the same user read it.
    /// Where cores go to a program, only the second of these counts.
    static func forbidCoreDumps(logger: Logger) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_CORE.rawValue)
        let isKnown = getrlimit(resource, &limit) == 0
        limit.rlim_cur = 0
        let isLimited = isKnown && setrlimit(resource, &limit) == 0
        if tokenaudit_set_dumpable(0) != 0 || !isLimited { logger.warning("core dumps may still be written") }
    }

    /// Every call takes two descriptors; the usual soft limit of 1,024 would be reached first.
    static func raiseOpenFiles(logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            logger.warning("the limit of open files stays as it is", metadata: ["limit": "\(limit.rlim_cur)"])
        }
    }
}
