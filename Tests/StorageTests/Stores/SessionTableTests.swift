import Domain
import Foundation
import Testing

@testable import Storage

@Suite("sessions", .everyEngine, .namesEngine) struct SessionTableTests {
    @Test("a session from login to logout; each act has its leaf, and renewals none")
    func life() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann", .admin, password: "$scrypt$canary")
        let login = try #require(try await stage.sessions.login(email: "ann@example.com"))
        #expect(login.userID == user.id && login.role == .admin && login.isActive)
        #expect(login.passwordHash == "$scrypt$canary")
        #expect(try await stage.sessions.login(email: "nobody@example.com") == nil)
        let opened = try await stage.open(user, seed: 1)
        #expect(opened.userID == user.id && opened.role == .admin)
        #expect(try await stage.sessions.standing(of: opened.id) == opened)
        #expect(
            try await stage.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(2)) == .renewed(opened)
        )
        #expect(
            try await stage.sessions.refresh(ControlStage.digest(2), next: ControlStage.digest(3)) == .renewed(opened)
        )
        try await stage.sessions.close(opened.id)
        try await stage.sessions.close(opened.id)
        try await stage.sessions.close(SessionID(99))
        #expect(try await stage.sessions.standing(of: opened.id) == nil)
        #expect(try await stage.sessions.refresh(ControlStage.digest(3), next: ControlStage.digest(4)) == .invalid)
        try await stage.sessions.noteFailedLogin(of: user.id, address: "192.0.2.8")
        try await stage.sessions.noteFailedLogin(of: nil, address: "192.0.2.9")
        let at = stage.stage.clock.now()
        #expect(
            try stage.leaves().dropFirst() == [
                #"{"act":"login","row":\#(opened.id),"fields":[],"actor":"user \#(user.id)","at":"\#(at)"}"#,
                #"{"act":"logout","row":\#(opened.id),"fields":[],"actor":"user \#(user.id)","at":"\#(at)"}"#,
                #"{"act":"login failed","row":1,"fields":[],"actor":"nobody as user \#(user.id)","at":"\#(at)"}"#,
                #"{"act":"login failed","row":2,"fields":[],"actor":"nobody","at":"\#(at)"}"#,
            ]
        )
        #expect(try stage.isProven())
    }

    @Test("a token traded a second time ends its session, and the one that came of it")
    func reuse() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann")
        let (stolen, other) = (try await stage.open(user, seed: 1), try await stage.open(user, seed: 9))
        for seed in UInt8(1)...4 {
            let outcome = try await stage.sessions.refresh(
                ControlStage.digest(seed),
                next: ControlStage.digest(seed + 1)
            )
            #expect(outcome == .renewed(stolen))
        }
        // However long ago it was the newest.
        #expect(
            try await stage.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(8)) == .reused(user.id)
        )
        #expect(try await stage.sessions.standing(of: stolen.id) == nil)
        for seed in UInt8(1)...8 {
            #expect(
                try await stage.sessions.refresh(ControlStage.digest(seed), next: ControlStage.digest(20)) == .invalid
            )
        }
        #expect(try await stage.sessions.standing(of: other.id) == other)
        #expect(try stage.leaves().filter { $0.contains(#""act":"refresh reused","row":\#(stolen.id),"#) }.count == 1)
    }

    @Test("one token traded by sixteen at once: one renewal, then the session is over")
    func race() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann")
        let session = try await stage.open(user, seed: 1)
        let outcomes = try await withThrowingTaskGroup(of: RefreshOutcome.self) { group in
            for seed in UInt8(100)..<116 {
                group.addTask {
                    try await stage.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(seed))
                }
            }
            return try await group.reduce(into: [RefreshOutcome: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(outcomes == [.renewed(session): 1, .reused(user.id): 1, .invalid: 14])
        #expect(try await stage.sessions.standing(of: session.id) == nil)
        #expect(try stage.stage.count("refresh_tokens") == 2)
        #expect(try stage.isProven())
    }

    @Test(
        "a session ends with what it was opened under",
        arguments: [
            EndCase("another role", ends: true) { $0.role = .auditor },
            EndCase("another password", ends: true) { $0.passwordHash = "$scrypt$new" },
            EndCase("made inactive", ends: true) { $0.isActive = false },
            EndCase("another name", ends: false) { $0.name = "Ann" },
            EndCase("the same role", ends: false) { $0.role = .admin },
        ]
    )
    func ends(test: EndCase) async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann", .admin)
        let session = try await stage.open(user, seed: 1)
        let before = try #require(try await stage.sessions.login(email: user.email))
        _ = try await stage.accounts.update(user.id, test.changes, if: .none, by: ControlStage.root)
        #expect(try await stage.sessions.standing(of: session.id) == (test.ends ? nil : session))
        let outcome = try await stage.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(2))
        #expect(outcome == (test.ends ? .invalid : .renewed(session)))
        // A password that was checked before the change opens nothing after it.
        let late = try? await stage.sessions.open(
            of: before,
            refresh: ControlStage.digest(3),
            expiresAt: stage.later(60),
            address: "",
            userAgent: ""
        )
        #expect((late == nil) == test.ends)
        // What has ended stays so when the user is active again.
        var again = AccountChanges()
        again.isActive = true
        _ = try await stage.accounts.update(user.id, again, if: .none, by: ControlStage.root)
        #expect(try await stage.sessions.standing(of: session.id) == (test.ends ? nil : session))
    }

    @Test("apply ends sessions as the control plane does")
    func apply() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann", .admin)
        let session = try await stage.open(user, seed: 1)
        var wish = DesiredUser(email: user.email, line: .init(1))
        wish.role = .user
        _ = try stage.stage.applier.apply(.only(users: [wish]))
        #expect(try await stage.sessions.standing(of: session.id) == nil)
    }

    @Test("a session ends at its time, to the microsecond")
    func expiry() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann")
        let session = try await stage.open(user, seed: 1, seconds: 60)
        stage.stage.clock.advance(seconds: 59)
        #expect(try await stage.sessions.standing(of: session.id) == session)
        #expect(
            try await stage.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(2)) == .renewed(session)
        )
        stage.stage.clock.advance(seconds: 1)
        #expect(try await stage.sessions.standing(of: session.id) == nil)
        // Spent or not, nothing of it is traded or noted any more.
        #expect(try await stage.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(3)) == .invalid)
        #expect(try await stage.sessions.refresh(ControlStage.digest(2), next: ControlStage.digest(3)) == .invalid)
    }

    @Test("a clock that was far ahead for a moment ends no session")
    func clockAhead() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann")
        stage.stage.clock.advance(seconds: 400 * 86_400)
        _ = try await stage.user("bob")
        stage.stage.clock.advance(seconds: -400 * 86_400)
        let session = try await stage.open(user, seed: 1)
        _ = try await stage.open(user, seed: 2)
        #expect(
            try await stage.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(3)) == .renewed(session)
        )
        #expect(try stage.isProven())
    }

    @Test("a month after its end a session is deleted, a hundred rows at a time; what lives stays")
    func purge() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann")
        try await stage.sessions.noteFailedLogin(of: nil, address: "192.0.2.9")
        let long = try await stage.open(user, seed: 1, seconds: 90 * 86_400)
        let ended = try await stage.open(user, seed: 2, seconds: 90 * 86_400)
        try await stage.sessions.close(ended.id)
        let expired = try await stage.open(user, seed: 3, seconds: 1)
        try stage.stage.database.write { connection in
            for number in 0..<150 {
                try connection.execute(
                    "INSERT INTO refresh_tokens (digest, session_id, created_at, used_at) VALUES (?, ?, 1, 1)",
                    .blob([UInt8](repeating: 0, count: 31) + [UInt8(number)]),
                    SQLValue(expired.id)
                )
            }
        }
        stage.stage.clock.advance(seconds: 30 * 86_400)
        _ = try await stage.open(user, seed: 4)
        #expect(try stage.stage.count("sessions") == 4 && stage.stage.count("refresh_tokens") == 154)
        stage.stage.clock.advance(seconds: 2)
        _ = try await stage.open(user, seed: 5)
        #expect(try stage.stage.count("refresh_tokens") == 55 && stage.stage.count("failed_logins") == 0)
        _ = try await stage.sessions.refresh(ControlStage.digest(5), next: ControlStage.digest(6))
        #expect(try stage.stage.count("sessions") == 3 && stage.stage.count("refresh_tokens") == 4)
        #expect(try await stage.sessions.standing(of: long.id) == long)
        // Numbers are never given twice: leaves go on naming what was deleted.
        let next = try await stage.open(user, seed: 7)
        #expect(next.id > expired.id)
    }

    @Test("nothing that opens anything is stored")
    func secrets() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let password = "correct-horse-canary"
        let hash = try #require(await Passwords(logRounds: 8).hash(password))
        let user = try await stage.user("ann", password: hash)
        let token = "refresh-token-canary"
        let digest = try #require(TokenDigest([UInt8](stage.stage.digester.digest(token).bytes)))
        let login = try #require(try await stage.sessions.login(email: user.email))
        _ = try await stage.sessions.open(
            of: login,
            refresh: digest,
            expiresAt: stage.later(60),
            address: "192.0.2.7",
            userAgent: String(repeating: "a", count: 10_000) + "\0"
        )
        let key = try await stage.accounts.resetKey(of: user.id, by: ControlStage.root)
        let files = try stage.stage.fileText()
        #expect(Engine.current != .sqlite || files.contains("192.0.2.7"))
        for secret in [password, token, key] { #expect(!files.contains(secret)) }
        let leaves = try stage.leaves().joined()
        for person in ["ann", "192.0.2.7", hash, "aaaa"] { #expect(!leaves.contains(person)) }
        let agents = try stage.stage.database.read {
            try $0.query("SELECT length(text) FROM user_agents") { $0.int64(0) }
        }
        #expect(agents == [512])
    }

    @Test(
        "what is asked for at each request reads by an index",
        arguments: [
            (SessionRows.selectStanding, ["s USING INTEGER PRIMARY KEY", "u USING INTEGER PRIMARY KEY"]),
            (SessionRows.selectToken, ["refresh_tokens USING PRIMARY KEY (digest=?)"]),
            (SessionRows.selectLogin, ["sqlite_autoindex_users_1 (email=?)"]),
            (SessionRows.purgeTokens, ["sessions_by_end (<expr><?)", "refresh_tokens_by_session (session_id=?)"]),
            (SessionRows.purgeSessions, ["sessions_by_end (<expr><?)", "refresh_tokens_by_session (session_id=?)"]),
            (SessionRows.purgeFailures, ["failed_logins_by_time (created_at<?)"]),
            (AccountRows.selectOne, ["sqlite_autoindex_api_keys_2 (user_id=?)", "u USING INTEGER PRIMARY KEY"]),
        ]
    )
    func plans(statement: String, uses parts: [String]) throws {
        let stage = try ApplyStage(on: .sqlite)
        defer { stage.remove() }
        let plan = try stage.database.read { connection in
            try connection.query("EXPLAIN QUERY PLAN " + statement, .integer(1)) { $0.text(3) }
        }
        for part in parts { #expect(plan.contains { $0.contains(part) }, "\(plan)") }
        #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
    }
}

/// A change of a user, and whether it ends the user's sessions.
struct EndCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let ends: Bool
    let changes: AccountChanges

    init(_ name: String, ends: Bool, _ build: (inout AccountChanges) -> Void) {
        testDescription = name
        self.ends = ends
        var changes = AccountChanges()
        build(&changes)
        self.changes = changes
    }
}

extension PepperedDigester {
    fileprivate func digest(_ text: String) -> KeyDigest { Array(text.utf8).withUnsafeBytes { digest($0) } }
}
