package import Domain
package import Logging

/// The bodies of calls: their file, their keys, and who writes them and takes them away.
package final class BodyArchive: Sendable {
    /// Rows deleted in a transaction, and pages given back after it: each takes a few milliseconds of its own file.
    private static let rowsAtOnce: Int64 = 32
    private static let pagesAtOnce = 4_096

    let file: BodyDatabase
    let keys: BodyKeys
    let writer: BodyWriter
    let clock: @Sendable () -> Instant
    /// For who looks at bodies, apart from those of the books.
    private let readers = BoundedThreads(label: "tokenaudit.bodies.readers", width: 2, waiting: 62)

    /// - Parameter path: of the embedded database. Nothing is opened until a body comes or is looked for.
    package init(
        beside path: String,
        database: any Database,
        vault: Vault,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        file = BodyDatabase(beside: path)
        keys = BodyKeys(database: database, vault: vault)
        writer = BodyWriter(file: file, keys: keys, logger: logger, clock: clock)
        self.clock = clock
    }

    package var sink: any BodySink { writer }

    func reading<Value: Sendable>(
        _ body: @escaping @Sendable (BodyArchive) throws -> Value
    ) async throws(DeskError) -> Value {
        do {
            return try await readers.run { [self] in try body(self) }
        } catch { throw DeskError(error) }
    }

    /// Takes away some of what is older than `seconds`, and the keys of days of which nothing is left; on a thread of its
    /// own. - Returns: true if there is more.
    package func expire(keptSeconds seconds: Int64) async throws -> Bool {
        try await BlockingThreads.run { [self] in try expireStep(keptSeconds: seconds) }
    }

    func expireStep(keptSeconds seconds: Int64) throws -> Bool {
        guard file.isThere else { return false }
        let cut = KeptTime.cut(now: clock(), keptSeconds: seconds)
        let count = try file.write {
            try BodyRows.expire(before: .first(at: cut), most: Self.rowsAtOnce, $0)
        }
        try file.withWriter { connection in
            // A row a page.
            _ = try connection.query("PRAGMA incremental_vacuum(\(Self.pagesAtOnce))") { _ in () }
        }
        if count == Self.rowsAtOnce { return true }
        // What was kept at or after the cut was sealed on that day or later.
        try keys.destroy(before: BodyKey.day(of: cut))
        return false
    }

    /// Returns when all that waits is written or dropped.
    package func settled() async { await writer.settled() }

    /// Writes what waits, then closes.
    package func stop() async {
        await writer.stop()
        file.close()
    }
}

/// How long what belongs to a call is kept: by when the call began.
enum KeptTime {
    static func cut(now: Instant, keptSeconds seconds: Int64) -> Instant {
        Instant(microseconds: max(0, now.microseconds - seconds * 1_000_000))
    }

    static func end(of id: CallID, keptSeconds seconds: Int64) -> Instant {
        Instant(microseconds: id.time.microseconds + seconds * 1_000_000)
    }
}
