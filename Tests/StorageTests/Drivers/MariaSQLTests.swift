import Testing

@testable import Storage

@Suite("our statements in MariaDB's words")
struct MariaSQLTests {
    @Test(
        "what differs is rewritten, all else stays",
        arguments: [
            ("SELECT a, 'x IS ? / y' FROM t WHERE b = ?", "SELECT a, 'x IS ? / y' FROM t WHERE b = ?"),
            ("SELECT a IS NOT ?, b FROM t WHERE c IS ?", "SELECT NOT a <=> ?, b FROM t WHERE c <=> ?"),
            ("SELECT a IS NOT NULL FROM t WHERE b IS NULL", "SELECT a IS NOT NULL FROM t WHERE b IS NULL"),
            (
                "SELECT MAX(a), MAX(a, 1), MIN(MIN(b), ?) FROM t",
                "SELECT MAX(a), GREATEST(a, 1), LEAST(MIN(b), ?) FROM t"
            ),
            ("SELECT SUM(a / 10) FROM t", "SELECT SUM(a DIV 10) FROM t"),
            ("SELECT a FROM t WHERE b LIKE ? ESCAPE '!'", "SELECT a FROM t WHERE LOWER(b) LIKE LOWER(?) ESCAPE '!'"),
            (
                "SELECT CAST(a AS TEXT), CAST(b AS INTEGER) FROM t",
                "SELECT CONVERT(a USING utf8mb4), CAST(b AS SIGNED) FROM t"
            ),
            ("SELECT k.key, key, usage FROM t k", "SELECT k.key, `key`, `usage` FROM t k"),
            (
                "DELETE FROM t WHERE id IN (SELECT id FROM t WHERE a < ? LIMIT 5)",
                "DELETE FROM t WHERE id IN (SELECT * FROM (SELECT id FROM t WHERE a < ? LIMIT 5) AS chosen)"
            ),
            ("SELECT a FROM t WHERE id IN (SELECT id FROM u)", "SELECT a FROM t WHERE id IN (SELECT id FROM u)"),
            (
                "SELECT a FROM t WHERE id IN (?, ?) ORDER BY id FOR UPDATE",
                "SELECT a FROM t FORCE INDEX (PRIMARY) WHERE id IN (?, ?) ORDER BY id FOR UPDATE"
            ),
            ("SELECT a FROM t WHERE id IN (?, ?)", "SELECT a FROM t WHERE id IN (?, ?)"),
            (
                "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = excluded.b, n = MAX(excluded.n, t.n + 1)",
                "INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE KEY UPDATE b = VALUES(b), n = GREATEST(VALUES(n), t.n + 1)"
            ),
            (
                "INSERT INTO t (id, usage) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET usage = excluded.usage",
                "INSERT INTO t (id, `usage`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `usage` = VALUES(`usage`)"
            ),
            (
                "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO NOTHING RETURNING id",
                "INSERT INTO t (a) VALUES (?)  RETURNING id"
            ),
            (
                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, note TEXT, data BLOB) STRICT",
                "CREATE TABLE IF NOT EXISTS t (id BIGINT AUTO_INCREMENT PRIMARY KEY , name VARCHAR(700) NOT NULL UNIQUE, note LONGTEXT, data LONGBLOB) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin"
            ),
            (
                "CREATE TABLE t (id BLOB NOT NULL, key TEXT, PRIMARY KEY (id, key)) STRICT, WITHOUT ROWID",
                "CREATE TABLE IF NOT EXISTS t (id VARBINARY(64) NOT NULL, `key` VARCHAR(700), PRIMARY KEY (id, `key`)) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin"
            ),
            (
                "CREATE TABLE t (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT) STRICT",
                "CREATE TABLE IF NOT EXISTS t (id BIGINT PRIMARY KEY CHECK (id = 1), text LONGTEXT) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin"
            ),
            ("CREATE INDEX i ON t (id) WHERE state IN (0, 3)", "CREATE INDEX IF NOT EXISTS i ON t (state, id)"),
            ("CREATE UNIQUE INDEX i ON t (a) WHERE a IS NOT NULL", "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)"),
            (
                "CREATE UNIQUE INDEX i ON t (a) WHERE b IS NULL",
                "ALTER TABLE t ADD COLUMN IF NOT EXISTS i BIGINT AS (CASE WHEN b IS NULL THEN a END) VIRTUAL INVISIBLE, ADD UNIQUE INDEX IF NOT EXISTS i (i)"
            ),
            ("CREATE INDEX i ON t (COALESCE(a, b))", "CREATE INDEX IF NOT EXISTS i ON t (a, b)"),
            (
                "ALTER TABLE t ADD COLUMN a INTEGER CHECK (a > 0)",
                "ALTER TABLE t ADD COLUMN IF NOT EXISTS a BIGINT CHECK (a > 0)"
            ),
            ("DROP TABLE t", "DROP TABLE IF EXISTS t"),
        ]
    )
    func rewritten(ours: String, theirs: String) { #expect(MariaSQL(ours).text == theirs) }

    @Test(
        "statements that only write one table can take many rows at once",
        arguments: [
            ("INSERT INTO t (a) VALUES (?)", "t"), ("UPDATE t SET a = ? WHERE id = ?", "t"),
            ("DELETE FROM t WHERE a = ?", "t"),
            ("INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = excluded.a", "t"),
            ("INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO NOTHING", nil),
            ("INSERT INTO t (a) VALUES (?) RETURNING id", nil),
            ("INSERT INTO t (a) SELECT MAX(a) FROM t", nil), ("SELECT a FROM t", nil),
        ]
    )
    func bulk(statement: String, table: String?) { #expect(MariaSQL(statement).batchTable == table) }

    @Test(
        "an address is read strictly, and never repeated in an error",
        arguments: [
            ("mysql://u:p%40ss@db.example:3307/books", "u p@ss db.example 3307 books required"),
            ("mysql://u@127.0.0.1/books", "u  127.0.0.1 3306 books disabled"),
            ("mariadb://u:p@[::1]:3306/b%2Fc", "u p ::1 3306 b/c disabled"),
            ("mysql://u:p@h/b?ssl-mode=verify-identity&ssl-ca=/ca.pem", "u p h 3306 b verify-identity"),
            ("mysql://u:p@h/b?ssl-mode=DISABLED", "u p h 3306 b disabled"),
            ("mysql://u:p@/b?socket=/run/db.sock", "u p  3306 b disabled"),
            ("postgres://u:secret@h/b", nil), ("mysql://u:secret@h", nil), ("mysql://u:secret@h/", nil),
            ("mysql://u:secret@h/b/c", nil), ("mysql://h/b", nil), ("mysql://:secret@h/b", nil),
            ("mysql://u:secret@/b", nil),
            ("mysql://u:sec@ret@h/b", nil), ("mysql://u:secret@h:0/b", nil), ("mysql://u:secret@h:99999/b", nil),
            ("mysql://u:secret@h:+1/b", nil), ("mysql://u:secret%@h/b", nil), ("mysql://u:secret%00@h/b", nil),
            ("mysql://u:secret@h/b?ssl-mode=preferred", nil), ("mysql://u:secret@h/b?compress=1", nil),
            ("mysql://u:secret@h/b?ssl-mode=required&ssl-mode=disabled", nil), ("mysql://u:secret@h/b?", nil),
            ("mysql://u:secret@h/b?ssl-mode=disabled&ssl-ca=/ca.pem", nil), ("mysql://u:secret@[::1/b", nil),
        ]
    )
    func addresses(url: String, expected: String?) {
        do {
            let read = try MariaAddress(parsing: url)
            #expect(
                "\(read.user) \(read.password) \(read.host) \(read.port) \(read.name) \(read.tls.rawValue)" == expected
            )
        } catch {
            #expect(expected == nil)
            guard case .unusable(let reason) = error else { return #expect(Bool(false), "\(error)") }
            #expect(!reason.contains("secret"))
        }
    }

    @Test(
        "errors say what their caller can do, and no value of a row",
        arguments: [
            (1213, "Deadlock found", .contended("Deadlock found")),
            (1205, "Lock wait timeout exceeded", .contended("Lock wait timeout exceeded")),
            (1062, "Duplicate entry 'for key secret' for key 'email'", .constraint("a duplicate for 'email'")),
            (
                4025, "CONSTRAINT `users.role` failed for `b`.`users`",
                .constraint("CONSTRAINT `users.role` failed for `b`.`users`")
            ),
            (1366, "Incorrect integer value: 'secret' for column", .constraint("a value is refused (1366)")),
            (1114, "The table 't' is full", .full), (1030, "Got error 28 from storage engine", .full),
            (1290, "--read-only", .io("--read-only")),
            (1836, "Running in read-only mode", .io("Running in read-only mode")),
            (2006, "Server has gone away", .io("Server has gone away")),
            (1045, "Access denied", .unusable("Access denied")),
            (1049, "Unknown database", .unusable("Unknown database")), (1317, "interrupted", .busy),
            (1064, "You have an error", .misuse("You have an error")),
        ] as [(UInt32, String, StorageError)]
    )
    func errors(code: UInt32, message: String, expected: StorageError) {
        #expect(StorageError.mariaDB(code, message: message) == expected)
    }
}
