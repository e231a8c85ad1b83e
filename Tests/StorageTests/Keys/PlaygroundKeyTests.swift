import Domain
import Testing

@testable import Storage

@Suite("keys of the playground", .everyEngine, .namesEngine) struct PlaygroundKeyTests {
    private static func changes(_ set: (inout KeyChanges) -> Void) -> KeyChanges {
        var changes = KeyChanges()
        set(&changes)
        return changes
    }

    @Test("one row of a user, a new secret each time; two tabs have one each, and a third ends the oldest")
    func renewal() async throws {
        let stage = try KeyStage()
        defer { stage.control.remove() }
        let user = try await stage.control.user("ann")
        let actor = Actor.user(user.id, .user)
        let first = try await stage.keys.renewPlayground(of: user.id, by: actor)
        let firstEnd = stage.control.later(15 * 60)
        #expect(first.key.name == "Playground" && first.key.isPlayground && first.key.expiresAt == firstEnd)
        stage.control.stage.clock.advance(seconds: 60)
        let second = try await stage.keys.renewPlayground(of: user.id, by: actor)
        #expect(second.key.id == first.key.id && second.key.expiresAt == stage.control.later(15 * 60))
        #expect(try await stage.keys.keys(KeyQuery()).count == 1)
        let old = try #require(try await stage.principal(first.secret))
        #expect(old.isActive && old.expiresAt == firstEnd && old.keyID == first.key.id)
        let new = try #require(try await stage.principal(second.secret))
        #expect(new.isActive && new.expiresAt == second.key.expiresAt && new.keyID == first.key.id)
        let third = try await stage.keys.renewPlayground(of: user.id, by: actor)
        #expect(try await stage.principal(first.secret) == nil)
        for secret in [second.secret, third.secret] { #expect(try await stage.principal(secret)?.isActive == true) }
        // What had ended before is not brought back.
        stage.control.stage.clock.advance(seconds: 15 * 60)
        _ = try await stage.keys.renewPlayground(of: user.id, by: actor)
        for secret in [second.secret, third.secret] { #expect(try await stage.principal(secret) == nil) }
        #expect(try await stage.control.accounts.account(user.id)?.keyHint == nil)
        let acts = try stage.control.leaves().filter { $0.contains("api_key") }
        #expect(acts.map { $0.contains("api_key created") } == [true, false, false, false])
        #expect(acts[1].contains(#""act":"api_key rotated","row":\#(first.key.id),"fields":["digest","expires_at"],"#))
        let text = try stage.control.stage.fileText()
        for secret in [first.secret, second.secret, third.secret] { #expect(!text.contains(secret)) }
        #expect(try stage.control.isProven())
    }

    @Test("what was revoked stays revoked; limits stay with the row")
    func revocation() async throws {
        let stage = try KeyStage()
        defer { stage.control.remove() }
        let user = try await stage.control.user("ann")
        let actor = Actor.user(user.id, .user)
        let first = try await stage.keys.renewPlayground(of: user.id, by: actor)
        let limits = Self.changes {
            $0.spendingLimit = Money(picoDollars: 50)
            $0.allowedModels = .some([])
        }
        _ = try await stage.keys.update(first.key.id, of: nil, limits, if: .none, by: ControlStage.root)
        let end = Self.changes { $0.isActive = false }
        _ = try await stage.keys.update(first.key.id, of: user.id, end, if: .none, by: actor)
        #expect(try await stage.principal(first.secret)?.isActive == false)
        let second = try await stage.keys.renewPlayground(of: user.id, by: actor)
        #expect(second.key.id == first.key.id && second.key.limit?.total.picoDollars == 50)
        #expect(try await stage.principal(first.secret) == nil)
        let principal = try #require(try await stage.principal(second.secret))
        #expect(principal.isActive && principal.hasSpendingLimit && principal.allowedModels == [])
        #expect(try stage.control.isProven())
    }

    @Test("it is made nothing else of: neither renamed, nor made to last, nor rotated, by nobody")
    func otherUses() async throws {
        let stage = try KeyStage()
        defer { stage.control.remove() }
        let user = try await stage.control.user("ann")
        let actor = Actor.user(user.id, .user)
        let own = Self.changes { $0.name = "Playground" }
        let taken = try await stage.keys.create(own, of: user.id, by: actor).key
        let key = try await stage.keys.renewPlayground(of: user.id, by: actor).key
        #expect(key.name == "Playground-2" && key.id != taken.id && !taken.isPlayground)
        for other in [
            Self.changes { $0.name = "mine" }, Self.changes { $0.expiresAt = .some(nil) },
            Self.changes { $0.expiresAt = .some(stage.control.later(30 * 60)) },
        ] {
            for actor in [actor, ControlStage.root] {
                await #expect(throws: DeskError.conflict(.playground)) {
                    try await stage.keys.update(key.id, of: nil, other, if: .none, by: actor)
                }
            }
        }
        await #expect(throws: DeskError.conflict(.playground)) {
            try await stage.keys.rotate(key.id, of: user.id, graceSeconds: 86_400, by: actor)
        }
        // Written back as it was read.
        let same = Self.changes {
            $0.name = key.name
            $0.expiresAt = .some(key.expiresAt)
        }
        #expect(try await stage.keys.update(key.id, of: nil, same, if: .none, by: actor) == key)
        await #expect(throws: DeskError.notFound) {
            try await stage.keys.renewPlayground(of: UserID(99), by: ControlStage.root)
        }
    }

    enum End: CaseIterable {
        case logout, reuse, password, apply
    }

    @Test(
        "it ends with the session: at a logout, a stolen token, a new password, another role",
        arguments: End.allCases
    )
    func sessions(end: End) async throws {
        let stage = try KeyStage()
        defer { stage.control.remove() }
        _ = try stage.control.stage.applier.apply(ApplyStage.wish())
        let user = try #require(
            try await stage.control.accounts.accounts(AccountQuery()).items.first { $0.email == "dev@example.com" }
        )
        let session = try await stage.control.open(user, seed: 1)
        let actor = Actor.user(user.id, .user)
        let secrets = [
            try await stage.keys.renewPlayground(of: user.id, by: actor).secret,
            try await stage.keys.renewPlayground(of: user.id, by: actor).secret,
        ]
        for secret in secrets { #expect(try await stage.principal(secret)?.isActive == true) }
        switch end {
        case .logout: try await stage.control.sessions.close(session.id)
        case .reuse:
            for _ in 0..<2 {
                _ = try await stage.control.sessions.refresh(ControlStage.digest(1), next: ControlStage.digest(2))
            }
        case .password:
            var changes = AccountChanges()
            changes.passwordHash = "$scrypt$other"
            _ = try await stage.control.accounts.update(user.id, changes, if: .none, by: ControlStage.root)
        case .apply:
            var wish = ApplyStage.wish()
            wish.users[0].role = .auditor
            _ = try stage.control.stage.applier.apply(wish)
        }
        #expect(try await stage.principal(secrets[0]) == nil)
        let ended = try #require(try await stage.principal(secrets[1])?.expiresAt)
        #expect(ended <= stage.control.stage.clock.now())
        // An end that is none makes no act.
        let leaves = try stage.control.leaves().count
        try await stage.control.sessions.close(SessionID(99))
        #expect(try stage.control.leaves().count == leaves)
        #expect(try stage.control.isProven())
    }
}
