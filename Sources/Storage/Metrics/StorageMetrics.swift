package import Domain
import Synchronization

/// Where the books stand, and what waits to get into them. Of the database itself, so that all its servers say the same;
/// of queues, what this process has.
package struct StorageMetrics: MetricsSource {
    private static let selectProviders = "SELECT id, name FROM api_providers WHERE is_active = 1 ORDER BY name"

    /// What the database was asked.
    private struct Books: Sendable {
        let work: OpenWork
        var providers: [(name: String, isFailing: Bool)] = []
    }

    private let storage: ServingStorage
    private let archive: BodyArchive
    private let desk: ControlDesk
    private let auditHalt: @Sendable () -> String?

    package init(
        storage: ServingStorage,
        archive: BodyArchive,
        desk: ControlDesk,
        auditHalt: @escaping @Sendable () -> String?
    ) {
        self.storage = storage
        self.archive = archive
        self.desk = desk
        self.auditHalt = auditHalt
    }

    package func metrics() async -> [MetricFamily] {
        let books = try? await desk.read { try Self.books($0) }
        return Self.families(books) + queues(isAnswering: books != nil) + bodies + files
    }

    private static func books(_ connection: any SQLConnection) throws -> Books {
        var books = Books(work: try OpenWork(connection))
        let providers = try connection.query(selectProviders) { ($0.int64(0), $0.text(1)) }
        books.providers = try providers.map { id, name in
            let failing = try AlertRows.last(.providerFailing, of: id, connection)?.period ?? 0
            let recovered = try AlertRows.last(.providerRecovered, of: id, connection)?.period ?? 0
            return (name, failing > recovered)
        }
        return books
    }

    private static func families(_ books: Books?) -> [MetricFamily] {
        var calls = MetricFamily.gauge("tokenaudit_ledger_calls", "Calls of the books that hold money, by their state.")
        var quarantined = MetricFamily.gauge("tokenaudit_quarantined_records", "Records that could not be booked.")
        var failing = MetricFamily.gauge(
            "tokenaudit_provider_failing",
            "1 while alerts say that too many calls of an active provider fail."
        )
        if let books {
            calls.add([.init("state", CallState.open.name)], MetricNumber(books.work.open))
            calls.add([.init("state", CallState.uncertain.name)], MetricNumber(books.work.uncertain))
            quarantined.add([], MetricNumber(books.work.quarantined))
            for provider in books.providers {
                failing.add([.init("provider", provider.name)], MetricNumber(provider.isFailing))
            }
        }
        return [calls, quarantined, failing]
    }

    private func queues(isAnswering: Bool) -> [MetricFamily] {
        let journal = storage.journal
        return [
            .gauge(
                "tokenaudit_ready",
                "1 while calls can be admitted: what /readyz says.",
                MetricNumber(isAnswering && journal.isReady)
            ),
            .gauge(
                "tokenaudit_ledger_queue_depth",
                "Admissions and settlements that wait for the journal's writer.",
                MetricNumber(journal.queue.withLock(\.waiting))
            ),
            .gauge(
                "tokenaudit_ledger_unsettled",
                "Settlements that are not in the database yet.",
                MetricNumber(journal.unsettled + journal.spooled)
            ),
            .gauge(
                "tokenaudit_ledger_spooled",
                "Those of them that the database did not take: they wait in the spool.",
                MetricNumber(journal.spooled)
            ),
            .gauge(
                "tokenaudit_audit_halted",
                "1 while the audit log is signed no more.",
                MetricNumber(auditHalt() != nil)
            ),
        ]
    }

    private var bodies: [MetricFamily] {
        let figures = archive.writer.figures
        return [
            .gauge(
                "tokenaudit_bodies_queue_depth",
                "Calls whose bodies wait to be written.",
                MetricNumber(figures.waiting)
            ),
            .counter(
                "tokenaudit_bodies_dropped",
                "Calls whose bodies could not be kept.",
                MetricNumber(figures.dropped)
            ),
        ]
    }

    /// A database server's are its own to tell of.
    private var files: [MetricFamily] {
        var database = MetricFamily.gauge("tokenaudit_database_bytes", "The embedded database's file.")
        var log = MetricFamily.gauge("tokenaudit_database_wal_bytes", "Its write-ahead log.")
        if let files = DatabaseFiles(storage) {
            database.add([], MetricNumber(files.bytes))
            log.add([], MetricNumber(files.logBytes))
        }
        return [database, log]
    }
}
