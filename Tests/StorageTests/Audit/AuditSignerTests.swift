import AuditLog
import Domain
import Foundation
import Testing

@testable import Storage

@Suite("the audit log's signer")
struct AuditSignerTests {
    private static func size(_ note: String?) -> UInt64? {
        note.flatMap { SignedNote(parsing: $0) }.flatMap { Checkpoint(text: $0.text)?.size }
    }

    @Test("goes on where another process ended, and writes nothing where nothing is new")
    func continues() async throws {
        let stage = try await AuditStage()
        let signer = stage.signer()
        signer.round()
        #expect(Self.size(signer.checkpoint) == 309 && signer.halt == nil)
        #expect(try stage.file.notes().count == 2)
        try stage.act()
        signer.round()
        signer.round()
        #expect(Self.size(signer.checkpoint) == 310)
        #expect(try stage.file.notes().count == 3)
        #expect(try stage.verify(key: stage.trustedKey()).isProven)
    }

    @Test("many leaves take several transactions of bounded size and one checkpoint outside")
    func batches() async throws {
        let stage = try await AuditStage()
        for number in 0..<2_500 { try stage.act("batch \(number)") }
        let signer = stage.signer()
        signer.round()
        #expect(Self.size(signer.checkpoint) == 2_809)
        #expect(try stage.file.notes().count == 3)
        let counts = try stage.database.read { connection in
            try connection.query("SELECT count FROM audit_segments ORDER BY first_index") { $0.int64(0) }
        }
        #expect(counts.suffix(3) == [1_024, 1_024, 452])
        #expect(try stage.verify().isProven)
    }

    @Test("two signers at once: one writes, the other finds its turn gone; the log does not fork")
    func fenced() async throws {
        let stage = try await AuditStage()
        let (first, second) = (stage.signer(), stage.signer())
        first.round()
        second.round()
        try stage.act()
        first.round()
        #expect(Self.size(first.checkpoint) == 309, "its epoch was taken")
        second.round()
        #expect(Self.size(second.checkpoint) == 310)
        for number in 0..<6 {
            try stage.act("\(number)")
            (number % 2 == 0 ? first : second).round()
        }
        first.round()
        first.round()
        #expect(Self.size(first.checkpoint) == 316)
        #expect(try stage.verify(key: stage.trustedKey()).isProven, "all checkpoints outside are of one log")
    }

