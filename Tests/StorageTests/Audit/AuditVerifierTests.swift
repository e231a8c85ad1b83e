import AuditLog
import Domain
import Foundation
import Testing

@testable import Storage

@Suite("the audit log is proven from the rows")
struct AuditVerifierTests {
    private static let call = Damage.id(1)

    @Test("what was signed is proven, with either checkpoint, with the key")
    func proven() async throws {
        let stage = try await AuditStage()
        let report = try stage.verify(key: stage.trustedKey())
        #expect(report.findings.differences == [])
        #expect(report.leaves == 309 && report.bills == 8 && report.unsequencedCount == 0)
        #expect(report.externalCheckpoints == 2 && report.broken.isEmpty)
        for note in try stage.file.notes() { #expect(try stage.verify(external: [note]).isProven) }
    }

    static let columns =
        "user_id key_id model_id route_id provider_id group_id price_version_id price_multiplier endpoint is_streamed hold output_limit estimated_input_tokens estimated_input_price created_at input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens reasoning_tokens audio_input_tokens audio_output_tokens image_input_tokens provenance charge cost excess flags status_code duration_ms first_byte_ms ended_at leaf method state"
        .split(separator: " ").map(String.init)

    @Test("any column of a bill, up and down by one", arguments: columns)
    func column(name: String) async throws {
        for change in ["+ 1", "- 1"] {
            let stage = try await AuditStage()
            try stage.run(["UPDATE api_requests SET \(name) = \(name) \(change) WHERE id = \(Self.call)"])
            let report = try stage.verify()
            let id = Books.call(1).id
            let isNamed = report.findings.differences.contains { $0.subject.contains("\(id)") }
            // A call that is open again has no bill; its leaf then has no call.
            #expect(isNamed, "\(name) \(change): \(report.findings.differences)")
        }
    }

    @Test("every column is tried that a leaf testifies, or is no part of a bill")
    func columnsAreComplete() async throws {
        let stage = try await AuditStage()
        let all = try stage.database.read { connection in
            try connection.query("SELECT name FROM pragma_table_info('api_requests')") { $0.text(0) }
        }
        // The bytes have rows of their own below; who asked from where can be erased; the replica is bookkeeping.
        let others = ["id", "parts", "ip_address", "user_agent_id", "client_request_id", "replica_id"]
        #expect(Set(all) == Set(Self.columns + others))
    }

    @Test("an edit, a deletion, a reordering of rows", arguments: tamperings)
    func tampering(_ tampering: Damage) async throws {
        let stage = try await AuditStage()
        try stage.run(tampering.statements)
        let report = try stage.verify()
        let subjects = report.findings.differences.map(\.subject)
        #expect(subjects.contains { $0.contains(tampering.named) }, "\(report.findings.differences)")
    }

    @Test("the same on every engine, where a constraint lets it happen", arguments: Engine.servers)
    func servers(engine: Engine) async throws {
        let template = try await AuditStage()
        let books = try CopiedBooks(of: template.path, on: engine)
        let notes = try template.file.notes().map { ("outside", $0) }
        func subjects(after statements: [String]) throws -> [String]? {
            try books.report(after: statements) {
                try AuditVerifier(external: notes, key: nil, servedAt: AuditStage.later).verify($0)
            }?.findings.differences.map(\.subject)
        }
        #expect(try subjects(after: []) == [])
        var named = 0
        for damage in Self.tamperings where damage.isPlain {
            guard let found = try subjects(after: damage.statements) else { continue }
            named += 1
            #expect(found.contains { $0.contains(damage.named) }, "\(damage.testDescription): \(found)")
        }
        #expect(named >= 15)
        let id = Books.call(1).id.description
        for name in Self.columns {
            for change in ["+ 1", "- 1"] {
                let statement = "UPDATE api_requests SET \(name) = \(name) \(change) WHERE state = 1 AND charge = 60"
                guard let found = try subjects(after: [statement]) else { continue }
                named += 1
                #expect(found.contains { $0.contains(id) }, "\(name) \(change): \(found)")
            }
        }
        #expect(named >= 75)
    }

    static let tamperings = [
        // Bills.
        Damage("UPDATE api_requests SET id = x'00' WHERE id = \(call)", named: "row"),
        Damage("DELETE FROM api_requests WHERE id = \(call)", named: "\(Books.call(1).id)"),
        Damage("UPDATE api_requests SET parts = x'' WHERE id = \(call)", named: "\(Books.call(1).id)"),
        // Values that are read as the ones that were signed.
        Damage("UPDATE api_requests SET is_streamed = 2 WHERE id = \(call)", named: "row"),
        Damage("UPDATE api_requests SET image_input_tokens = -5 WHERE id = \(call)", named: "row"),
        Damage("UPDATE api_requests SET provenance = provenance + (1 << 40) WHERE id = \(call)", named: "row"),
        Damage("UPDATE api_requests SET first_byte_ms = -1 WHERE state = 2", named: "row"),
        Damage("UPDATE ledger_entries SET amount = amount + 1 WHERE kind = 6", named: "\(Books.call(4).id)"),
        // Leaves.
        Damage("DELETE FROM audit_leaves WHERE replica_id = 2 AND number = 7", named: "leaf 2/7"),
        Damage("DELETE FROM audit_leaves WHERE replica_id = 0 AND number = 299", named: "leaf 0/299"),
        Damage("DELETE FROM audit_leaves WHERE replica_id = 0 AND number = 100", named: "leaf 0/100"),
        Damage("DELETE FROM audit_leaves WHERE replica_id = 0", named: "leaf 0/0"),
        Damage(
            "UPDATE audit_leaves SET data = CAST(replace(CAST(data AS TEXT), 'test 7', 'best 7') AS BLOB) WHERE replica_id = 0 AND number = 7",
            named: "leaf 7 of"
        ),
        Damage(
            "UPDATE audit_leaves SET data = (SELECT data FROM audit_leaves o WHERE o.replica_id = 0 AND o.number = 9 - audit_leaves.number) WHERE replica_id = 0 AND number IN (4, 5)",
            named: "leaf 4 of"
        ),
        Damage("UPDATE audit_leaves SET kind = 1 WHERE replica_id = 0 AND number = 7", named: "leaf 0/7"),
        Damage("UPDATE audit_leaves SET kind = 7 WHERE replica_id = 0 AND number = 7", named: "leaf 0/7"),
        Damage("UPDATE audit_leaves SET count = 9223372036854775807 WHERE number = 7", named: "leaf 0/7"),
        Damage("UPDATE audit_leaves SET number = -5 WHERE replica_id = 0 AND number = 7", named: "leaf 0/7"),
        Damage(
            "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (0, 300, 1, 2, x'7b7d', 3000000)",
            named: "leaf 0/300, act"
        ),
        Damage(
            "INSERT INTO audit_leaves (replica_id, number, count, kind, data, created_at) VALUES (7, -3, 1, 2, x'7b7d', 3000000)",
            named: "leaf 7/-3"
        ),
        // The log's own tables.
        Damage("UPDATE audit_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND tile = 0", named: "leaf 0 of"),
        Damage("UPDATE audit_tiles SET hashes = zeroblob(32) WHERE level = 1", named: "tile 1/0"),
        Damage("DELETE FROM audit_tiles WHERE level = 0 AND tile = 1", named: "tile 0/1"),
        Damage("INSERT INTO audit_tiles VALUES (1, 0, 99, zeroblob(32))", named: "tiles of level 0"),
        Damage("DELETE FROM audit_segments WHERE replica_id = 0", named: "segment"),
        Damage("UPDATE audit_segments SET count = count - 1 WHERE replica_id = 0", named: "segment"),
        Damage("UPDATE audit_segments SET count = 1 << 60 WHERE replica_id = 0", named: "segment"),
        Damage("UPDATE audit_segments SET first_number = first_number + 1 WHERE replica_id = 0", named: "segment 0"),
        Damage("UPDATE audit_trees SET size = size - 1", named: "leaves"),
        Damage("UPDATE audit_trees SET origin = 'tokenaudit/other'", named: "outside of tokenaudit/"),
        Damage("UPDATE audit_trees SET verifier_key = 'none'", named: "checkpoint of"),
        Damage("UPDATE audit_checkpoints SET note = 'none'", named: "log"),
        Damage("UPDATE audit_checkpoints SET note = replace(note, '309', '308')", named: "checkpoint of"),
        Damage("DELETE FROM audit_trees", named: "outside of tokenaudit/"),
        // A tail cut with all that goes with it.
        Damage(
            "DELETE FROM audit_leaves WHERE replica_id = 2 AND number >= 6",
            "DELETE FROM api_requests WHERE leaf >= 6 AND replica_id = 2",
            "DELETE FROM audit_segments WHERE first_index >= 307",
            "UPDATE audit_tiles SET hashes = CAST(substr(hashes, 1, 51 * 32) AS BLOB) WHERE level = 0 AND tile = 1",
            "DELETE FROM audit_checkpoints",
            "UPDATE audit_trees SET size = 307",
            named: "outside of tokenaudit/"
        ),
    ]

    @Test("a log rebuilt from changed rows, with the very key, is found by an older checkpoint")
    func rebuilt() async throws {
        let stage = try await AuditStage()
        let notes = try stage.file.notes()
        try Self.forge(stage)
        try FileManager.default.removeItem(atPath: stage.file.path)
        let origin = try stage.database.read { try AuditTree.all($0)[0].origin }
        for table in ["audit_segments", "audit_tiles", "audit_checkpoints"] { try stage.run(["DELETE FROM \(table)"]) }
        try stage.run(["UPDATE audit_trees SET size = 0"])
        let signer = stage.signer()
        signer.round()
        #expect(signer.halt == nil && signer.checkpoint?.hasPrefix(origin) == true)
        #expect(try stage.verify().isProven, "all of it agrees with itself")
        let report = try stage.verify(external: [notes[0]], key: stage.trustedKey())
        #expect(report.findings.differences.map(\.subject) == ["outside of \(origin) at 307 leaves"])
    }

    @Test("a log rebuilt under another key is found by the key, and by an older checkpoint without it")
    func rebuiltUnderAnotherKey() async throws {
        let stage = try await AuditStage()
        let (notes, trusted) = (try stage.file.notes(), try stage.trustedKey())
        try Self.forge(stage)
        try FileManager.default.removeItem(atPath: stage.file.path)
        let origin = try stage.database.read { try AuditTree.all($0)[0].origin }
        for table in ["audit_segments", "audit_tiles", "audit_checkpoints"] { try stage.run(["DELETE FROM \(table)"]) }
        let key = try #require(SignerKey(version: 1, bytes: Array(2...33)))
        let name = try #require(key.signer(for: origin)?.verifierKey.description)
        try stage.run(["UPDATE audit_trees SET size = 0, verifier_key = '\(name)'"])
        let signer = stage.signer(key: key)
        signer.round()
        #expect(signer.halt == nil)
        #expect(try stage.verify().isProven, "all of it agrees with itself")
        #expect(try !stage.verify(external: [notes[0]]).isProven)
        let report = try stage.verify(external: [], key: trusted)
        #expect(report.findings.differences.contains { $0.subject == "log \(origin): key" })
    }

    /// Changes a bill and its leaf so that they agree.
    private static func forge(_ stage: AuditStage) throws {
        try stage.run(["UPDATE api_requests SET duration_ms = 99 WHERE id = \(call)"])
        try stage.database.write { connection in
            let found = try connection.query(
                "SELECT \(VerifiedCall.columns) FROM api_requests WHERE id = \(call)"
            ) { VerifiedCall($0) }
            guard let bill = found.first??.bill else { throw StorageError.misuse("no bill") }
            let rows = try connection.query(
                "SELECT replica_id, number, data FROM audit_leaves WHERE kind = 1"
            ) { ($0.int64(0), $0.int64(1), $0.blob(2)) }
            for (replica, number, data) in rows where data.starts(with: bill.id.bytes) {
                try connection.execute(
                    "UPDATE audit_leaves SET data = ? WHERE replica_id = ? AND number = ?",
                    .blob(bill.id.bytes + Array(bill.digest) + data.dropFirst(48)),
                    .integer(replica),
                    .integer(number)
                )
            }
        }
    }

    @Test("a leaf without a place is listed; it is an error once a running signer had a minute")
    func unsequenced() async throws {
        let stage = try await AuditStage()
        try stage.act(at: 850_000_000)
        let soon = try stage.verify(servedAt: Instant(microseconds: 860_000_000))
        #expect(soon.isProven && soon.unsequencedCount == 1 && soon.unsequenced.first?.call == nil)
        #expect(try stage.verify(servedAt: nil).isProven, "no server runs: the next one takes it")
        let late = try stage.verify(servedAt: Instant(microseconds: 911_000_000))
        #expect(late.findings.differences.map(\.subject) == ["leaf 0/300, act"])
    }

    @Test("as many rows as there are, the report names no more than can be read, and never traps")
    func bounded() async throws {
        let stage = try await AuditStage()
        try stage.run([
            "UPDATE audit_leaves SET data = x'', count = 9223372036854775807, number = number - 9223372036854775807",
            "UPDATE audit_segments SET first_number = 9223372036854775807 - first_index",
            "UPDATE audit_trees SET size = 9223372036854775807, caught_up_at = -9223372036854775807 - 1",
        ])
        let report = try stage.verify(servedAt: Instant(microseconds: .min))
        #expect(!report.isProven && report.findings.differences.count <= VerifyReport.differenceLimit)
    }
}
