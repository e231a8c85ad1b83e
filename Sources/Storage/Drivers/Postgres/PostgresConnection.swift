import CPostgres
import Domain
import Glibc

/// One session of a PostgreSQL server, in libpq's pipeline mode: writes are sent without waiting for each, and what reads
/// waits for them first. Used on one thread at a time.
///
/// Nothing here waits for ever. Of a commit that was given up nobody knows the outcome, as of one whose answer was lost.
final class PostgresConnection: ServerConnection, @unchecked Sendable {
    let dialect = SQLDialect.postgres
    let timeQuery: String?
    let session = SessionNumbers.next()
    let handle: OpaquePointer
    private let answerMilliseconds: Int32
    private var statements: [String: PostgresStatement] = [:]
    private var named = 0
    /// Not yet sent.
    private var batch = RowBatch<PostgresStatement>()
    /// Sent, not yet answered: how many rows each must have changed.
    private var queued: [Int?] = []
    /// Its rows are still coming.
    private var reading: PostgresStatement?
    /// Nothing more comes over it.
    private(set) var isBroken = false
    var socket: Int32 { PQsocket(handle) }

    /// Statements put together from what somebody asked for are many; a server keeps a plan of each.
    private static let statementLimit = 512
    /// The advisory lock that acts take: "audit" in ASCII.
    private static let turn = 0x61_75_64_69_74

