import Domain
import Foundation
import Testing

@testable import Storage

/// A database as ``ApplyStage`` has it, with the control plane's stores on it.
struct ControlStage {
    static let root = Actor.command("test")

    let stage: ApplyStage
    let accounts: AccountStore
    let sessions: SessionTable

    init() throws {
        stage = try ApplyStage()
        let desk = ControlDesk(writer: stage.database, reader: stage.database) { [clock = stage.clock] in clock.now() }
        accounts = AccountStore(desk: desk, digester: stage.digester)
        sessions = SessionTable(desk: desk)
    }

    func remove() { stage.remove() }

    /// - Returns: the new user, by an address made of `name`.
    func user(_ name: String, _ role: Role = .user, password: String? = nil) async throws -> Account {
        try await accounts.create(
            NewAccount(email: "\(name)@example.com", name: name, role: role, passwordHash: password),
            by: Self.root
        )
    }

    /// A session of the user's, with the refresh token that `seed` makes.
    func open(_ user: Account, seed: UInt8, seconds: Int64 = 3_600) async throws -> SessionStanding {
        let login = try #require(try await sessions.login(email: user.email))
        return try await sessions.open(
            of: login,
            refresh: Self.digest(seed),
            expiresAt: later(seconds),
            address: "192.0.2.7",
            userAgent: "agent"
        )
    }

    func later(_ seconds: Int64) -> Instant {
        Instant(microseconds: stage.clock.now().microseconds + seconds * 1_000_000)
    }

    static func digest(_ seed: UInt8) -> TokenDigest {
        guard let digest = TokenDigest([UInt8](repeating: seed, count: 32)) else { preconditionFailure("32 bytes") }
        return digest
    }

    /// All leaves of acts, oldest first.
    func leaves() throws -> [String] {
        try stage.database.read { connection in
            try connection.query("SELECT data FROM audit_leaves WHERE kind = 2 ORDER BY number") {
                String(decoding: $0.blob(0), as: UTF8.self)
            }
        }
    }

    /// `kind row` of each change, oldest first.
    func feed() throws -> [String] {
        try stage.database.read { connection in
            try connection.query("SELECT kind, row_id FROM change_feed ORDER BY id") { "\($0.text(0)) \($0.int64(1))" }
        }
    }

    func isProven() throws -> Bool { try LedgerVerifier.verify(stage.database).isProven }
}
