import AuditLog
import Domain
import Foundation
import Testing

@testable import Storage

@Suite("audit exports and proofs")
struct AuditDocumentsTests {
    private static let clock: @Sendable () -> Instant = { Instant(microseconds: 900_000_000) }

    @Test("an export is proven by itself, and tampering with it is found")
    func export() async throws {
        let stage = try await AuditStage()
        let path = stage.path + ".export"
        try AuditExport.write(stage.database, to: path, isServed: true, clock: Self.clock)
        let notes = try stage.file.notes().map { (source: "outside", note: $0) }
        func verify() throws -> AuditReport {
            let database = try SQLiteDatabase(path: path, isReadOnly: true)
            defer { try? database.close() }
            let servedAt = try AuditExport.servedAt(database)
            #expect(servedAt == Self.clock())
            return try AuditVerifier(external: notes, key: stage.trustedKey(), servedAt: servedAt).verify(database)
        }
        let report = try verify()
        #expect(report.findings.differences == [])
        #expect(report.leaves == 309 && report.bills == 8 && report.externalCheckpoints == 2)
        #expect(report.unsequencedCount == 1, "that it was exported has no place yet")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: (path as NSString).deletingLastPathComponent).allSatisfy
            { !$0.contains("partial") }
        )

        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for personal in ["127.0.0.1", "agent ", "example.com"] {
            #expect(bytes.range(of: Data(personal.utf8)) == nil, "\(personal)")
        }
        let database = try SQLiteDatabase(path: path)
        _ = try database.write { try $0.execute("UPDATE api_requests SET charge = charge + 1 WHERE charge = 60") }
        try database.close()
        #expect(try !verify().isProven)
    }

    @Test("a file that is no export is refused, and nowhere is left half a file")
    func noExport() async throws {
        let stage = try await AuditStage()
        #expect(throws: StorageError.self) { try AuditExport.servedAt(stage.database) }
        #expect(throws: StorageError.self) {
            try AuditExport.write(stage.database, to: stage.path + ".none/x", isServed: false, clock: Self.clock)
        }
    }

    @Test("every bill is proven by itself, corrected ones too", arguments: [1, 2, 3, 4, 5, 7, 8, 9] as [UInt64])
    func proof(number: UInt64) async throws {
        let stage = try await AuditStage()
        let made = try AuditProof(of: Books.call(number).id, in: stage.database)
        let data = try JSONEncoder().encode(made)
        let proof = try JSONDecoder().decode(AuditProof.self, from: data)
        #expect(proof.problem(key: try stage.trustedKey()) == nil)
        #expect(proof.problem(key: nil) == nil)
        let other = try #require(SignerKey(version: 1, bytes: Array(2...33))?.signer(for: "x")?.verifierKey)
        #expect(proof.problem(key: other) != nil)

        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let bill = try #require(object["bill"] as? [String: Any])
        for (name, value) in bill {
            var changed = bill
            switch value {
            case let number as NSNumber where !(name == "is_streamed"): changed[name] = number.int64Value + 1
            case is NSNumber: changed[name] = !(value as? Bool ?? false)
            case let text as String: changed[name] = text.hasPrefix("0.") ? "1.00" : "2001-01-01T00:00:00Z"
            case let list as [Any]: changed[name] = list + list
            case var counts as [String: Int64]:
                counts["output", default: 0] += 1
                changed[name] = counts
            default: Issue.record("\(name) is \(value)")
            }
            object["bill"] = changed
            let forged = try? JSONDecoder().decode(
                AuditProof.self,
                from: JSONSerialization.data(withJSONObject: object)
            )
            #expect(forged?.problem(key: nil) != nil, "\(name)")
        }
    }

    @Test("what has no proof says why")
    func noProof() async throws {
        let stage = try await AuditStage()
        func problem(_ number: UInt64) -> AuditProof.Problem? {
            do {
                _ = try AuditProof(of: Books.call(number).id, in: stage.database)
                return nil
            } catch { return error as? AuditProof.Problem }
        }
        #expect(problem(99) == .unknownCall)
        #expect(problem(10) == .open)
        try stage.run(["UPDATE api_requests SET cost = cost + 1 WHERE state = 1"])
        #expect(problem(1) == .isAnotherBill)
        try stage.run(["UPDATE api_requests SET cost = cost - 1 WHERE state = 1", "DELETE FROM audit_segments"])
        #expect(problem(1) == .unsequenced)
    }
}