    /// - Parameters:
    ///   - url: as libpq reads it; its parameters win over ours.
    ///   - keepsHostTime: no time is asked of the server.
    init(url: String, use: SessionUse, keepsHostTime: Bool = false) throws(StorageError) {
        let defaults = [
            ("application_name", "tokenaudit"), ("client_encoding", "UTF8"), ("connect_timeout", "5"),
            ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"), ("target_session_attrs", "read-write"), ("dbname", url),
        ]
        let handle = Self.withCStrings(defaults.map(\.0)) { names in
            Self.withCStrings(defaults.map(\.1)) { values in PQconnectdbParams(names, values, 1) }
        }
        guard let handle else { throw .io("no memory for a connection") }
        self.handle = handle
        timeQuery = keepsHostTime ? nil : dialect.clock
        answerMilliseconds =
            switch use {
            case .ledger: 10_000
            case .rates: 2_000
            case .acts: 30_000
            case .reports: 120_000
            // A table that is read whole.
            case .definitions: 3_600_000
            }
        guard PQstatus(handle) == CONNECTION_OK else {
            throw .io(Self.message(of: handle))
        }
        guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
            throw .io("the connection cannot be used")
        }
        try run("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED")
        try run("SET client_min_messages = warning")
        try run("SET lock_timeout = \(use.lockMilliseconds)")
        // Whoever stops in the middle of a transaction gives up what it has locked.
        if use != .reports { try run("SET idle_in_transaction_session_timeout = 2000") }
        if use != .reports { try expectDurable() }
        if use.isQuick { try keepPlans() }
        if use == .rates { try run("SET synchronous_commit = off") }
    }

    /// What is committed must outlive the server's power.
    private func expectDurable() throws(StorageError) {
        for (setting, allowed) in [
            ("fsync", ["on"]), ("full_page_writes", ["on"]), ("synchronous_commit", ["on", "remote_apply"]),
        ] {
            let statement = try prepare("SELECT current_setting('\(setting)')")
            defer { statement.reset() }
            let value = try statement.step() ? statement.text(0) : ""
            guard allowed.contains(value) else {
                throw .unusable("\(setting) is \(value), so what is committed could be lost with the server's power")
            }
        }
    }

    /// The ledger names its rows by their keys: there is one way to find them, which is not thought over each time, and which
    /// does not depend on how small a table was when the plan was made.
    private func keepPlans() throws(StorageError) {
        try run("SET plan_cache_mode = force_generic_plan")
        for way in ["seqscan", "hashjoin", "mergejoin"] { try run("SET enable_\(way) = off") }
    }

    deinit { PQfinish(handle) }

    private static func message(of handle: OpaquePointer) -> String {
        PQerrorMessage(handle).map { String(cString: $0).trimmed } ?? "no cause is known"
    }

    private static func withCStrings<Value>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("never empty") }
            return body(start)
        }
    }

    // MARK: - Statements

    func prepare(_ sql: String) throws(StorageError) -> any SQLStatement {
        if let known = statements[sql] { return known }
        if statements.count >= Self.statementLimit, reading == nil { try forgetStatements() }
        let statement = PostgresStatement(PostgresSQL(sql), on: self)
        statements[sql] = statement
        return statement
    }

    private func forgetStatements() throws(StorageError) {
        try run("DEALLOCATE ALL")
        for statement in statements.values { statement.forget() }
        statements.removeAll()
    }

    func flush() throws(StorageError) {
        try sendBatch()
        guard !queued.isEmpty else { return }
        try sync()
        try finish()
    }

    // MARK: - Transactions

    func begin() throws(StorageError) { try begin("BEGIN") }

    /// Sent along with what comes next.
    func begin(_ sql: String) throws(StorageError) {
        try sendBatch()
        try expectUsable()
        guard PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 1) == 1 else { throw lost() }
        queued.append(nil)
    }

    func beginReading() throws(StorageError) { try begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") }

    func takeTurn() throws(StorageError) {
        let statement = try prepare("SELECT pg_advisory_xact_lock(\(Self.turn))")
        defer { statement.reset() }
        while try statement.step() {}
    }

    func commit() throws(StorageError) {
        do {
            try flush()
        } catch {
            rollBack()
            throw error
        }
        // What fails from here on fails with an unknown outcome, unless the server says what it was.
        try send("COMMIT")
        let status: String
        do { status = try result() } catch {
            if !isBroken { rollBack() }
            throw error
        }
        guard status == "COMMIT" else { throw .contended("the transaction had failed before its commit") }
    }

    func rollBack() {
        guard !isBroken else { return }
        batch.removeAll()
        do {
            drop(reading)
            if !queued.isEmpty { try? flush() }
            guard PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
            try run("ROLLBACK")
        } catch {
            isBroken = true
        }
    }

    /// Runs a statement without parameters and waits for it.
    func run(_ sql: String) throws(StorageError) {
        try send(sql)
        _ = try result()
    }

    private func send(_ sql: String) throws(StorageError) {
        try sendBatch()
        try expectUsable()
        try reading?.keepRest()
        guard PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 1) == 1 else { throw lost() }
        try sync()
    }

    /// Reads what was queued, then the answer of the one statement after that. - Returns: its command's tag.
    private func result() throws(StorageError) -> String {
        var failure: StorageError?
        do { try readQueued() } catch { failure = error }
        if isBroken, let failure { throw failure }
        var tag = ""
        while let result = try next() {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE:
                tag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
            case PGRES_PIPELINE_ABORTED: failure = failure ?? .misuse("an earlier statement failed")
            default: failure = failure ?? StorageError(postgres: result)
            }
        }
        try endSync()
        if let failure { throw failure }
        return tag
    }

    // MARK: - The wire

    /// Executes a row with others, later.
    func enqueue(_ statement: PostgresStatement, _ row: BoundRows, changing rows: Int?) throws(StorageError) {
        try expectUsable()
        batch.add(statement, row, changing: rows)
        if batch.isFull { try sendBatch() }
    }

    /// What was enqueued goes before what comes now.
    func sendBatch() throws(StorageError) {
        if !batch.isEmpty { try batch.take().execute() }
    }

    /// Sends an execution of a plan. - Parameter rows: how many rows it must change; nil for any number.
    func execute(_ plan: PostgresPlan, _ values: PostgresValues, changing rows: Int?) throws(StorageError) {
        try expectUsable()
        try reading?.keepRest()
        guard values.send(to: plan.name, handle) else { throw lost() }
        queued.append(rows)
        // Both directions have room for this much; beyond it, answers are taken in.
        if queued.count >= 512 { try flush() }
    }

    /// Sends an execution of a statement's plan, and reads up to where its own answer begins.
    func execute(
        _ plan: PostgresPlan,
        _ values: PostgresValues,
        of statement: PostgresStatement
    ) throws(StorageError) {
        try sendBatch()
        try expectUsable()
        try reading?.keepRest()
        guard values.send(to: plan.name, handle) else { throw lost() }
        try sync()
        do { try readQueued() } catch {
            if !isBroken {
                while let result = try next() { PQclear(result) }
                try endSync()
            }
            throw error
        }
        _ = PQsetSingleRowMode(handle)
        reading = statement
    }

    /// Makes the server keep a plan. - Parameter types: of the parameters; 0 where the server is to choose.
    func plan(_ sql: String, types: [UInt32]) throws(StorageError) -> PostgresPlan {
        try expectUsable()
        try reading?.keepRest()
        named += 1
        let name = "s\(named)"
        guard PQsendPrepare(handle, name, sql, Int32(types.count), types) == 1,
            PQsendDescribePrepared(handle, name) == 1
        else { throw lost() }
        try sync()
        var failure: StorageError?
        do { try readQueued() } catch { failure = error }
        if isBroken, let failure { throw failure }
        var planned: [UInt32] = []
        for _ in 0..<2 {
            while let result = try next() {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_COMMAND_OK:
                    planned = (0..<PQnparams(result)).map { PQparamtype(result, $0) }
                case PGRES_PIPELINE_ABORTED: failure = failure ?? .misuse("an earlier statement failed")
                default: failure = failure ?? StorageError(postgres: result)
                }
            }
        }
        try endSync()
        if let failure { throw failure }
        return PostgresPlan(name: name, types: planned)
    }

    /// The next part of the answer of the statement that is being read. - Returns: nil at its end.
    func nextOfReading() throws(StorageError) -> OpaquePointer? {
        if let result = try next() { return result }
        try endSync()
        reading = nil
        return nil
    }

    /// Reads a statement's answer to its end, and drops it.
    func drop(_ statement: PostgresStatement?) {
        guard let statement, reading === statement else { return }
        do {
            while let result = try nextOfReading() { PQclear(result) }
        } catch {
            isBroken = true
            reading = nil
        }
    }

    func isReading(_ statement: PostgresStatement) -> Bool { reading === statement }

    private func readQueued() throws(StorageError) {
        var failure: StorageError?
        for rows in queued {
            while let result = try next() {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE:
                    let changed = Self.changes(of: result)
                    if let rows, changed != rows {
                        failure = failure ?? .misuse("\(changed) rows changed, not \(rows)")
                    }
                case PGRES_PIPELINE_ABORTED: break
                default: failure = failure ?? StorageError(postgres: result)
                }
            }
        }
        queued.removeAll(keepingCapacity: true)
        if let failure { throw failure }
    }

    /// Reads all that was queued, up to the sync.
    private func finish() throws(StorageError) {
        var failure: StorageError?
        do { try readQueued() } catch { failure = error }
        if !isBroken { try endSync() }
        if let failure { throw failure }
    }

    static func changes(of result: OpaquePointer?) -> Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    private func sync() throws(StorageError) {
        guard PQpipelineSync(handle) == 1 else { throw lost() }
    }

    private func endSync() throws(StorageError) {
        while true {
            guard let result = try next() else { continue }
            defer { PQclear(result) }
            if PQresultStatus(result) == PGRES_PIPELINE_SYNC { return }
            if PQstatus(handle) != CONNECTION_OK { throw lost() }
        }
    }

    /// - Returns: nil where a statement's answer ends.
    private func next() throws(StorageError) -> OpaquePointer? {
        while PQisBusy(handle) != 0 {
            let flushed = PQflush(handle)
            guard flushed >= 0 else { throw lost() }
            var wanted = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if flushed == 1 { wanted.events |= Int16(POLLOUT) }
            let ready = poll(&wanted, 1, answerMilliseconds)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                isBroken = true
                throw .io("no answer within \(answerMilliseconds) ms")
            }
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
        let result = PQgetResult(handle)
        if result == nil, PQstatus(handle) != CONNECTION_OK { throw lost() }
        return result
    }

    private func expectUsable() throws(StorageError) {
        guard !isBroken else { throw .io("the connection is lost") }
    }

    private func lost() -> StorageError {
        isBroken = true
        return .io(Self.message(of: handle))
    }
}
