import CMariaDB
import Domain
import Glibc

/// One session of a MariaDB server. What writes is collected and executed many rows to a message, before whatever else
/// happens on the session. Used on one thread at a time.
///
/// Nothing here waits for ever, not even a commit: one that is not answered in time has an unknown outcome, and is looked up.
final class MariaConnection: ServerConnection, @unchecked Sendable {
    let dialect = SQLDialect.mysql
    let timeQuery: String?
    let session = SessionNumbers.next()
    let handle: UnsafeMutablePointer<MYSQL>
    private let answerSeconds: Int32
    private let turnSeconds: Int
    private var statements: [String: MariaStatement] = [:]
    private var batch = RowBatch<MariaStatement>()
    /// Its rows are still coming.
    private var reading: MariaStatement?
    private var isInTransaction = false
    private var hasTurn = false
    /// Nothing more comes over it.
    private(set) var isBroken = false
    var socket: Int32 { Int32(truncatingIfNeeded: mysql_get_socket(handle)) }

    /// Statements put together from what somebody asked for are many; a server keeps a plan of each.
    private static let statementLimit = 512
    /// `RETURNING` and DDL that is done as a whole or not at all.
    private static let oldestVersion: UInt = 10_06_00
    /// Names of locks are shared by all databases of a server.
    private static let turn = "CONCAT('tokenaudit.', SHA1(DATABASE()))"
    private static let library: Bool = mysql_server_init(0, nil, nil) == 0

