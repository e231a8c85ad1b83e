import AuditLog
import Domain
import Foundation
import Logging
import Synchronization

@testable import Storage

/// Books with a signed audit log beside them, in a folder of their own.
final class AuditStage: Sendable {
    static let key: SignerKey = {
        guard let key = SignerKey(version: 1, bytes: Array(1...32)) else { preconditionFailure("32 bytes that differ") }
        return key
    }()
    /// What happened in the template is as old as this, and a server has run since.
    static let later = Instant(microseconds: 900_000_000)

    let path: String
    let database: SQLiteDatabase
    private let folder: String

    var file: CheckpointFile { CheckpointFile(database: path) }

    /// A copy of the template: bills of all kinds, acts for more than a tile, checkpoints of two rounds.
    init() async throws {
        let template = try await Self.template.value
        folder = NSTemporaryDirectory() + "tokenaudit-\(UUID().uuidString)"
        path = folder + "/books.sqlite"
        try FileManager.default.copyItem(atPath: template.folder, toPath: folder)
        database = try SQLiteDatabase(path: path)
    }

    deinit {
        try? database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func run(_ statements: [String]) throws {
        try database.withWriter { connection in
            // Whoever edits the file is not held up by its constraints.
            try connection.execute("PRAGMA ignore_check_constraints = 1")
            try connection.execute("PRAGMA foreign_keys = 0")
            for statement in statements { try connection.execute(statement) }
        }
    }

    func signer(key: SignerKey = AuditStage.key, file: CheckpointFile? = nil) -> AuditSigner {
        Self.signer(database, file: file ?? self.file, key: key)
    }

    static func signer(_ database: SQLiteDatabase, file: CheckpointFile, key: SignerKey = AuditStage.key) -> AuditSigner
    {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let ticks = Atomic<Int64>(800_000_000)
        return AuditSigner(
            database: database,
            reader: database,
            key: key,
            file: file,
            logger: logger,
            clock: { Instant(microseconds: ticks.add(1, ordering: .relaxed).newValue) }
        )
    }

    func act(_ text: String = "test", at microseconds: Int64 = 700_000_000) throws {
        try database.write {
            try AuditLeaves.append(act: "{\"act\":\"\(text)\"}", now: Instant(microseconds: microseconds), $0)
        }
    }

    func acknowledge(_ reason: String) throws -> String? {
        try RestoreAct(database: database, key: Self.key, file: file).acknowledge(reason: reason) {
            Instant(microseconds: 800_000_000)
        }
    }

    /// - Parameter external: nil: those of the file beside the database.
    func verify(
        external: [SignedNote]? = nil,
        key: VerifierKey? = nil,
        servedAt: Instant? = AuditStage.later
    ) throws -> AuditReport {
        let notes = try external ?? file.notes()
        return try AuditVerifier(external: notes.map { ("outside", $0) }, key: key, servedAt: servedAt)
            .verify(database)
    }

    /// The key as an auditor was given it.
    func trustedKey() throws -> VerifierKey {
        let template = try database.read { try AuditTree.all($0).first?.verifierKey }
        guard let key = template.flatMap({ VerifierKey(parsing: $0) }) else { throw StorageError.misuse("no key") }
        return key
    }

    // MARK: - The template

    private static let template = Task { try await make() }

    private static func make() async throws -> Books {
        let books = try Books(grants: [Money(picoDollars: 100_000)])
        let bound = Money(picoDollars: 100)
        func hold(_ number: UInt64, _ storage: EmbeddedStorage) async throws -> Hold {
            guard case .held(let hold) = await storage.journal.admit(Books.request(number, bound: bound)) else {
                throw StorageError.misuse("not held")
            }
            return hold
        }
        func settle(_ settlement: Settlement, _ storage: EmbeddedStorage) async throws {
            guard await storage.journal.settle(settlement) == .durable else { throw StorageError.busy }
        }
        let first = try books.open()
        let late = try await hold(4, first)
        _ = try await hold(5, first)
        try await first.close()
        let storage = try books.open(policy: .chargeInput)
        try await settle(Books.settlement(4, hold: late, charge: Money(picoDollars: 70)), storage)
        for number: UInt64 in [1, 3, 7] {
            let held = try await hold(number, storage)
            try await settle(Books.settlement(number, hold: held, charge: Money(picoDollars: 60)), storage)
        }
        let voided = try await hold(2, storage)
        try await settle(Books.settlement(2, hold: voided, charge: .zero, outcome: .voided), storage)
        try storage.database.write { connection in
            for number in 0..<300 {
                let now = Instant(microseconds: 3_000_000)
                try AuditLeaves.append(act: "{\"act\":\"test \(number)\"}", now: now, connection)
            }
        }
        let signer = signer(storage.database, file: CheckpointFile(database: books.path))
        signer.round()
        for number: UInt64 in [8, 9] {
            let held = try await hold(number, storage)
            try await settle(Books.settlement(number, hold: held, charge: Money(picoDollars: 40)), storage)
        }
        _ = try await hold(10, storage)
        await storage.journal.stop()
        signer.round()
        guard signer.halt == nil, signer.checkpoint != nil else { throw StorageError.misuse("not signed") }
        try await storage.close()
        return books
    }
}
