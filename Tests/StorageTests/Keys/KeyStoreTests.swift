import Domain
import Testing

@testable import Storage

@Suite("keys", .everyEngine, .namesEngine) struct KeyStoreTests {
    private static func changes(_ set: (inout KeyChanges) -> Void) -> KeyChanges {
        var changes = KeyChanges()
        set(&changes)
        return changes
    }

    @Test(
        "a rotated key's old secret speaks for the same key until its grace is over, and no longer after another rotation"
    )
    func rotation() async throws {
        let stage = try KeyStage()
        defer { stage.control.remove() }
        let root = ControlStage.root
        let user = try await stage.control.user("ann")
        let limited = Self.changes {
            $0.name = "ci"
            $0.spendingLimit = Money(picoDollars: 50)
        }
        let first = try await stage.keys.create(limited, of: user.id, by: root)
        let second = try await stage.keys.rotate(first.key.id, of: nil, graceSeconds: 60, by: root)
        let until = try #require(second.key.previousUntil)
        #expect(until == stage.control.later(60) && second.key.id == first.key.id)
        let old = try #require(try await stage.principal(first.secret))
        #expect(old.isActive && old.keyID == first.key.id && old.expiresAt == until && old.hasSpendingLimit)
        let new = try #require(try await stage.principal(second.secret))
        #expect(new.isActive && new.expiresAt == nil && new.keyID == first.key.id)
        let third = try await stage.keys.rotate(first.key.id, of: nil, graceSeconds: 0, by: root)
        for secret in [first.secret, second.secret] { #expect(try await stage.principal(secret)?.isActive == false) }
        #expect(try await stage.principal(third.secret)?.isActive == true)
        _ = try await stage.keys.update(
            first.key.id,
            of: nil,
            Self.changes { $0.isActive = false },
            if: .none,
            by: root
        )
        #expect(try await stage.principal(third.secret)?.isActive == false)
        await #expect(throws: DeskError.conflict(.revoked)) {
            try await stage.keys.rotate(first.key.id, of: nil, graceSeconds: 0, by: root)
        }
        for revival in [Self.changes { $0.isActive = true }, Self.changes { $0.name = "other" }] {
            await #expect(throws: DeskError.conflict(.revoked)) {
                try await stage.keys.update(first.key.id, of: nil, revival, if: .none, by: root)
            }
        }
        let text = try stage.control.stage.fileText()
        for secret in [first.secret, second.secret, third.secret] { #expect(!text.contains(secret)) }
        #expect(try stage.control.isProven())
    }

    @Test("a spending limit is a lane of the ledger; it is raised, lowered, taken away and set again")
    func limits() async throws {
        let stage = try KeyStage()
        defer { stage.control.remove() }
        let user = try await stage.control.user("ann")
        let key = try await stage.keys.create(
            Self.changes { $0.name = "k" },
            of: user.id,
            by: ControlStage.root
        ).key
        #expect(key.limit == nil)
        for (limit, expected) in [(50, 50), (80, 80), (20, 20), (20, 20), (nil, nil), (30, 30), (0, 0)]
            as [(Int64?, Int64?)]
        {
            let changed = try await stage.keys.update(
                key.id,
                of: nil,
                Self.changes { $0.spendingLimit = .some(limit.map { Money(picoDollars: $0) }) },
                if: .none,
                by: ControlStage.root
            )
            #expect(changed.limit?.total.picoDollars == expected && changed.limit?.available.picoDollars == expected)
        }
        #expect(try stage.control.isProven())
    }

    @Test("users see and change their own keys only, and name only models that they may use")
    func owners() async throws {
        let stage = try KeyStage()
        defer { stage.control.remove() }
        _ = try stage.control.stage.applier.apply(ApplyStage.wish())
        let user = try #require(
            try await stage.control.accounts.accounts(AccountQuery()).items.first { $0.email == "dev@example.com" }
        )
        let other = try await stage.control.user("other")
        let actor = Actor.user(user.id, .user)
        let key = try await stage.keys.create(
            Self.changes {
                $0.name = "mine"
                $0.allowedModels = .some([.name("m"), .id(ModelID(1))])
            },
            of: user.id,
            by: actor
        ).key
        #expect(key.allowedModels == [ModelName(id: ModelID(1), name: "m")])
        let wide = Self.changes { $0.allowedModels = .some([.name("m")]) }
        await #expect(throws: DeskError.refused(field: "allowed_models", .beyondOwner)) {
            try await stage.keys.create(wide, of: other.id, by: .user(other.id, .user))
        }
        let unknown = Self.changes { $0.allowedModels = .some([.name("gpt-x")]) }
        await #expect(throws: DeskError.refused(field: "allowed_models", .unknown)) {
            try await stage.keys.update(key.id, of: nil, unknown, if: .none, by: ControlStage.root)
        }
        #expect(try await stage.keys.key(key.id, of: other.id) == nil)
        await #expect(throws: DeskError.notFound) {
            try await stage.keys.rotate(key.id, of: other.id, graceSeconds: 0, by: .user(other.id, .user))
        }
        await #expect(throws: DeskError.taken(field: "name")) {
            try await stage.keys.create(Self.changes { $0.name = "mine" }, of: user.id, by: actor)
        }
        let root = try await stage.control.user("root", .superAdmin)
        await #expect(throws: DeskError.forbidden) {
            try await stage.keys.create(Self.changes { $0.name = "x" }, of: root.id, by: .user(user.id, .admin))
        }
        for _ in 0..<200 {
            do {
                let count = try await stage.keys.keys(KeyQuery()).count
                _ = try await stage.keys.create(Self.changes { $0.name = "k\(count)" }, of: other.id, by: actor)
            } catch {
                #expect(error == .conflict(.tooMany))
                break
            }
        }
        var query = KeyQuery()
        query.userID = other.id
        #expect(try await stage.keys.keys(query).count == Int(KeyStore.mostKeys))
    }
}