    /// - Parameter keepsHostTime: no time is asked of the server.
    init(_ address: MariaAddress, use: SessionUse, keepsHostTime: Bool = false) throws(StorageError) {
        guard Self.library, let handle = mysql_init(nil) else { throw .io("no memory for a connection") }
        self.handle = handle
        timeQuery = keepsHostTime ? nil : dialect.clock
        (answerSeconds, turnSeconds) =
            switch use {
            case .ledger: (10, 1)
            case .rates: (2, 1)
            case .acts, .definitions: (30, 10)
            case .reports: (120, 0)
            }
        Self.set(handle, MYSQL_OPT_CONNECT_TIMEOUT, 5)
        Self.set(handle, MYSQL_OPT_READ_TIMEOUT, UInt32(answerSeconds))
        Self.set(handle, MYSQL_OPT_WRITE_TIMEOUT, 10)
        Self.set(handle, MYSQL_OPT_LOCAL_INFILE, 0)
        let hasSocket = address.socket != nil
        // Or the library would take a socket for "localhost".
        Self.set(handle, MYSQL_OPT_PROTOCOL, (hasSocket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP).rawValue)
        mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        if address.tls != .disabled {
            mysql_ssl_set(handle, address.key, address.certificate, address.authorities, nil, nil)
            var yes: my_bool = 1
            var verifies: my_bool = address.tls == .verifyIdentity ? 1 : 0
            mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes)
            mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verifies)
        }
        let connected = mysql_real_connect(
            handle,
            hasSocket ? nil : address.host,
            address.user,
            address.password,
            address.name,
            UInt32(address.port),
            address.socket,
            UInt(CLIENT_FOUND_ROWS)
        )
        guard connected != nil else { throw lastFailure().storage }
        watchPeer()
        try expectMariaDB()
        try setSession(use)
        if use != .reports { try expectDurable() }
    }

    private static func set(_ handle: UnsafeMutablePointer<MYSQL>, _ option: mysql_option, _ value: UInt32) {
        var value = value
        mysql_options(handle, option, &value)
    }

    deinit {
        // Before the statements, which then have nothing to tell the server.
        mysql_close(handle)
        for statement in statements.values { statement.close() }
    }

    /// A server that is gone without a word is noticed while we wait for it.
    private func watchPeer() {
        for (option, value) in [
            (TCP_KEEPIDLE, 5), (TCP_KEEPINTVL, 2), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 10_000),
        ] as [(Int32, Int32)] {
            var value = value
            setsockopt(socket, Int32(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    private func expectMariaDB() throws(StorageError) {
        guard mariadb_connection(handle) != 0, mysql_get_server_version(handle) >= Self.oldestVersion else {
            let version = mysql_get_server_info(handle).map { String(cString: $0) } ?? "of no version"
            throw .unusable("the server is \(version); MariaDB 10.6 or newer is needed")
        }
    }

    private func setSession(_ use: SessionUse) throws(StorageError) {
        let modes = [
            // What does not fit is refused, 0 is an id like any other, and SQL means what it says elsewhere.
            "STRICT_ALL_TABLES", "NO_AUTO_VALUE_ON_ZERO", "NO_ENGINE_SUBSTITUTION", "NO_BACKSLASH_ESCAPES",
            "ANSI_QUOTES",
            "PIPES_AS_CONCAT", "SIMULTANEOUS_ASSIGNMENT",
        ]
        var settings = [
            "sql_mode = '\(modes.joined(separator: ","))'", "time_zone = '+00:00'", "wait_timeout = 31536000",
            "collation_connection = \(MariaSQL.collation)",
            // Of rows; of tables.
            "innodb_lock_wait_timeout = \(use.isQuick ? 1 : 5)", "lock_wait_timeout = \(use.isQuick ? 1 : 5)",
            "tx_isolation = '\(use == .reports ? "REPEATABLE-READ" : "READ-COMMITTED")'",
        ]
        // Whoever stops in the middle of a transaction gives up what it has locked.
        if use != .reports { settings.append("idle_transaction_timeout = 2") }
        try run("SET SESSION " + settings.joined(separator: ", "))
    }

    /// What is committed must outlive the server's power.
    private func expectDurable() throws(StorageError) {
        let statement = try prepare("SELECT @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog")
        defer { statement.reset() }
        guard try statement.step() else { throw .unusable("its settings cannot be read") }
        guard statement.int64(0) == 1 else {
            throw .unusable(
                "innodb_flush_log_at_trx_commit is \(statement.int64(0)), so what is committed could be lost with the server's power"
            )
        }
        guard statement.int64(1) == 0 || statement.int64(2) == 1 else {
            throw .unusable(
                "it logs and sync_binlog is \(statement.int64(2)), so a commit could be lost with the server's power"
            )
        }
    }

    // MARK: - Statements

    func prepare(_ sql: String) throws(StorageError) -> any SQLStatement {
        if let known = statements[sql] { return known }
        if statements.count >= Self.statementLimit, reading == nil {
            try flush()
            for statement in statements.values { statement.close() }
            statements.removeAll()
        }
        let statement = MariaStatement(MariaSQL(sql), on: self)
        statements[sql] = statement
        return statement
    }

    func flush() throws(StorageError) {
        guard !batch.isEmpty else { return }
        try expectUsable()
        try reading?.keepRest()
        try batch.take().execute()
    }

    /// For statements: executes rows with others, later.
    func enqueue(_ statement: MariaStatement, _ values: BoundRows, changing rows: Int?) throws(StorageError) {
        try expectUsable()
        batch.add(statement, values, changing: rows)
        if batch.isFull { try flush() }
    }

    /// For statements: one of them wants the session.
    func takeOver() throws(StorageError) {
        try expectUsable()
        try reading?.keepRest()
        if !batch.isEmpty { try batch.take().execute() }
    }

    /// For statements: whose rows are coming.
    func isRead(by statement: MariaStatement?, insteadOf before: MariaStatement? = nil) {
        if before == nil || reading === before { reading = statement }
    }

    // MARK: - Transactions

    func begin() throws(StorageError) { try begin("START TRANSACTION") }

    func beginReading() throws(StorageError) { try begin("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY") }

    private func begin(_ sql: String) throws(StorageError) {
        try run(sql)
        isInTransaction = true
    }

    /// A lock of the session's rather than of a row, for the server commits before each statement that defines something.
    func takeTurn() throws(StorageError) {
        let statement = try prepare("SELECT GET_LOCK(\(Self.turn), \(turnSeconds))")
        defer { statement.reset() }
        guard try statement.step(), statement.int64(0) == 1 else { throw .busy }
        hasTurn = true
    }

    private func endTurn() {
        guard hasTurn else { return }
        hasTurn = false
        guard !isBroken else { return }
        // Whoever keeps a turn would keep everybody waiting.
        do { try run("DO RELEASE_LOCK(\(Self.turn))") } catch { isBroken = true }
    }

    func commit() throws(StorageError) {
        do { try flush() } catch {
            rollBack()
            throw error
        }
        defer { endTurn() }
        do { try run("COMMIT") } catch {
            if !isBroken { rollBack() }
            throw error
        }
        isInTransaction = false
    }

    func rollBack() {
        batch.removeAll()
        reading?.reset()
        defer { endTurn() }
        guard isInTransaction else { return }
        isInTransaction = false
        guard !isBroken else { return }
        do { try run("ROLLBACK") } catch { isBroken = true }
    }

    /// Runs a statement without parameters and rows.
    func run(_ sql: String) throws(StorageError) {
        try takeOver()
        guard mysql_real_query(handle, sql, UInt(sql.utf8.count)) == 0 else { throw lastFailure().storage }
    }

    // MARK: - Failures

    func lastFailure() -> MariaFailure { failure(mysql_errno(handle), String(cString: mysql_error(handle))) }

    func failure(_ code: UInt32, _ message: String) -> MariaFailure {
        if StorageError.breaksMariaDB(code) { isBroken = true }
        let error = StorageError.mariaDB(code, message: message)
        return code == 1062 ? .duplicate(error) : .other(error)
    }

    private func expectUsable() throws(StorageError) {
        guard !isBroken else { throw .io("the connection is lost") }
    }
}
