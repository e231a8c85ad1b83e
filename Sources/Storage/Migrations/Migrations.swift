package import Domain
import Glibc

/// A step of the schema, never edited once released. Additive ones are run by `serve` and `apply`, others by `migrate`.
///
/// MariaDB commits each statement that defines something; a step that was cut off begins anew there, so its INSERTs may not mind
/// what is there already. On PostgreSQL a step is one transaction: it changes no two tables that ledger transactions name in
/// either order (calls and grants), or under load it would lose against them again and again.
package struct Migration: Sendable {
    package let version: Int64
    package let name: String
    package let isAdditive: Bool
    let statements: [String]
    /// What only PostgreSQL has, after those.
    var onPostgres: [String] = []
}

package enum Migrations {
    package static let all: [Migration] =
        [
            .schema, .audit, .statistics, .rateLimits, .renewals, .bodies, .idempotency, .alerts, .replicas,
            .rateBuckets, .partitions, .playgroundKeys, .flows,
        ] + Migration.rehearsals
    package static let newest: Int64 = all.last?.version ?? 0
    /// Of a step, where others are in the way: for some tens of seconds.
    private static let attempts = 60
    /// What came before was never released.
    private static let oldest: Int64 = all.first?.version ?? 0

    /// The schema's version; 0 for an empty database.
    package static func version(of database: any Database) throws -> Int64 {
        do { return try readVersion(of: database) } catch StorageError.contended {
            // The table was being made.
            return try readVersion(of: database)
        }
    }

    private static func readVersion(of database: any Database) throws -> Int64 {
        try database.read { connection in
            let isThere = try connection.query(connection.dialect.tableExists, .text("schema_migrations")) {
                $0.int64(0)
            }
            guard isThere.first == 1 else { return 0 }
            return try connection.query("SELECT COALESCE(MAX(version), 0) FROM schema_migrations") { $0.int64(0) }.first
                ?? 0
        }
    }

    /// Brings the schema to ``newest``, one transaction a step. - Returns: the steps taken.
    /// - Throws: `StorageError.unusable` for a database newer than this program or older than the first release, or where
    ///   a step needs `migrate`.
    @discardableResult
    package static func run(on database: any Database, additiveOnly: Bool, now: Instant) throws -> [Migration] {
        let version = try version(of: database)
        guard version <= newest else {
            throw StorageError.unusable("it has schema \(version), this program knows \(newest)")
        }
        guard version == 0 || version >= oldest else {
            throw StorageError.unusable("it was made before the first release; begin with a new one")
        }
        var taken: [Migration] = []
        for migration in all where migration.version > version {
            guard migration.isAdditive || !additiveOnly else {
                throw StorageError.unusable("schema \(migration.version) needs 'tokenaudit migrate'")
            }
            try patiently(on: database) { connection in
                try connection.execute(
                    "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
                )
                // Another process may have been faster; the lock is ours now.
                let isTaken = try connection.query(
                    "SELECT COUNT(*) FROM schema_migrations WHERE version = ?",
                    .integer(migration.version)
                ) { $0.int64(0) }
                guard isTaken.first == 0 else { return }
                for statement in migration.statements { try connection.execute(statement) }
                if connection.dialect == .postgres {
                    for statement in migration.onPostgres { try connection.execute(statement) }
                }
                try IdentityRows.advance(connection)
                try connection.execute(
                    "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?)",
                    .integer(migration.version),
                    .text(migration.name),
                    SQLValue(now)
                )
            }
            taken.append(migration)
        }
        return taken
    }

    /// A transaction that defines something, beside servers that use the tables: it waits for each only shortly, since all others
    /// wait behind it, and comes again later.
    private static func patiently(
        on database: any Database,
        _ body: (any SQLConnection) throws -> Void
    ) throws {
        for attempt in 1... {
            do {
                return try database.write { connection in
                    guard let patience = connection.dialect.definingPatience else { return try body(connection) }
                    try connection.execute(patience.before)
                    defer { _ = try? connection.execute(patience.after) }
                    try body(connection)
                }
            } catch StorageError.contended(let cause) {
                guard attempt < attempts else { throw StorageError.contended(cause) }
                usleep(UInt32.random(in: 50_000...150_000))
            }
        }
    }
}
