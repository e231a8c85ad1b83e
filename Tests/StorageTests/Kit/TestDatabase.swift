import Domain
import Foundation

@testable import Storage

/// A database of its own on an engine, dropped at the end.
final class TestDatabase: Sendable {
    let engine: Engine
    /// A path, or the URL of a server's database.
    let url: String
    let database: any LedgerDatabase
    private let name: String

    /// - Parameter isMigrated: with the newest schema, else empty.
    init(on engine: Engine, isMigrated: Bool = true) throws {
        self.engine = engine
        name = "tokenaudit_" + UUID().uuidString.filter(\.isHexDigit).lowercased()
        switch engine {
        case .sqlite:
            let folder = NSTemporaryDirectory() + name
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            url = folder + "/books.sqlite"
        case .postgres, .mysql:
            let server = try engine.server()
            try engine.administer("CREATE DATABASE \(name)")
            url = server.prefix(through: server.lastIndex(of: "/") ?? server.startIndex) + name
        }
        database = try engine.open(url)
        if isMigrated { try Migrations.run(on: database, additiveOnly: true, now: Instant(microseconds: 1)) }
    }

    /// The same database as another process has it.
    func another(keepsHostTime: Bool = true) throws -> any LedgerDatabase {
        try engine.open(url, keepsHostTime: keepsHostTime)
    }

    deinit {
        try? database.close()
        switch engine {
        case .sqlite: try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + name)
        case .postgres: try? engine.administer("DROP DATABASE \(name) WITH (FORCE)")
        case .mysql: try? engine.administer("DROP DATABASE \(name)")
        }
    }
}
