import Domain
import Foundation
import Logging
import Testing

@testable import Storage

@Suite("accounts", .everyEngine, .namesEngine) struct AccountStoreTests {
    @Test("each change is one leaf and one row of the change feed; leaves name rows and nobody")
    func changes() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann")
        #expect(user.email == "ann@example.com" && user.role == .user && user.isActive && user.keyHint == nil)
        stage.stage.clock.advance(seconds: 5)
        var changes = AccountChanges()
        changes.name = "Ann O'Neil \"\\"
        changes.email = "o.neil@example.com"
        changes.passwordHash = "$scrypt$x"
        let changed = try await stage.accounts.update(user.id, changes, if: .none, by: .user(UserID(9), .admin))
        #expect(changed.email == "o.neil@example.com" && changed.name == "Ann O'Neil \"\\")
        #expect(changed.createdAt == user.createdAt && changed.updatedAt > user.updatedAt)
        #expect(try await stage.accounts.account(user.id) == changed)
        // What is there already is no change.
        #expect(try await stage.accounts.update(user.id, changes, if: .none, by: ControlStage.root) == changed)
        let key = try await stage.accounts.resetKey(of: user.id, by: ControlStage.root)
        _ = try await stage.accounts.resetKey(of: user.id, by: .user(user.id, .user))
        let leaves = try stage.leaves()
        let at = user.createdAt
        #expect(
            leaves == [
                #"{"act":"user created","row":\#(user.id),"fields":[],"actor":"tokenaudit test","at":"\#(at)"}"#,
                #"{"act":"user updated","row":\#(user.id),"fields":["email","name","password"],"actor":"user 9","at":"\#(changed.updatedAt)"}"#,
                #"{"act":"api_key created","row":1,"fields":[],"actor":"tokenaudit test","at":"\#(changed.updatedAt)"}"#,
                #"{"act":"api_key updated","row":1,"fields":["digest"],"actor":"user \#(user.id)","at":"\#(changed.updatedAt)"}"#,
                #"{"act":"api_key created","row":2,"fields":["digest","is_active"],"actor":"user \#(user.id)","at":"\#(changed.updatedAt)"}"#,
            ]
        )
        for leaf in leaves { _ = try JSONSerialization.jsonObject(with: Data(leaf.utf8)) }
        #expect(try stage.feed() == ["user \(user.id)", "user \(user.id)", "api_key 1", "api_key 1", "api_key 2"])
        let files = try stage.stage.fileText()
        #expect(!files.contains(key))
        #expect(Engine.current != .sqlite || files.contains(String(key.prefix(13))))
        #expect(try stage.isProven())
    }

    @Test(
        "an admin neither makes nor changes super admins, whatever was checked before",
        arguments: [Role.admin, .superAdmin]
    )
    func superAdminsOnly(role: Role) async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let root = try await stage.user("root", .superAdmin)
        let user = try await stage.user("user")
        let accounts = stage.accounts
        let actor = Actor.user(root.id, role)
        var renaming = AccountChanges()
        renaming.name = "Other"
        var promotion = AccountChanges()
        promotion.role = .superAdmin
        let new = NewAccount(email: "new@example.com", name: "", role: .superAdmin, passwordHash: nil)
        let refusals = [
            await Self.refusal { () throws(DeskError) in
                try await accounts.update(root.id, renaming, if: .none, by: actor)
            },
            await Self.refusal { () throws(DeskError) in
                try await accounts.update(user.id, promotion, if: .none, by: actor)
            },
            await Self.refusal { () throws(DeskError) in try await accounts.create(new, by: actor) },
        ]
        #expect(refusals == Array(repeating: role == .admin ? .forbidden : nil, count: 3))
        let renewed = await Self.refusal { () throws(DeskError) in
            try await accounts.resetKey(of: root.id, by: actor)
        }
        #expect(renewed == (role == .admin ? .forbidden : nil))
    }

    private static func refusal<Value>(_ body: () async throws(DeskError) -> Value) async -> DeskError? {
        do { _ = try await body() } catch { return error }
        return nil
    }

    @Test("an address is one user's; refused changes change nothing")
    func refusals() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let ann = try await stage.user("ann")
        _ = try await stage.user("bob")
        let before = try stage.stage.dump()
        await #expect(throws: DeskError.taken(field: "email")) { try await stage.user("bob") }
        var changes = AccountChanges()
        changes.name = "other"
        changes.email = "bob@example.com"
        await #expect(throws: DeskError.taken(field: "email")) {
            try await stage.accounts.update(ann.id, changes, if: .none, by: ControlStage.root)
        }
        await #expect(throws: DeskError.notFound) {
            try await stage.accounts.update(UserID(99), changes, if: .none, by: ControlStage.root)
        }
        await #expect(throws: DeskError.notFound) {
            try await stage.accounts.resetKey(of: UserID(99), by: ControlStage.root)
        }
        #expect(try await stage.accounts.account(UserID(99)) == nil)
        #expect(try stage.stage.dump() == before)
        // One's own address is not taken.
        changes.email = ann.email
        #expect(try await stage.accounts.update(ann.id, changes, if: .none, by: ControlStage.root).name == "other")
    }

    @Test("an address asked for by many at once is given once")
    func emailRace() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let outcomes = await withTaskGroup(of: DeskError?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        _ = try await stage.user("ann")
                        return nil
                    } catch { return DeskError(error) }
                }
            }
            return await group.reduce(into: [DeskError?]()) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == nil }.count == 1)
        #expect(outcomes.compactMap(\.self) == Array(repeating: .taken(field: "email"), count: 7))
        #expect(try stage.stage.count("users") == 1 && stage.leaves().count == 1)
    }

    @Test("the last active super admin stays one", arguments: [true, false])
    func lastSuperAdmin(demotes: Bool) async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let first = try await stage.user("first", .superAdmin)
        let second = try await stage.user("second", .superAdmin)
        _ = try await stage.user("third", .admin)
        var changes = AccountChanges()
        if demotes { changes.role = .admin } else { changes.isActive = false }
        _ = try await stage.accounts.update(second.id, changes, if: .none, by: ControlStage.root)
        await #expect(throws: DeskError.conflict(.lastSuperAdmin)) {
            try await stage.accounts.update(first.id, changes, if: .none, by: ControlStage.root)
        }
        // What does not touch it is allowed, and so is a change of who is none any more.
        var name = AccountChanges()
        name.name = "First"
        name.role = .superAdmin
        name.isActive = true
        #expect(try await stage.accounts.update(first.id, name, if: .none, by: ControlStage.root).name == "First")
        var off = AccountChanges()
        off.isActive = false
        #expect(try await stage.accounts.update(second.id, off, if: .none, by: ControlStage.root).isActive == false)
    }

    @Test("the last two super admins, demoted at once by each other: one stays")
    func demotionRace() async throws {
        for _ in 0..<8 {
            let stage = try ControlStage()
            defer { stage.remove() }
            let admins = [try await stage.user("a", .superAdmin), try await stage.user("b", .superAdmin)]
            var changes = AccountChanges()
            changes.role = .user
            let demotion = changes
            // Desks of their own: only the database's lock stands between them.
            let outcomes = await withTaskGroup(of: DeskError?.self) { group in
                for (index, admin) in admins.enumerated() {
                    group.addTask {
                        do {
                            let database = try stage.stage.another()
                            defer { try? database.close() }
                            let clock = stage.stage.clock
                            let desk = ControlDesk(writer: database, reader: database) { clock.now() }
                            let store = AccountStore(desk: desk, digester: nil)
                            _ = try await store.update(
                                admin.id,
                                demotion,
                                if: .none,
                                by: .user(admins[1 - index].id, .superAdmin)
                            )
                            return nil
                        } catch { return DeskError(error) }
                    }
                }
                return await group.reduce(into: [DeskError?]()) { $0.append($1) }
            }
            #expect(
                outcomes.filter { $0 == nil }.count == 1 && outcomes.contains(.conflict(.lastSuperAdmin)),
                "\(outcomes)"
            )
            var query = AccountQuery()
            query.role = .superAdmin
            #expect(try await stage.accounts.accounts(query).count == 1)
            #expect(try stage.isProven())
        }
    }

    @Test("a reset replaces the key's secret, keeps what limits it, and running servers learn of it")
    func resetKey() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let database = stage.stage.database
        let user = try await stage.user("ann")
        let first = try #require(
            APIKeyMaterial(parsing: try await stage.accounts.resetKey(of: user.id, by: ControlStage.root))
        )
        try database.write { connection in
            try connection.execute(
                "UPDATE api_keys SET allowed_models = '3', has_spending_limit = 1, expires_at = 5, is_active = 0"
            )
            try connection.execute(
                "INSERT INTO api_keys (user_id, name, digest, pepper_version, prefix, last_four, created_at, updated_at) VALUES (?, 'mine', ?, 1, '', '', 1, 1)",
                SQLValue(user.id),
                .blob([UInt8](repeating: 7, count: 32))
            )
        }
        let logger = Logger(label: "test")
        let directory = try StorageDirectory(database: database, vault: stage.stage.vault, logger: logger)
        let old = first.digest(by: stage.stage.digester)
        #expect(await directory.load(old)?.isActive == false)
        let second = try #require(
            APIKeyMaterial(parsing: try await stage.accounts.resetKey(of: user.id, by: ControlStage.root))
        )
        #expect(first != second)
        try directory.refresh()
        guard case .notLoaded = directory.principal(for: old) else {
            Issue.record("the old key is still known")
            return
        }
        #expect(await directory.load(old)?.isActive == false)
        let principal = try #require(await directory.load(second.digest(by: stage.stage.digester)))
        #expect(principal.isActive && principal.hasSpendingLimit && principal.allowedModels == [ModelID(3)])
        #expect(principal.expiresAt == nil)
        // A file that still names the old one does not bring it back.
        var wish = DesiredUser(email: user.email, line: .init(1))
        wish.key = .literal(first)
        #expect(try stage.stage.applier.apply(.only(users: [wish])).changes.isEmpty)
        _ = try await stage.accounts.resetKey(of: user.id, by: ControlStage.root)
        let names = try database.read {
            try $0.query("SELECT name, is_active FROM api_keys ORDER BY id") { "\($0.text(0)) \($0.int64(1))" }
        }
        #expect(names == ["default 1", "mine 1", "default-ended 0", "default-ended-2 0"])
    }

    @Test(
        "lists: searched, filtered, ordered, in pages",
        arguments: [
            ListCase("all, by id", ["ann", "Bob_1", "bob%2", "carl", "root"]) { _ in },
            ListCase("any case", ["Bob_1", "bob%2"]) { $0.search = "BOB" },
            ListCase("in the address", ["carl"]) { $0.search = "carl@EXAMPLE" },
            ListCase("an underscore is itself", ["Bob_1"]) { $0.search = "b_" },
            ListCase("a percent sign is itself", ["bob%2"]) { $0.search = "%" },
            ListCase("the escape is itself", []) { $0.search = "!" },
            ListCase("quotes are themselves", []) { $0.search = "' OR 1=1 --" },
            ListCase("longer than any name", []) { $0.search = String(repeating: "a", count: 60_000) },
            ListCase("no search", ["ann", "Bob_1", "bob%2", "carl", "root"]) { $0.search = "" },
            ListCase("by role", ["root"]) { $0.role = .superAdmin },
            ListCase("active ones", ["ann", "Bob_1", "bob%2", "root"]) { $0.isActive = true },
            ListCase("inactive ones called so", ["carl"]) {
                $0.isActive = false
                $0.role = .auditor
                $0.search = "car"
            },
            ListCase("newest first", ["root", "carl", "bob%2", "Bob_1", "ann"]) {
                $0.window.order = .createdAt
                $0.window.isDescending = true
            },
            ListCase("by address", ["bob%2", "Bob_1"], count: 5) {
                $0.window.order = .email
                $0.window.offset = 1
                $0.window.limit = 2
            },
            ListCase("by name, backwards", ["root", "carl"], count: 5) {
                $0.window.order = .name
                $0.window.isDescending = true
                $0.window.limit = 2
            },
            ListCase("beyond the end", [], count: 5) { $0.window.offset = 5 },
            ListCase("nothing of it", [], count: 5) { $0.window.limit = 0 },
            ListCase("less than nothing", [], count: 5) {
                $0.window.limit = -1
                $0.window.offset = -1
            },
        ]
    )
    func lists(test: ListCase) async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        for (name, email, role) in [
            ("ann", "a@example.com", Role.user), ("Bob_1", "c@example.com", .user), ("bob%2", "b@example.com", .admin),
            ("carl", "carl@example.com", .auditor), ("root", "r@example.com", .superAdmin),
        ] {
            stage.stage.clock.advance(seconds: 1)
            let new = NewAccount(email: email, name: name, role: role, passwordHash: nil)
            let user = try await stage.accounts.create(new, by: ControlStage.root)
            if name == "carl" {
                var changes = AccountChanges()
                changes.isActive = false
                _ = try await stage.accounts.update(user.id, changes, if: .none, by: ControlStage.root)
            }
        }
        let page = try await stage.accounts.accounts(test.query)
        #expect(page.items.map(\.name) == test.names && page.count == test.count)
    }

    @Test("a user's hint is of the newest key that works")
    func hint() async throws {
        let stage = try ControlStage()
        defer { stage.remove() }
        let user = try await stage.user("ann")
        let key = try await stage.accounts.resetKey(of: user.id, by: ControlStage.root)
        #expect(try await stage.accounts.account(user.id)?.keyHint == "\(key.prefix(13))…\(key.suffix(4))")
        #expect(try await stage.accounts.accounts(AccountQuery()).items.first?.keyHint?.hasPrefix("sk-audit-") == true)
        try stage.stage.database.write { _ = try $0.execute("UPDATE api_keys SET is_active = 0") }
        #expect(try await stage.accounts.account(user.id)?.keyHint == nil)
    }

    @Test("a database that cannot be asked is unavailable, with the cause; without a pepper no key is made")
    func unavailable() async throws {
        let stage = try ControlStage()
        let user = try await stage.user("ann")
        let keyless = AccountStore(
            desk: ControlDesk(writer: stage.stage.database, reader: stage.stage.database) { user.createdAt },
            digester: nil
        )
        await #expect(throws: DeskError.unavailable("no pepper was opened")) {
            try await keyless.resetKey(of: user.id, by: ControlStage.root)
        }
        stage.remove()
        await #expect {
            try await stage.accounts.account(user.id)
        } throws: { error in
            if case .unavailable(let cause) = error as? DeskError { !cause.isEmpty } else { false }
        }
    }
}

/// A page of users and who is on it.
struct ListCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let query: AccountQuery
    let names: [String]
    let count: Int

    init(_ name: String, _ names: [String], count: Int? = nil, _ build: (inout AccountQuery) -> Void) {
        testDescription = name
        var query = AccountQuery()
        build(&query)
        self.query = query
        self.names = names
        self.count = count ?? names.count
    }
}

extension StorageDirectory {
    /// Whom the database says a key speaks for.
    fileprivate func load(_ digest: KeyDigest) async -> Principal? {
        await withCheckedContinuation { continuation in
            load(digest) { lookup in
                if case .known(let principal) = lookup {
                    continuation.resume(returning: principal)
                } else {
                    continuation.resume(returning: nil)
                }
            }
        }
    }
}
