import Crypto
import Domain
import Testing

@testable import Storage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("secrets") struct VaultTests {
    static let place = SecretPlace(table: "api_providers", row: "1", column: "api_key", version: 1)

    @Test(
        "what is sealed opens at its place, and each sealing differs",
        arguments: ["", "k", "sk-proj-ключ", String(repeating: "x", count: 4096)]
    )
    func roundTrip(secret: String) throws {
        let vault = Vault(master: .random())
        let first = vault.seal(Array(secret.utf8), at: Self.place)
        let second = vault.seal(Array(secret.utf8), at: Self.place)
        #expect(first != second)
        #expect(first.split(separator: ".", omittingEmptySubsequences: false).count == 6)
        #expect(try vault.open(first, at: Self.place) == Array(secret.utf8))
        #expect(try vault.open(second, at: Self.place) == Array(secret.utf8))
    }

    @Test(
        "a secret moved to another table, row, column or version does not open",
        arguments: [
            SecretPlace(table: "users", row: "1", column: "api_key", version: 1),
            SecretPlace(table: "api_providers", row: "2", column: "api_key", version: 1),
            SecretPlace(table: "api_providers", row: "1", column: "name", version: 1),
            SecretPlace(table: "api_providers", row: "1", column: "api_key", version: 2),
        ]
    )
    func moved(to place: SecretPlace) {
        let vault = Vault(master: .random())
        let envelope = vault.seal(Array("secret".utf8), at: Self.place)
        #expect(throws: SecretError.undecryptable(place: place.description)) { try vault.open(envelope, at: place) }
    }

    @Test("a change of any character is noticed")
    func tampered() throws {
        let vault = Vault(master: .random())
        let envelope = Array(vault.seal(Array("secret".utf8), at: Self.place).utf8)
        for index in envelope.indices {
            var changed = envelope
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            #expect(throws: SecretError.self, "position \(index)") { try vault.open(text, at: Self.place) }
        }
    }

    @Test("another master key is named, not tried")
    func wrongMaster() {
        let (mine, other) = (MasterKey.random(), MasterKey.random())
        let envelope = Vault(master: other).seal([1, 2, 3], at: Self.place)
        #expect(throws: SecretError.wrongMasterKey(sealedUnder: other.id, have: mine.id)) {
            try Vault(master: mine).open(envelope, at: Self.place)
        }
        #expect(Vault.masterKeyID(of: envelope) == other.id)
    }

    @Test(
        "plain text where a sealed secret belongs is refused",
        arguments: ["", "sk-proj-abc", "v1", "v2.a.b.c.d.e", "v1.....", "v1.a.b.c.d.e.f"]
    )
    func notSealed(text: String) {
        #expect(throws: SecretError.malformedEnvelope(place: Self.place.description)) {
            try Vault(master: .random()).open(text, at: Self.place)
        }
    }
}

@Suite("master key files") struct MasterKeyFileTests {
    static let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    static let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let raw = [UInt8](0..<32)

    @Test(
        "the three forms name one key, with and without a line end",
        arguments: [
            Array(hex.utf8), Array(hex.utf8) + [10], Array(hex.uppercased().utf8) + [13, 10],
            Array(base64.utf8), Array(base64.utf8) + [10], raw, raw + [10],
        ]
    )
    func forms(contents: [UInt8]) throws {
        let key = try MasterKey.parse(contents, path: "key")
        #expect(key.id == MasterKey(bytes: Self.raw)?.id)
    }

    @Test(
        "anything else is refused",
        arguments: [
            [], Array("changeme".utf8), Array(hex.utf8.dropLast()), Array(hex.utf8) + Array("  ".utf8),
            Array((hex.dropLast() + "g").utf8), Array((base64.dropLast() + "A").utf8), raw + [1], raw + [10, 10],
        ]
    )
    func malformed(contents: [UInt8]) {
        #expect(throws: SecretError.malformedMasterKey(path: "key")) { try MasterKey.parse(contents, path: "key") }
    }

    @Test("a placeholder is refused", arguments: [[UInt8](repeating: 0, count: 32), [UInt8](repeating: 48, count: 64)])
    func weak(contents: [UInt8]) {
        #expect(throws: SecretError.weakMasterKey(path: "key")) { try MasterKey.parse(contents, path: "key") }
    }

