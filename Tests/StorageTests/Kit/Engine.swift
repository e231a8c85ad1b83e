import Foundation
import Testing

@testable import Storage

/// An engine that storage tests ask. Servers are those of `Scripts/databases.py`.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite, postgres, mysql

    static let servers: [Engine] = [.postgres, .mysql]

    var testDescription: String { rawValue }

    /// Where the server is, with a database to begin from. Without one the test is called off, and says so.
    func server() throws -> String {
        let variable = "TOKENAUDIT_TEST_\(rawValue.uppercased())"
        guard let url = ProcessInfo.processInfo.environment[variable], !url.isEmpty else {
            try Test.cancel("\(variable) is not set; `Scripts/databases.py run swift test` sets it")
        }
        return url
    }

    /// - Parameter url: of a server, or a path of SQLite's.
    /// - Parameter keepsHostTime: the ledger's time is what the test says.
    func open(_ url: String, keepsHostTime: Bool = true) throws -> any LedgerDatabase {
        switch self {
        case .sqlite: try SQLiteDatabase(path: url)
        case .postgres: ServerDatabase.postgres(url, keepsHostTime: keepsHostTime)
        case .mysql: try ServerDatabase.mariaDB(url, keepsHostTime: keepsHostTime)
        }
    }

    /// Runs what no transaction may hold, beside all databases.
    func administer(_ statement: String) throws {
        switch self {
        case .sqlite: break
        case .postgres: try PostgresConnection(url: server(), use: .reports).run(statement)
        case .mysql: try MariaConnection(MariaAddress(parsing: server()), use: .reports).run(statement)
        }
    }
}
