import AuditLog
import Crypto
import Domain
import Testing

@testable import Storage

@Suite("proofs for whoever asks")
struct ProofStoreTests {
    private static func store(_ stage: AuditStage, published: (@Sendable () -> String?)? = nil) -> ProofStore {
        let desk = ControlDesk(writer: stage.database, reader: stage.database) { AuditStage.later }
        return ProofStore(desk: desk, published: published)
    }

    private static func bill(_ number: UInt64, _ stage: AuditStage) async throws -> SignedBill? {
        try await store(stage).bill(Books.call(number).id, of: nil)
    }

    /// What was signed, if the key signed it.
    private static func checkpoint(_ log: SignedLog?, _ stage: AuditStage) throws -> Checkpoint {
        let note = try #require(log.flatMap { SignedNote(parsing: $0.checkpoint) })
        let key = try stage.trustedKey()
        #expect(note.isSigned(by: key) && log?.verifierKey == key.description)
        return try #require(Checkpoint(text: note.text))
    }

    private static func hashes(_ path: [[UInt8]]) -> [TreeHash] { path.compactMap { TreeHash($0[...]) } }

    private static func isIncluded(_ leaf: SignedLeaf, in signed: Checkpoint) -> Bool {
        guard let hash = TreeHash(leaf.hash[...]) else { return false }
        return TreeProof.isIncluded(
            hash,
            at: leaf.index,
            size: signed.size,
            root: signed.root,
            path: hashes(leaf.path)
        )
    }

    @Test(
        "every bill's words hash to its leaf, which the path leads to the signed root",
        arguments: [1, 2, 3, 4, 5, 7, 8, 9]
    )
    func included(number: UInt64) async throws {
        let stage = try await AuditStage()
        let bill = try #require(try await Self.bill(number, stage))
        #expect(bill.state == .signed && bill.leaves.count == 1)
        let signed = try Self.checkpoint(bill.log, stage)
        let leaf = try #require(bill.leaves.first)
        #expect(signed.size == bill.log?.size && Self.isIncluded(leaf, in: signed))
        #expect(Array(SHA256.hash(data: leaf.preimage)) == leaf.hash)
        #expect(leaf.isCorrection == (number == 4))
    }

    @Test("a word is what its name says")
    func words() async throws {
        let stage = try await AuditStage()
        let bill = try #require(try await Self.bill(4, stage))
        let words = try #require(bill.leaves.first?.words)
        let byName = Dictionary(uniqueKeysWithValues: words.map { ($0.name, $0.value) })
        #expect(byName.count == words.count)
        let due: [(String, Int64)] = [
            ("request_id_high", Int64(bitPattern: Books.call(4).id.high)),
            ("request_id_low", Int64(bitPattern: Books.call(4).id.low)), ("user", 1), ("key", 1), ("model", 1),
            ("price_multiplier", 10_000), ("hold", 100), ("state", CallState.captured.rawValue), ("charge", 3),
            ("correction", 67), ("parts", 1), ("part_1_lane", 1), ("part_1_id", 1), ("part_1_amount", 100),
        ]
        for (name, value) in due { #expect(byName[name] == value, "\(name)") }
        #expect(words.count == 38 + 3)
    }

    @Test(
        "a row that somebody changed is not the leaf any more",
        arguments: [
            "charge = charge - 1", "cost = cost + 1", "output_tokens = output_tokens + 1", "status_code = 500",
            "parts = x'' ", "ended_at = ended_at + 1", "key_id = 2", "flags = flags + 64",
        ]
    )
    func changed(what: String) async throws {
        let stage = try await AuditStage()
        try stage.run(["UPDATE api_requests SET \(what) WHERE state = 1"])
        let bill = try #require(try await Self.bill(1, stage))
        let leaf = try #require(bill.leaves.first)
        #expect(Self.isIncluded(leaf, in: try Self.checkpoint(bill.log, stage)), "the log has not changed")
        #expect(Array(SHA256.hash(data: leaf.preimage)) != leaf.hash)
    }

    @Test("what cannot be proven says why")
    func states() async throws {
        let stage = try await AuditStage()
        func state(_ number: UInt64) async throws -> SignedBill.State? { try await Self.bill(number, stage)?.state }
        #expect(try await state(99) == nil)
        #expect(try await state(10) == .open)
        let first = try stage.file.notes()[0].description
        let earlier = Self.store(stage, published: { first })
        #expect(try await earlier.bill(Books.call(1).id, of: nil)?.state == .signed)
        #expect(try await earlier.bill(Books.call(8).id, of: nil)?.state == .pending, "not outside yet")
        let never = Self.store(stage, published: { nil })
        #expect(try await never.bill(Books.call(1).id, of: nil)?.state == .pending)
        #expect(try await Self.store(stage).bill(Books.call(1).id, of: UserID(2)) == nil)
        #expect(try await Self.store(stage).bill(Books.call(1).id, of: Books.user)?.state == .signed)
        try stage.run(["UPDATE api_requests SET input_tokens = -1 WHERE state = 1"])
        #expect(try await state(1) == .altered, "no bill has such a count")
        try stage.run(["UPDATE api_requests SET input_tokens = 0", "DELETE FROM audit_segments"])
        #expect(try await state(1) == .pending)
        try stage.run(["DELETE FROM audit_leaves"])
        #expect(try await state(1) == .missing)
    }

    @Test("a log grows from every size that was signed, and says so where it did not")
    func growth() async throws {
        let stage = try await AuditStage()
        let store = Self.store(stage)
        for note in try stage.file.notes() {
            let old = try #require(Checkpoint(text: note.text))
            let growth = try #require(try await store.growth(from: old.size, origin: old.origin))
            let new = try Self.checkpoint(growth.log, stage)
            func isGrown(from root: TreeHash) throws -> Bool {
                TreeProof.isConsistent(
                    from: old.size,
                    root,
                    to: new.size,
                    new.root,
                    path: Self.hashes(try #require(growth.path))
                )
            }
            #expect(try isGrown(from: old.root))
            #expect(try !isGrown(from: .empty))
        }
        let newest = try #require(try await store.growth(from: 0, origin: nil))
        #expect(newest.path == [])
        let size = try #require(newest.log?.size)
        #expect(try await store.growth(from: size + 1, origin: nil)?.path == nil)
        #expect(try await store.growth(from: UInt64(Int64.max), origin: nil)?.log?.size == size)
        #expect(try await store.growth(from: 0, origin: "tokenaudit/another") == nil)
    }

    @Test("bills of a log that was broken off are proven by what was signed of it")
    func brokenOff() async throws {
        let stage = try await AuditStage()
        _ = try stage.acknowledge("the disk died")
        let signer = stage.signer()
        signer.round()
        let store = Self.store(stage, published: { [checkpoint = signer.checkpoint] in checkpoint })
        let bill = try #require(try await store.bill(Books.call(1).id, of: nil))
        let leaf = try #require(bill.leaves.first)
        #expect(Self.isIncluded(leaf, in: try Self.checkpoint(bill.log, stage)))
        let newest = try #require(try await store.growth(from: 0, origin: nil)?.log)
        #expect(newest.checkpoint == signer.checkpoint && newest.checkpoint != bill.log?.checkpoint)
    }

    @Test("nothing is signed in new books")
    func empty() async throws {
        let stage = try TestDatabase(on: .sqlite)
        let desk = ControlDesk(writer: stage.database, reader: stage.database) { AuditStage.later }
        #expect(
            try await ProofStore(desk: desk, published: nil).growth(from: 0, origin: nil)
                == LogGrowth(path: nil, log: nil)
        )
    }
}
