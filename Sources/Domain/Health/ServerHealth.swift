/// How one server and its books are, for the people who run them: nothing secret, no address, no path.
package struct ServerHealth: Hashable, Sendable {
    package let version: String
    package let startedAt: Instant
    package let now: Instant
    /// `sqlite`, `postgres`, `mysql`.
    package let engine: String
    /// Nil where the database does not answer.
    package let books: BooksHealth?
    package let journal: JournalHealth
    /// Why the audit log is signed no more, as far as this server knows.
    package let auditHalt: String?
    package let bodies: BodiesHealth
    /// For how long what is kept for a while is kept, in seconds; nil: for ever.
    package let bodiesKeptSeconds: Int64?
    package let rawUsageKeptSeconds: Int64?
    /// Of an embedded database and of its write-ahead log.
    package let fileBytes: Int64?
    package let logBytes: Int64?

    package init(
        version: String,
        startedAt: Instant,
        now: Instant,
        engine: String,
        books: BooksHealth?,
        journal: JournalHealth,
        auditHalt: String?,
        bodies: BodiesHealth,
        bodiesKeptSeconds: Int64?,
        rawUsageKeptSeconds: Int64?,
        fileBytes: Int64?,
        logBytes: Int64?
    ) {
        self.version = version
        self.startedAt = startedAt
        self.now = now
        self.engine = engine
        self.books = books
        self.journal = journal
        self.auditHalt = auditHalt
        self.bodies = bodies
        self.bodiesKeptSeconds = bodiesKeptSeconds
        self.rawUsageKeptSeconds = rawUsageKeptSeconds
        self.fileBytes = fileBytes
        self.logBytes = logBytes
    }
}

/// The journal of this server: what waits to get into the books.
package struct JournalHealth: Hashable, Sendable {
    /// Calls are admitted.
    package var isReady = true
    /// The database takes nothing; settlements go to the spool.
    package var isAway = false
    /// Settlements fail alike: nothing is admitted until they are booked.
    package var isHalted = false
    package var waitingAdmissions = 0
    /// Also those in the writer's hands.
    package var waitingSettlements = 0
    /// Calls that wait for admission or run.
    package var runningCalls = 0
    /// Settlements in the spool that the database does not have.
    package var spooled = 0
    /// Room taken in the spool, and all there is, in records.
    package var spoolRecords = 0
    package var spoolCapacity = 0

    package init() {}
}

/// Bodies that this server keeps beside the calls.
package struct BodiesHealth: Hashable, Sendable {
    package let waiting: Int64
    package let dropped: Int64

    package init(waiting: Int64, dropped: Int64) {
        self.waiting = waiting
        self.dropped = dropped
    }
}

/// What the database says, all of one moment.
package struct BooksHealth: Hashable, Sendable {
    package struct Audit: Hashable, Sendable {
        package let origin: String
        package let size: Int64
        /// When the newest checkpoint was signed; nil before the first.
        package let signedAt: Instant?
        /// Every leaf that was committed before has its place.
        package let caughtUpAt: Instant?

        package init(origin: String, size: Int64, signedAt: Instant?, caughtUpAt: Instant?) {
            self.origin = origin
            self.size = size
            self.signedAt = signedAt
            self.caughtUpAt = caughtUpAt
        }
    }

    package struct Replica: Hashable, Sendable {
        package let id: ReplicaID
        package let startedAt: Instant
        /// Nil where servers need not beat, since there is but one.
        package let beatAt: Instant?
        package let isThis: Bool

        package init(id: ReplicaID, startedAt: Instant, beatAt: Instant?, isThis: Bool) {
            self.id = id
            self.startedAt = startedAt
            self.beatAt = beatAt
            self.isThis = isThis
        }
    }

    /// A table that is kept in ranges of time.
    package struct Ranges: Hashable, Sendable {
        package let table: String
        package let count: Int
        /// The end of the newest one.
        package let until: Instant?

        package init(table: String, count: Int, until: Instant?) {
            self.table = table
            self.count = count
            self.until = until
        }
    }

    package struct Statistics: Hashable, Sendable {
        /// Zones that days and months are kept of.
        package let zones: [String]
        /// Quarters of an hour before this are gone.
        package let quartersSince: Instant
        /// The last quarter that was added to days and months; nil before the first.
        package let foldedUntil: Instant?

        package init(zones: [String], quartersSince: Instant, foldedUntil: Instant?) {
            self.zones = zones
            self.quartersSince = quartersSince
            self.foldedUntil = foldedUntil
        }
    }

    /// Of the database's clock.
    package let now: Instant
    /// What the smallest question took there and back.
    package let latencyMicroseconds: Int64
    package let openCalls: Int64
    package let uncertainCalls: Int64
    package let quarantined: Int64
    /// Nil before the audit log has begun.
    package let audit: Audit?
    /// Those that have not ended, newest first.
    package let replicas: [Replica]
    package let ranges: [Ranges]
    package let statistics: Statistics

    package init(
        now: Instant,
        latencyMicroseconds: Int64,
        openCalls: Int64,
        uncertainCalls: Int64,
        quarantined: Int64,
        audit: Audit?,
        replicas: [Replica],
        ranges: [Ranges],
        statistics: Statistics
    ) {
        self.now = now
        self.latencyMicroseconds = latencyMicroseconds
        self.openCalls = openCalls
        self.uncertainCalls = uncertainCalls
        self.quarantined = quarantined
        self.audit = audit
        self.replicas = replicas
        self.ranges = ranges
        self.statistics = statistics
    }
}

/// Tells how a server is.
package protocol HealthSource: Sendable {
    func health() async -> ServerHealth
}
