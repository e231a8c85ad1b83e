/// An engine's SQL. Statements are written once, in what SQLite has in common with the others; the few forms that differ are
/// rewritten as a connection prepares them:
///
/// | written | PostgreSQL | MariaDB |
/// |---|---|---|
/// | `?` | `$1` … | |
/// | `a IS ?`, `a IS NOT ?` | `IS [NOT] DISTINCT FROM` | `<=>` |
/// | `MAX(a, b)`, `MIN(a, b)` | `GREATEST`, `LEAST` | the same |
/// | `a LIKE ?` (letters of ASCII in any case) | `ILIKE` | with a collation of that kind |
/// | `CAST(bytes AS TEXT)`, `instr(a, b)` | `convert_from`, `strpos` | `CONVERT` |
/// | `ON CONFLICT … DO UPDATE SET a = excluded.a` | | `ON DUPLICATE KEY UPDATE a = VALUES(a)` |
/// | `FOR UPDATE` (SQLite's one writer needs none) | | with the primary key's order |
/// | `CREATE TABLE`: `INTEGER`, `TEXT`, `BLOB`, `INTEGER PRIMARY KEY`, `STRICT`, `WITHOUT ROWID` | its types, identities | its types |
package enum SQLDialect: String, Sendable, CaseIterable {
    case sqlite, postgres, mysql

    /// Rows that one statement names or locks: an embedded engine is asked row by row, where no message is sent.
    var rowsAtOnce: Int { self == .sqlite ? 1 : 128 }

    /// How long a statement that defines something waits for its table, with everybody else behind it. (MariaDB counts seconds.)
    var definingPatience: (before: String, after: String)? {
        switch self {
        case .sqlite: nil
        case .postgres: ("SET LOCAL lock_timeout = 200", "SET LOCAL lock_timeout = 5000")
        case .mysql: ("SET SESSION lock_wait_timeout = 1", "SET SESSION lock_wait_timeout = 5")
        }
    }

    /// Counts the tables of a name.
    var tableExists: String {
        switch self {
        case .sqlite: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
        case .postgres:
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?"
        case .mysql:
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
        }
    }

    /// Tells who listens, with the commit, that there is something in the change feed; nil where nobody can listen.
    var notice: String? {
        switch self {
        case .sqlite, .mysql: nil
        case .postgres: "SELECT pg_notify('\(PostgresListener.channel)', '')"
        }
    }

    /// The database's own clock, in microseconds; nil where that is the host's.
    var clock: String? {
        switch self {
        case .sqlite: nil
        case .postgres: "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
        case .mysql: "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)"
        }
    }
}
