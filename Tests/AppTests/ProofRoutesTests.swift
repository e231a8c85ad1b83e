import AuditLog
import Crypto
import Domain
import Foundation
import Storage
import Testing

@testable import Admin

@Suite("proof routes", .serialized) struct ProofRoutesTests {
    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/requests/{request_id}/proof", .auditor, nil, 200),
        ("GET", "/api/me/requests/{request_id}/proof", .user, nil, 200),
        ("GET", "/api/admin/audit/consistency", .auditor, nil, 200),
    ]

    private struct Proof: Decodable {
        struct Leaf: Decodable {
            struct Word: Decodable {
                let name: String
                let value: String
            }

            let kind: String
            let index: UInt64
            let hash: String
            let path: [String]
            let preimage: String?
            let words: [Word]?
        }

        let state: String
        let leaves: [Leaf]
        let checkpoint: String?
        let verifier_key: String?
        let tree_size: UInt64?
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    private static func proof(_ answer: AdministrationStage.Answer) throws -> Proof {
        #expect(answer.status == 200, "\(answer.text)")
        return try JSONDecoder().decode(Proof.self, from: Data(answer.text.utf8))
    }

    @Test("staff get the words, owners the hash; both can check the path, and others' calls are not there")
    func readers() async throws {
        let stage = try await BooksStage()
        _ = try await stage.quota(of: .user)
        let id = try await stage.call(of: .user, charge: 1_000_000)
        let (auditor, user) = (try await stage.access(.auditor), try await stage.access(.user))
        let path = "/api/admin/requests/\(id)/proof/"
        let early = try Self.proof(try await stage.ask("GET", path, token: auditor))
        #expect(early.state == "pending" && early.leaves.isEmpty && early.checkpoint == nil)

        stage.signer.round()
        for (path, token) in [(path, auditor), (path.replacing("admin", with: "me"), user)] {
            let proof = try Self.proof(try await stage.ask("GET", path, token: token))
            let leaf = try #require(proof.leaves.first)
            let note = try #require(proof.checkpoint.flatMap { SignedNote(parsing: $0) })
            let key = try #require(proof.verifier_key.flatMap { VerifierKey(parsing: $0) })
            let signed = try #require(Checkpoint(text: note.text))
            #expect(proof.state == "signed" && note.isSigned(by: key) && signed.size == proof.tree_size)
            let hash = try #require(TreeHash(Self.bytes(leaf.hash)[...]))
            let steps = leaf.path.compactMap { TreeHash(Self.bytes($0)[...]) }
            #expect(
                TreeProof.isIncluded(hash, at: leaf.index, size: signed.size, root: signed.root, path: steps)
            )
            guard token == auditor else {
                #expect(leaf.words == nil && leaf.preimage == nil)
                continue
            }
            let words = try #require(leaf.words).map { try #require(Int64($0.value)) }
            let tail: [UInt8] = words.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
            let preimage: [UInt8] = [0] + tail
            #expect(Data(preimage).base64EncodedString() == leaf.preimage)
            #expect(Array(SHA256.hash(data: preimage)) == Self.bytes(leaf.hash))
        }
        _ = try await stage.quota(of: .auditor)
        let others = try await stage.call(of: .auditor, charge: 0, random: 2)
        #expect(try await stage.ask("GET", "/api/me/requests/\(others)/proof/", token: user).status == 404)
    }

    @Test("the log's growth is proven from any size, of a log that there is")
    func growth() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.auditor)
        func ask(_ query: String) async throws -> AdministrationStage.Answer {
            try await stage.ask("GET", "/api/admin/audit/consistency/" + query, token: token)
        }
        #expect(try await ask("").json["path"] is NSNull, "nothing is signed yet")
        stage.signer.round()
        let old = try #require(stage.signer.checkpoint.flatMap { SignedNote(parsing: $0) })
        let before = try #require(Checkpoint(text: old.text))
        _ = try await stage.quota(of: .user)
        stage.signer.round()
        let answer = try await ask("?from=\(before.size)&origin=\(before.origin)")
        let note = try #require((answer.json["checkpoint"] as? String).flatMap { SignedNote(parsing: $0) })
        let after = try #require(Checkpoint(text: note.text))
        let path = try #require(answer.json["path"] as? [String]).compactMap { TreeHash(Self.bytes($0)[...]) }
        #expect(after.size > before.size)
        #expect(
            TreeProof.isConsistent(from: before.size, before.root, to: after.size, after.root, path: path)
        )
        #expect(try await ask("?from=\(after.size + 1)").json["path"] is NSNull)
        #expect(try await ask("?origin=tokenaudit/other").status == 404)
        for query in ["?from=-1", "?from=x", "?from=9223372036854775808", "?to=1"] {
            #expect(try await ask(query).status == 400, "\(query)")
        }
    }
}
