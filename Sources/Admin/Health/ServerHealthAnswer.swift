import Domain

/// A server's health as JSON. Ages are told by the clock of whoever wrote the instant they count from.
struct ServerHealthAnswer: Encodable {
    enum Status: String, CaseIterable {
        case ok
        /// Calls go on; somebody should look.
        case degraded
        /// No call is admitted.
        case unavailable
    }

    struct Database: Encodable {
        let engine: String
        let is_answering: Bool
        @OrNull var latency_us: Int64?
        @OrNull var bytes: Int64?
        @OrNull var wal_bytes: Int64?
    }

    struct Journal: Encodable {
        let is_ready: Bool
        let is_away: Bool
        let is_halted: Bool
        let waiting_admissions: Int
        let waiting_settlements: Int
        let running_calls: Int
        let spooled: Int
        let spool_records: Int
        let spool_capacity: Int
    }

    struct Calls: Encodable {
        let open: Int64
        let uncertain: Int64
        let quarantined: Int64
    }

    struct Audit: Encodable {
        @OrNull var origin: String?
        let tree_size: Int64
        @OrNull var signed_at: String?
        @OrNull var signed_age_s: Int64?
        @OrNull var caught_up_at: String?
        @OrNull var caught_up_age_s: Int64?
        @OrNull var halt: String?
    }

    struct Replica: Encodable {
        let id: Int64
        let started_at: String
        @OrNull var beat_age_s: Int64?
        @OrNull var version: String?
        let is_this: Bool
    }

    struct Ranges: Encodable {
        let table: String
        let count: Int
        @OrNull var until: String?
    }

    struct Retention: Encodable {
        @OrNull var bodies_s: Int64?
        @OrNull var raw_usage_s: Int64?
        @OrNull var quarters_since: String?
        let ranges: [Ranges]
    }

    struct Statistics: Encodable {
        let zones: [String]
        @OrNull var folded_until: String?
    }

    struct Bodies: Encodable {
        let waiting: Int64
        let dropped: Int64
    }

    let status: String
    let version: String
    let started_at: String
    let uptime_s: Int64
    let database: Database
    let journal: Journal
    @OrNull var calls: Calls?
    let audit: Audit
    let replicas: [Replica]
    let retention: Retention
    let statistics: Statistics
    let bodies: Bodies
}

extension ServerHealthAnswer {
    init(_ health: ServerHealth) {
        let (books, journal) = (health.books, health.journal)
        status = Self.status(health).rawValue
        version = health.version
        started_at = health.startedAt.description
        uptime_s = Self.seconds(from: health.startedAt, to: health.now)
        database = Database(
            engine: health.engine,
            is_answering: books != nil,
            latency_us: books?.latencyMicroseconds,
            bytes: health.fileBytes,
            wal_bytes: health.logBytes
        )
        self.journal = Journal(
            is_ready: journal.isReady,
            is_away: journal.isAway,
            is_halted: journal.isHalted,
            waiting_admissions: journal.waitingAdmissions,
            waiting_settlements: journal.waitingSettlements,
            running_calls: journal.runningCalls,
            spooled: journal.spooled,
            spool_records: journal.spoolRecords,
            spool_capacity: journal.spoolCapacity
        )
        calls = books.map {
            Calls(open: $0.openCalls, uncertain: $0.uncertainCalls, quarantined: $0.quarantined)
        }
        let log = books?.audit
        audit = Audit(
            origin: log?.origin,
            tree_size: log?.size ?? 0,
            signed_at: log?.signedAt?.description,
            signed_age_s: log?.signedAt.map { Self.seconds(from: $0, to: health.now) },
            caught_up_at: log?.caughtUpAt?.description,
            caught_up_age_s: log?.caughtUpAt.map { Self.seconds(from: $0, to: health.now) },
            halt: health.auditHalt
        )
        replicas = (books?.replicas ?? []).map { replica in
            Replica(
                id: replica.id.rawValue,
                started_at: replica.startedAt.description,
                beat_age_s: replica.beatAt.map { Self.seconds(from: $0, to: books?.now ?? health.now) },
                version: replica.isThis ? health.version : nil,
                is_this: replica.isThis
            )
        }
        retention = Retention(
            bodies_s: health.bodiesKeptSeconds,
            raw_usage_s: health.rawUsageKeptSeconds,
            quarters_since: books?.statistics.quartersSince.description,
            ranges: (books?.ranges ?? []).map {
                Ranges(table: $0.table, count: $0.count, until: $0.until?.description)
            }
        )
        statistics = Statistics(
            zones: books?.statistics.zones ?? [],
            folded_until: books?.statistics.foldedUntil?.description
        )
        bodies = Bodies(waiting: health.bodies.waiting, dropped: health.bodies.dropped)
    }

