import Storage
import Synchronization

/// The statements that a database was asked, in their order.
final class StatementLog: Sendable {
    private let asked = Mutex<[String]>([])

    func listening(to database: any Database) -> any Database { ListeningDatabase(database: database, log: self) }

    /// Since the last time.
    func take() -> [String] {
        asked.withLock { asked in
            defer { asked = [] }
            return asked
        }
    }

    fileprivate func heard(_ statement: String) { asked.withLock { $0.append(statement) } }
}

private struct ListeningDatabase: Database {
    let database: any Database
    let log: StatementLog

    func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try database.write { try body(ListeningConnection(connection: $0, log: log)) }
    }

    func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try database.read { try body(ListeningConnection(connection: $0, log: log)) }
    }

    func close() throws { try database.close() }
}

private final class ListeningConnection: SQLConnection {
    private let connection: any SQLConnection
    private let log: StatementLog

    init(connection: any SQLConnection, log: StatementLog) {
        self.connection = connection
        self.log = log
    }

    var dialect: SQLDialect { connection.dialect }
    var timeQuery: String? { connection.timeQuery }

    func prepare(_ sql: String) throws(StorageError) -> any SQLStatement {
        log.heard(sql)
        return try connection.prepare(sql)
    }

    func flush() throws(StorageError) { try connection.flush() }
}