    @Test("made once, private to its owner, and the same ever after")
    func creation() throws {
        let folder = try temporaryFolder()
        defer { rmdir(folder) }
        let file = MasterKeyFile(path: folder + "/master.key")
        #expect(throws: SecretError.masterKeyMissing(path: file.path)) { try file.load() }
        let created = try file.loadOrCreate()
        defer { unlink(file.path) }
        var status = stat()
        #expect(stat(file.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(created.wasCreated && !created.isReadableByOthers)
        let again = try file.loadOrCreate()
        #expect(!again.wasCreated && again.key.id == created.key.id)
        #expect(chmod(file.path, 0o644) == 0)
        #expect(try file.load().isReadableByOthers)
    }

    @Test("nothing prints a key")
    func printing() throws {
        let key = try MasterKey.parse(Array(Self.hex.utf8), path: "key")
        var text = ""
        dump(key, to: &text)
        #expect(!text.contains("01020304") && !"\(key)".contains("01020304"))
        let pepper = try #require(Pepper(version: 1, bytes: Self.raw))
        #expect("\(pepper)" == "api_key_pepper 1" && String(reflecting: pepper) == "api_key_pepper 1")
        let session = SessionKey.random(version: 2)
        #expect("\(session)" == "session_key 2" && String(reflecting: session) == "session_key 2")
    }
}

@Suite("API keys") struct APIKeyMaterialTests {
    @Test("generated keys have the form, and are all different")
    func generated() {
        let keys = (0..<1_000).map { _ in APIKeyMaterial.generate() }
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { APIKeyMaterial(parsing: $0.secret) == $0 })
        #expect("\(keys[0])".count < 20)
    }

    @Test("each character is equally likely")
    func unbiased() {
        var counts: [Character: Int] = [:]
        for _ in 0..<2_000 {
            for character in APIKeyMaterial.generate().secret.dropFirst(9) { counts[character, default: 0] += 1 }
        }
        // 64,000 draws over 62: mean 1,032, deviation 32. A bias of 256 mod 62 would put eight letters 25 % high.
        #expect(counts.count == 62)
        #expect(counts.values.allSatisfy { (850...1_215).contains($0) })
    }

    @Test(
        "only the literal pattern is a key",
        arguments: [
            "", "sk-audit-", "sk-audit-" + String(repeating: "a", count: 31),
            "sk-audit-" + String(repeating: "a", count: 33),
            "sk-audit-" + String(repeating: "a", count: 31) + "-", "sk-audit-" + String(repeating: "é", count: 16),
            "SK-audit-" + String(repeating: "a", count: 32), "sk-audit-" + String(repeating: "a", count: 31) + "\n",
        ]
    )
    func refused(text: String) {
        #expect(APIKeyMaterial(parsing: text) == nil)
    }

    @Test("the digest is HMAC-SHA256, as the library computes it", arguments: [0, 1, 41, 63, 64, 65, 1_000])
    func digest(length: Int) throws {
        let pepper = try #require(Pepper(version: 1, bytes: MasterKeyFileTests.raw))
        let text = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let digest = text.withUnsafeBytes { PepperedDigester(pepper).digest($0) }
        let expected = HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: MasterKeyFileTests.raw))
        #expect(digest.bytes == Array(expected))
        #expect(KeyDigest(bytes: digest.bytes) == digest)
    }

    @Test("an empty or placeholder pepper is no pepper", arguments: [[], [1, 2, 3], [UInt8](repeating: 7, count: 32)])
    func weakPepper(bytes: [UInt8]) {
        #expect(Pepper(version: 1, bytes: bytes) == nil)
        #expect(SessionKey(version: 1, bytes: bytes) == nil)
    }
}

/// An empty folder under /tmp; the test removes it.
func temporaryFolder() throws -> String {
    var template = Array("/tmp/tokenaudit-XXXXXX".utf8CString)
    return try template.withUnsafeMutableBufferPointer { buffer in
        let start = try #require(buffer.baseAddress)
        let path = try #require(mkdtemp(start))
        return String(cString: path)
    }
}