    private static func status(_ health: ServerHealth) -> Status {
        guard let books = health.books, health.journal.isReady else { return .unavailable }
        let isWell =
            health.auditHalt == nil && health.journal.spooled == 0 && books.quarantined == 0
            && books.uncertainCalls == 0
        return isWell ? .ok : .degraded
    }

    private static func seconds(from start: Instant, to end: Instant) -> Int64 {
        max(0, end.microseconds - start.microseconds) / 1_000_000
    }
}

extension ServerHealthAnswer {
    static let shape = Shape.object(
        "ServerHealth",
        [
            "status": .choice(Status.allCases.map(\.rawValue)).noted(
                "unavailable: no call is admitted; degraded: settlements wait in the spool, records are in quarantine, calls are uncertain, or the audit log is halted."
            ),
            "version": .text, "started_at": .instant, "uptime_s": .count,
            "database": .object(
                "DatabaseHealth",
                [
                    "engine": .choice(["sqlite", "postgres", "mysql"]), "is_answering": .flag,
                    "latency_us": .count.nullable().noted("What the smallest question took there and back."),
                    "bytes": .count.nullable().noted("Of an embedded database."), "wal_bytes": .count.nullable(),
                ]
            ),
            "journal": .object(
                "JournalHealth",
                [
                    "is_ready": .flag,
                    "is_away": .flag.noted("The database takes nothing: settlements go to the spool."),
                    "is_halted": .flag.noted("Settlements fail alike: nothing is admitted until they are booked."),
                    "waiting_admissions": .count, "waiting_settlements": .count, "running_calls": .count,
                    "spooled": .count.noted("Settlements that are in the spool and not in the database."),
                    "spool_records": .count, "spool_capacity": .count,
                ]
            ),
            "calls": .object(
                "OpenWork",
                ["open": .count, "uncertain": .count, "quarantined": .count]
            ).nullable().noted("Of the books, all servers together."),
            "audit": .object(
                "AuditHealth",
                [
                    "origin": .text.nullable(), "tree_size": .count, "signed_at": .instant.nullable(),
                    "signed_age_s": .count.nullable(),
                    "caught_up_at": .instant.nullable().noted("All that was written before has its place."),
                    "caught_up_age_s": .count.nullable(), "halt": .text.nullable(),
                ]
            ),
            "replicas": .list(
                .object(
                    "ReplicaHealth",
                    [
                        "id": .id, "started_at": .instant,
                        "beat_age_s": .count.nullable().noted("Null where there is but one, which need not beat."),
                        "version": .text.nullable(), "is_this": .flag,
                    ]
                )
            ),
            "retention": .object(
                "RetentionHealth",
                [
                    "bodies_s": .count.nullable(), "raw_usage_s": .count.nullable().noted("Null: for ever."),
                    "quarters_since": .instant.nullable(),
                    "ranges": .list(
                        .object("RangesHealth", ["table": .text, "count": .count, "until": .instant.nullable()])
                    ).noted("PostgreSQL's."),
                ]
            ),
            "statistics": .object(
                "StatisticsHealth",
                ["zones": .list(.text), "folded_until": .instant.nullable()]
            ),
            "bodies": .object("BodiesHealth", ["waiting": .count, "dropped": .count]),
        ]
    )
}
