import Domain
import Foundation
import Glibc
import Synchronization

@testable import Storage

/// A database of its own on an engine. On a server, one with the newest schema is emptied in the end and given to the next who
/// wants one; what is there at the end of the process is dropped.
final class TestDatabase: Sendable {
    let engine: Engine
    /// A path, or the URL of a server's database.
    let url: String
    let database: any LedgerDatabase
    private let name: String
    private let isMigrated: Bool

    /// - Parameter isMigrated: with the newest schema, else empty.
    init(on engine: Engine = .current, isMigrated: Bool = true) throws {
        self.engine = engine
        self.isMigrated = isMigrated
        let spare = isMigrated ? Self.spare.withLock { $0[engine]?.popLast() } : nil
        name = spare ?? "tokenaudit_" + UUID().uuidString.filter(\.isHexDigit).lowercased()
        switch engine {
        case .sqlite:
            try FileManager.default.createDirectory(atPath: Self.folder(name), withIntermediateDirectories: true)
            url = Self.folder(name) + "/books.sqlite"
        case .postgres, .mysql:
            let server = try engine.server()
            if spare == nil { try engine.administer("CREATE DATABASE \(name)") }
            url = server.prefix(through: server.lastIndex(of: "/") ?? server.startIndex) + name
        }
        database = try engine.open(url)
        if isMigrated, spare == nil {
            try Migrations.run(on: database, additiveOnly: true, now: Instant(microseconds: 1))
        }
    }

    /// The same database as another process has it.
    func another(keepsHostTime: Bool = true) throws -> any LedgerDatabase {
        try engine.open(url, keepsHostTime: keepsHostTime)
    }

    /// The files of an embedded database, as text.
    func fileText() -> String {
        guard engine == .sqlite else { return "" }
        return [url, url + "-wal"].compactMap { FileManager.default.contents(atPath: $0) }
            .map { String(decoding: $0, as: Unicode.ASCII.self) }.joined()
    }

    /// For files beside the database; goes with it.
    func folder() throws -> String {
        try FileManager.default.createDirectory(atPath: Self.folder(name), withIntermediateDirectories: true)
        return Self.folder(name)
    }

    deinit {
        try? database.close()
        try? FileManager.default.removeItem(atPath: Self.folder(name))
        let isClean = isMigrated && engine != .sqlite && (try? empty()) != nil
        if isClean {
            Self.keep(name, of: engine)
        } else {
            Self.drop(name, of: engine)
        }
    }

    private static func folder(_ name: String) -> String { NSTemporaryDirectory() + name }

    private static func drop(_ name: String, of engine: Engine) {
        switch engine {
        case .sqlite: try? FileManager.default.removeItem(atPath: folder(name))
        case .postgres: try? engine.administer("DROP DATABASE \(name) WITH (FORCE)")
        case .mysql: try? engine.administer("DROP DATABASE \(name)")
        }
    }

    // MARK: - Spare ones

    private static let spare = Mutex<[Engine: [String]]>([:])
    private static let dropsAtExit: Void = {
        atexit {
            for (engine, names) in TestDatabase.spare.withLock(\.self) {
                for name in names { TestDatabase.drop(name, of: engine) }
            }
        }
    }()

    private static func keep(_ name: String, of engine: Engine) {
        _ = dropsAtExit
        spare.withLock { $0[engine, default: []].append(name) }
    }

    /// Makes it what its migrations left.
    private func empty() throws {
        let database = try engine.open(url)
        defer { try? database.close() }
        let tables =
            switch engine {
            case .sqlite: ""
            case .postgres:
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'schema_migrations'"
            case .mysql:
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> 'schema_migrations'"
            }
        try database.withLedger(.upkeep) { connection in
            let tables = try connection.query(tables) { $0.text(0) }
            switch engine {
            case .sqlite: break
            case .postgres:
                try connection.execute("TRUNCATE \(tables.joined(separator: ", ")) RESTART IDENTITY CASCADE")
            case .mysql:
                try connection.execute("SET foreign_key_checks = 0")
                // Also those whose rows are gone again, or ids would go on from theirs.
                let counted = try connection.query(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1"
                ) { $0.text(0) }
                for table in tables {
                    let isUsed =
                        try counted.contains(table)
                        || !connection.query("SELECT 1 FROM \(table) LIMIT 1") { $0.int64(0) }.isEmpty
                    if isUsed { try connection.execute("TRUNCATE \(table)") }
                }
                try connection.execute("SET foreign_key_checks = 1")
            }
            for statement in Migrations.all.flatMap(\.statements) where statement.hasPrefix("INSERT") {
                try connection.execute(statement)
            }
            try IdentityRows.advance(connection)
        }
    }
}
