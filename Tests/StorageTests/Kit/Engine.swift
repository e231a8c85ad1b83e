import Foundation
import Testing

@testable import Storage

/// An engine that storage tests ask. Servers are those of `Scripts/databases.py`.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite, postgres, mysql

    static let servers: [Engine] = [.postgres, .mysql]
    /// What stages stand on where nothing else is said; see ``EveryEngine``.
    @TaskLocal static var current = Engine.sqlite

    var testDescription: String { rawValue }

    /// Where the server is, with a database to begin from. Without one the test is called off, and says so.
    func server() throws -> String {
        let variable = "TOKENAUDIT_TEST_\(rawValue.uppercased())"
        guard let url = ProcessInfo.processInfo.environment[variable], !url.isEmpty else {
            try Test.cancel("\(variable) is not set; `Scripts/databases.py run swift test` sets it")
        }
        return url
    }

    /// - Parameters:
    ///   - url: of a server, or a path of SQLite's.
    ///   - keepsHostTime: the ledger's time is what the test says.
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

/// Runs each test once an engine: what its stages stand on is ``Engine/current``.
struct EveryEngine: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        for engine in Engine.allCases { try await Engine.$current.withValue(engine) { try await function() } }
    }
}

extension Trait where Self == EveryEngine {
    static var everyEngine: Self { EveryEngine() }
}

extension Trait where Self == IssueHandlingTrait {
    /// Issues say which engine they are of.
    static var namesEngine: Self {
        .compactMapIssues { issue in
            var issue = issue
            issue.comments.append("on \(Engine.current.rawValue)")
            return issue
        }
    }
}
