import Domain
import Testing

@testable import Storage

@Suite("rotation of the master key", .everyEngine, .namesEngine)
struct MasterKeyRotationTests {
    private static let secrets = 7

    /// Two stored secrets, four providers' keys and a channel's target, under the stage's master key.
    private static func stage() throws -> ApplyStage {
        let stage = try ApplyStage()
        _ = try SecretStore(database: stage.database).sessionKey(stage.vault, now: stage.clock.now())
        try stage.database.write { connection in
            for id in Int64(1)...4 {
                let sealed = stage.vault.seal(
                    Array("sk-upstream-\(id)".utf8),
                    at: .providerKey(ProviderID(id), version: id + 2)
                )
                try connection.execute(
                    "INSERT INTO api_providers (id, name, dialect, base_url, api_key, api_key_version, created_at, updated_at) VALUES (?, ?, 'openai', 'http://127.0.0.1:1/v1', ?, ?, 0, 0)",
                    .integer(id),
                    .text("p\(id)"),
                    .text(sealed),
                    .integer(id + 2)
                )
            }
            try connection.execute(
                "INSERT INTO alert_channels (id, name, kind, target, target_version, audience, least_severity, language, created_at, updated_at) VALUES (1, 'hook', 'webhook', ?, 3, 'operators', 1, 'en', 0, 0)",
                .text(stage.vault.seal(Array("https://x/ s".utf8), at: .alertTarget(AlertChannelID(1), version: 3)))
            )
            try connection.execute(
                "INSERT INTO api_providers (id, name, dialect, base_url, created_at, updated_at) VALUES (9, 'open', 'openai', 'http://127.0.0.1:1/v1', 0, 0)"
            )
        }
        return stage
    }

    private static func sealed(_ stage: ApplyStage) throws -> [String] {
        try stage.database.read { connection in
            try connection.query(
                "SELECT value FROM secrets UNION ALL SELECT api_key FROM api_providers WHERE api_key IS NOT NULL UNION ALL SELECT target FROM alert_channels"
            ) {
                $0.text(0)
            }
        }
    }

    private static func opens(_ stage: ApplyStage, under vault: Vault) throws -> Bool {
        let providers = try stage.database.read { connection in
            try connection.query("SELECT id, api_key_version, api_key FROM api_providers WHERE api_key IS NOT NULL") {
                (ProviderID($0.int64(0)), $0.int64(1), $0.text(2))
            }
        }
        return try providers.allSatisfy { id, version, sealed in
            try vault.open(sealed, at: .providerKey(id, version: version)) == Array("sk-upstream-\(id)".utf8)
        } && SecretStore(database: stage.database).pepper(vault, now: stage.clock.now()).bytes == stage.pepper.bytes
    }

    @Test("wraps everything under the new key, leaves the secrets as they are, and says so in a leaf")
    func rotates() throws {
        let stage = try Self.stage()
        defer { stage.remove() }
        let new = MasterKey.random()
        let before = try Self.sealed(stage)
        let report = try rotate(stage, to: new)
        #expect(report == MasterKeyRotation.Report(rewrapped: Self.secrets, alreadyNew: 0, failed: []))
        #expect(try Self.opens(stage, under: Vault(master: new)))
        #expect(throws: SecretError.self) { try Self.opens(stage, under: stage.vault) }
        // Nonce, ciphertext and tag of each are what they were.
        for (was, isNow) in zip(before, try Self.sealed(stage)) {
            #expect(was.split(separator: ".")[3...] == isNow.split(separator: ".")[3...] && was != isNow)
        }
        let again = try rotate(stage, to: new)
        #expect(again == MasterKeyRotation.Report(rewrapped: 0, alreadyNew: Self.secrets, failed: []))
        let leaves = try stage.database.read { connection in
            try connection.query("SELECT data FROM audit_leaves WHERE kind = 2") {
                String(decoding: $0.blob(0), as: UTF8.self)
            }
        }
        #expect(leaves.filter { $0.contains("master_key rotated") }.count == 1)
    }

    @Test("what opens under neither key stays as it is, is named, and stops nothing")
    func foreign() throws {
        let stage = try Self.stage()
        defer { stage.remove() }
        let new = MasterKey.random()
        let foreign = Vault(master: .random()).seal([1, 2, 3], at: .providerKey(ProviderID(2), version: 4))
        let damaged = String(try Self.sealed(stage)[4].dropLast(2)) + "AA"
        try stage.database.write { connection in
            try connection.execute("UPDATE api_providers SET api_key = ? WHERE id = 2", .text(foreign))
            try connection.execute("UPDATE api_providers SET api_key = ? WHERE id = 3", .text(damaged))
            try connection.execute("UPDATE api_providers SET api_key = 'sk-plain' WHERE id = 4")
        }
        let report = try rotate(stage, to: new)
        #expect(report.rewrapped == Self.secrets - 3 && report.failed.count == 3)
        #expect(report.failed[1] == .undecryptable(place: "api_providers|3|api_key|5"))
        #expect(report.failed[2] == .malformedEnvelope(place: "api_providers|4|api_key|6"))
        let left = try Self.sealed(stage)
        #expect(left.contains(foreign) && left.contains(damaged) && left.contains("sk-plain"))
        #expect(!report.failed.map(\.description).joined().contains("sk-plain"))
    }

    @Test("both keys open what is sealed while they are exchanged, and only the new one seals")
    func both() throws {
        let (old, new) = (MasterKey.random(), MasterKey.random())
        let place = SecretPlace(table: "t", row: "1", column: "c", version: 1)
        let vault = Vault(master: new, previous: old)
        let sealed = Vault(master: old).seal([7], at: place)
        #expect(try vault.open(sealed, at: place) == [7])
        #expect(Vault.masterKeyID(of: vault.seal([7], at: place)) == new.id)
        #expect(throws: SecretError.self) {
            try Vault(master: old, previous: nil).open(vault.seal([7], at: place), at: place)
        }
        // At another place it is nothing, and is not rewrapped into something.
        let elsewhere = SecretPlace(table: "t", row: "2", column: "c", version: 1)
        #expect(throws: SecretError.undecryptable(place: elsewhere.description)) {
            try vault.rewrap(sealed, at: elsewhere)
        }
    }

    private func rotate(_ stage: ApplyStage, to new: MasterKey) throws -> MasterKeyRotation.Report {
        let vault = Vault(master: new, previous: stage.master)
        return try MasterKeyRotation(database: stage.database, vault: vault) { [clock = stage.clock] in clock.now() }
            .run()
    }
}
