package import Domain

/// How this server is: its journal's queues, and what its database says.
package struct HealthStore: HealthSource {
    private let storage: ServingStorage
    private let archive: BodyArchive
    private let desk: ControlDesk
    private let version: String
    private let startedAt: Instant
    private let bodiesKeptSeconds: @Sendable () -> Int64?
    private let rawUsageKeptSeconds: @Sendable () -> Int64?
    private let auditHalt: @Sendable () -> String?

    /// - Parameters:
    ///   - bodiesKeptSeconds: the setting of now; nil: for ever. The same of raw usage.
    package init(
        storage: ServingStorage,
        archive: BodyArchive,
        desk: ControlDesk,
        version: String,
        startedAt: Instant,
        bodiesKeptSeconds: @escaping @Sendable () -> Int64?,
        rawUsageKeptSeconds: @escaping @Sendable () -> Int64?,
        auditHalt: @escaping @Sendable () -> String?
    ) {
        self.storage = storage
        self.archive = archive
        self.desk = desk
        self.version = version
        self.startedAt = startedAt
        self.bodiesKeptSeconds = bodiesKeptSeconds
        self.rawUsageKeptSeconds = rawUsageKeptSeconds
        self.auditHalt = auditHalt
    }

    package func health() async -> ServerHealth {
        let reader = BooksHealthReader(replica: storage.replica, isAlone: storage.isAlone, clock: desk.clock)
        let books = try? await desk.read { try reader.read($0) }
        let figures = archive.writer.figures
        let files = DatabaseFiles(storage)
        return ServerHealth(
            version: version,
            startedAt: startedAt,
            now: desk.clock(),
            engine: storage.engine,
            books: books,
            journal: storage.journal.health,
            auditHalt: auditHalt(),
            bodies: BodiesHealth(waiting: Int64(figures.waiting), dropped: Int64(figures.dropped)),
            bodiesKeptSeconds: bodiesKeptSeconds(),
            rawUsageKeptSeconds: rawUsageKeptSeconds(),
            fileBytes: files?.bytes,
            logBytes: files?.logBytes
        )
    }
}