    @Test("two signers at the same moment on threads of their own")
    func concurrent() async throws {
        let stage = try await AuditStage()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                let signer = stage.signer()
                group.addTask {
                    for number in 0..<20 {
                        try? stage.act("\(number)")
                        await signer.signing()
                    }
                }
            }
        }
        let last = stage.signer()
        last.round()
        #expect(Self.size(last.checkpoint) == 349)
        #expect(try stage.verify(key: stage.trustedKey()).isProven)
    }

    @Test("where the file outside takes nothing, nothing is published; the next one catches up")
    func fileIsAway() async throws {
        let stage = try await AuditStage()
        let signer = stage.signer(file: CheckpointFile(path: stage.path + ".none/checkpoints"))
        try stage.act()
        signer.round()
        #expect(signer.checkpoint == nil && signer.halt == nil)
        let next = stage.signer()
        next.round()
        #expect(Self.size(next.checkpoint) == 310)
        #expect(try stage.file.notes().count == 3)
        #expect(try stage.verify().isProven)
    }

    @Test("a torn end of the file outside is passed over; the file is its owner's alone")
    func torn() async throws {
        let stage = try await AuditStage()
        let whole = try Data(contentsOf: URL(fileURLWithPath: stage.file.path))
        let last = try #require(try stage.file.notes().last?.description)
        for cut in 2..<last.utf8.count {
            try whole.dropLast(cut).write(to: URL(fileURLWithPath: stage.file.path))
            #expect(try stage.file.notes().count == 1)
        }
        let signer = stage.signer()
        signer.round()
        #expect(signer.halt == nil)
        #expect(try stage.file.notes().map(\.description).last == last)
        let other = CheckpointFile(path: stage.path + ".other")
        try other.append(last)
        try other.append(last)
        #expect(try other.notes().count == 2)
        let mode = try FileManager.default.attributesOfItem(atPath: other.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test(
        "halts where the books are not what was signed",
        arguments: [
            Damage("DELETE FROM audit_trees", named: "another key"),
            Damage(
                "UPDATE audit_tiles SET hashes = zeroblob(32) WHERE level = 1",
                named: "not the one that was signed"
            ),
            Damage("DELETE FROM audit_tiles", named: "missing or damaged"),
            Damage("UPDATE audit_trees SET size = 300", named: "not the one that was signed"),
            Damage("DELETE FROM audit_checkpoints", named: "no checkpoint"),
            Damage("UPDATE audit_checkpoints SET note = 'none'", named: "no checkpoint"),
            Damage(
                "DELETE FROM audit_checkpoints",
                "UPDATE audit_trees SET size = 0",
                named: "an older copy"
            ),
            Damage("UPDATE audit_trees SET verifier_key = 'none'", named: "another key"),
            Damage(
                "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (0, 302, 1, 2, x'7b7d', 3)",
                named: "302 follows where 300 should"
            ),
            Damage(
                "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (0, 300, 2, 2, x'7b7d', 3)",
                named: "leaf 0/300"
            ),
        ]
    )
    func halts(_ tampering: Damage) async throws {
        let stage = try await AuditStage()
        try stage.run(tampering.statements)
        let signer = stage.signer()
        signer.round()
        signer.round()
        #expect(signer.halt?.contains(tampering.named) == true, "\(signer.halt ?? "goes on")")
        #expect(try stage.file.notes().count == 2, "nothing more is signed")
    }

    @Test("another signer's key")
    func anotherKey() async throws {
        let stage = try await AuditStage()
        let signer = stage.signer(key: try #require(SignerKey(version: 1, bytes: Array(2...33))))
        signer.round()
        #expect(signer.halt?.contains("another key") == true)
    }

    @Test("an older copy that was put back halts the signer until somebody says that it is meant")
    func restored() async throws {
        let stage = try await AuditStage()
        let signer = stage.signer()
        try stage.run(["VACUUM INTO '\(stage.path).copy'"])
        try stage.act("lost")
        signer.round()
        #expect(Self.size(signer.checkpoint) == 310)

        let older = try SQLiteDatabase(path: stage.path + ".copy")
        defer { try? older.close() }
        let next = AuditStage.signer(older, file: stage.file)
        next.round()
        #expect(next.halt?.contains("it is an older copy") == true && next.checkpoint == nil)
        let notes = try stage.file.notes().map { (source: "outside", note: $0) }
        let verifier = AuditVerifier(external: notes, key: try stage.trustedKey(), servedAt: nil)
        #expect(try verifier.verify(older).findings.differences.count == 1)

        let act = RestoreAct(database: older, key: AuditStage.key, file: stage.file)
        let origin = try act.acknowledge(reason: "the disk \"died\"") { Instant(microseconds: 800_000_000) }
        next.round()
        #expect(next.halt == nil && Self.size(next.checkpoint) == 1, "the leaf that names the gap")
        #expect(origin.map { next.checkpoint?.hasPrefix($0) == true } == true)
        let report = try verifier.verify(older)
        #expect(report.isProven && report.broken.count == 1, "\(report.findings.differences)")
        #expect(report.logs.map(\.size) == [309, 1])
        let leaf = try older.read { connection in
            try connection.query("SELECT data FROM audit_leaves WHERE replica_id = 0 ORDER BY number DESC LIMIT 1") {
                String(decoding: $0.blob(0), as: UTF8.self)
            }
        }.first
        #expect(leaf?.contains("\"database_size\":309,\"signed_size\":310") == true)
        #expect(leaf?.contains("died") == false, "what somebody wrote is in no leaf")
        // The reason is bound by its digest.
        try older.withWriter { _ = try $0.execute("UPDATE audit_trees SET reason = 'nothing happened' WHERE id = 2") }
        #expect(try !verifier.verify(older).isProven)
    }

    @Test("a new database beside an old file of checkpoints halts until it is acknowledged")
    func newBesideOld() async throws {
        let stage = try await AuditStage()
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let signer = AuditStage.signer(database, file: stage.file)
        signer.round()
        #expect(signer.halt?.contains("of another log") == true)
        _ = try RestoreAct(database: database, key: AuditStage.key, file: stage.file).acknowledge(reason: "begun anew")
        {
            Instant(microseconds: 800_000_000)
        }
        signer.round()
        #expect(signer.halt == nil && signer.checkpoint != nil)
        let notes = try stage.file.notes().map { (source: "outside", note: $0) }
        #expect(try AuditVerifier(external: notes, key: nil, servedAt: nil).verify(database).isProven)
        try database.close()
    }

    @Test("a log that is begun beside a running signer is the one that it goes on with")
    func begunBeside() async throws {
        let stage = try await AuditStage()
        let signer = stage.signer()
        signer.round()
        let origin = try #require(try stage.acknowledge("a drill"))
        signer.round()
        signer.round()
        #expect(signer.checkpoint?.hasPrefix(origin) == true && signer.halt == nil)
        #expect(try stage.verify().isProven)
    }

    @Test("without anything signed there is nothing to acknowledge")
    func nothingToAcknowledge() throws {
        let books = try Books(grants: [])
        let database = try SQLiteDatabase(path: books.path)
        let act = RestoreAct(database: database, key: AuditStage.key, file: CheckpointFile(database: books.path))
        #expect(try act.acknowledge(reason: "none") { Instant(microseconds: 1) } == nil)
        try database.close()
    }

    @Test("the key prints no secret")
    func secrets() {
        let key = AuditStage.key
        #expect("\(key) \(String(reflecting: key))" == "audit_key 1 audit_key 1")
        let signer = key.signer(for: "log")
        #expect(signer?.description.contains("log+") == true)
        var dumped = ""
        dump(signer, to: &dumped)
        #expect(!dumped.contains("[1, 2, 3") && !dumped.contains("0102"))
    }
}
