import Domain
import Foundation
import Synchronization
import Testing

@testable import Storage

@Suite("apply", .everyEngine, .namesEngine) struct ApplierTests {
    @Test("applying twice changes nothing; each change has its leaf and its row in the change feed")
    func idempotent() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        let first = try stage.applier.apply(ApplyStage.wish())
        #expect(first.changes.map(\.kind) == [.provider, .model, .modelGroup, .user, .apiKey, .quota])
        #expect(first.changes.allSatisfy { $0.action == .created })
        #expect(first.keys.map(\.email) == ["dev@example.com"])
        #expect(try stage.count("audit_leaves") == 6 && stage.count("change_feed") == 6)
        let before = try stage.dump()
        stage.clock.advance(seconds: 60)
        let second = try stage.applier.apply(ApplyStage.wish())
        #expect(second.changes.isEmpty && second.keys.isEmpty)
        #expect(try stage.dump() == before)
    }

    @Test("what the file does not name stays")
    func unnamed() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish())
        let before = try stage.dump()
        var wish = DesiredState()
        wish.providers = [DesiredProvider(name: "local", line: .init(1))]
        wish.models = [DesiredModel(name: "m", line: .init(2))]
        wish.groups = [DesiredGroup(name: "default", line: .init(3))]
        var user = DesiredUser(email: "dev@example.com", line: .init(4))
        user.quotas = [DesiredQuota(groupName: "default", name: "default", line: .init(5))]
        wish.users = [user]
        #expect(try stage.applier.apply(wish).changes.isEmpty)
        #expect(try stage.applier.apply(DesiredState()).changes.isEmpty)
        #expect(try stage.dump() == before)
    }

    @Test("no secret stands in the database in the clear")
    func sealed() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        let report = try stage.applier.apply(ApplyStage.wish())
        let key = try #require(report.keys.first?.key.secret)
        let text = try stage.dump() + (try stage.fileText())
        for secret in ["upstream-canary-key", key, String(key.dropFirst(9))] { #expect(!text.contains(secret)) }
        let lookup = try stage.database.read { connection in
            try PrincipalRows.principal(for: APIKeyMaterial(parsing: key)!.digest(by: stage.digester), connection)
        }
        #expect(lookup?.isActive == true && lookup?.groups.count == 1)
    }

    @Test("another base_url clears the stored key, unless the file gives one")
    func baseURL() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish())
        #expect(try stage.credential() == "upstream-canary-key")
        var wish = DesiredState()
        var provider = DesiredProvider(name: "local", line: .init(1))
        provider.baseURL = try BaseURL(parsing: "https://elsewhere.example.com/v1")
        wish.providers = [provider]
        #expect(try stage.applier.apply(wish).changes.first?.fields == ["base_url", "api_key"])
        #expect(try stage.credential() == nil)
        provider.credential = .set(Credential("second-key"))
        wish.providers = [provider]
        #expect(try stage.applier.apply(wish).changes.first?.fields == ["api_key"])
        #expect(try stage.credential() == "second-key")
        #expect(try stage.applier.apply(wish).changes.isEmpty)
    }

    @Test(
        "private and forbidden addresses are refused on save",
        arguments: [
            ("http://127.0.0.1:9100/v1", "allow_private"), ("http://169.254.169.254", "no provider may have"),
            ("http://db.example.com:5432", "no provider may have"),
        ]
    )
    func addresses(url: String, reason: String) throws {
        let stage = try ApplyStage(allowsPrivate: false)
        defer { stage.remove() }
        var wish = DesiredState()
        var provider = DesiredProvider(name: "p", line: .init(7))
        provider.baseURL = try BaseURL(parsing: url)
        wish.providers = [provider]
        do {
            _ = try stage.applier.apply(wish)
            Issue.record("accepted")
        } catch let problem as ApplyProblem {
            #expect(problem.line == .init(7) && problem.reason.contains(reason))
        }
        #expect(try stage.count("api_providers") == 0)
    }

    @Test("a price change is a new version, a route change a new route; the old ones stay as calls name them")
    func versions() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish())
        var wish = ApplyStage.wish()
        wish.models[0].rates?[.input] = 1
        stage.clock.advance(seconds: 1)
        #expect(try stage.applier.apply(wish).changes.map(\.fields) == [["price"]])
        // The clock goes back: the newest price is still the last.
        stage.clock.advance(seconds: -3_600)
        wish.models[0].rates?[.input] = 2
        #expect(try stage.applier.apply(wish).changes.map(\.fields) == [["price"]])
        wish.models[0].upstreamModel = "other"
        #expect(try stage.applier.apply(wish).changes.map(\.fields) == [["route"]])
        #expect(try stage.count("price_versions") == 3 && stage.count("model_routes") == 2)
        let catalog = try stage.database.read { try CatalogRows.load($0) { _, _, _ in nil } }
        let model = try #require(catalog.models["m"])
        #expect(model.prices.last?.rates[.input] == 2)
        #expect(model.routes.filter(\.isActive).map(\.upstreamModel) == ["other"])
        // Back again: no third route.
        wish.models[0].upstreamModel = "m"
        #expect(try stage.applier.apply(wish).changes.map(\.fields) == [["route"]])
        #expect(try stage.count("model_routes") == 2)
    }

    @Test("a quota's total: only what is new about the file's words is posted")
    func totals() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish(total: "10.00"))
        // Somebody else adds two dollars meanwhile.
        try stage.adjust(by: "2.00")
        #expect(try stage.applier.apply(ApplyStage.wish(total: "10.00")).changes.isEmpty)
        #expect(try stage.standing().remaining == Money(parsing: "12.00"))
        #expect(try stage.applier.apply(ApplyStage.wish(total: "15.00")).changes.map(\.fields) == [["total_quota"]])
        #expect(try stage.standing().remaining == Money(parsing: "17.00"))
        #expect(try stage.applier.apply(ApplyStage.wish(total: "1.00")).changes.map(\.fields) == [["total_quota"]])
        #expect(try stage.standing().remaining == Money(parsing: "3.00"))
        #expect(try LedgerVerifier.verify(stage.database).differences.isEmpty)
    }

    @Test("expiry: later, ended, begun anew with the whole total")
    func expiry() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        let start = stage.clock.now()
        func at(_ seconds: Int64) -> DesiredQuota.Expiry {
            .at(Instant(microseconds: start.microseconds + seconds * 1_000_000))
        }
        _ = try stage.applier.apply(ApplyStage.wish(expiry: at(100)))
        // Before its period began: not what anybody means.
        #expect(throws: ApplyProblem.self) { try stage.applier.apply(ApplyStage.wish(expiry: at(-1))) }
        #expect(try stage.applier.apply(ApplyStage.wish(expiry: at(200))).changes.map(\.fields) == [["expires_at"]])
        stage.clock.advance(seconds: 300)
        #expect(try stage.standing().remaining == .zero && !(try stage.standing().isActive))
        #expect(throws: ApplyProblem.self) { try stage.applier.apply(ApplyStage.wish(total: "5.00", expiry: at(200))) }
        let renewed = try stage.applier.apply(ApplyStage.wish(total: "5.00", expiry: at(400))).changes
        #expect(renewed.map(\.fields) == [["expires_at", "total_quota"]])
        #expect(try stage.standing().remaining == Money(parsing: "5.00"))
        #expect(try stage.applier.apply(ApplyStage.wish(total: "5.00", expiry: at(400))).changes.isEmpty)
        #expect(try stage.count("quota_grants") == 2)
        #expect(try LedgerVerifier.verify(stage.database).differences.isEmpty)
    }

    @Test("a quota made inactive keeps nothing; active again it has its total")
    func activity() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish(total: "4.00"))
        #expect(
            try stage.applier.apply(ApplyStage.wish(total: "4.00", isActive: false)).changes.map(\.fields) == [
                ["is_active"]
            ]
        )
        #expect(try stage.standing().remaining == .zero)
        #expect(try stage.applier.apply(ApplyStage.wish(total: "4.00", isActive: false)).changes.isEmpty)
        #expect(
            try stage.applier.apply(ApplyStage.wish(total: "4.00", isActive: true)).changes.map(\.fields) == [
                ["is_active"]
            ]
        )
        #expect(try stage.standing().remaining == Money(parsing: "4.00"))
        #expect(try LedgerVerifier.verify(stage.database).differences.isEmpty)
    }

    @Test("rates of users and models: named ones are set, null takes one away, and nobody is signed out for it")
    func rates() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish())
        func wish(_ rates: RateLimitChanges) -> DesiredState {
            var model = DesiredModel(name: "m", line: .init(1))
            model.rateLimit = rates
            var user = DesiredUser(email: "dev@example.com", line: .init(2))
            user.rateLimit = rates
            return .only(models: [model], users: [user])
        }
        let epoch = "SELECT token_epoch FROM users"
        let before = try stage.database.read { try $0.query(epoch) { $0.int64(0) } }
        let named = try stage.applier.apply(wish([.requests: 10, .calls: 3]))
        #expect(named.changes.map(\.fields) == Array(repeating: ["requests_per_minute", "concurrent_calls"], count: 2))
        #expect(try stage.applier.apply(wish([.requests: 10])).changes.isEmpty)
        #expect(
            try stage.applier.apply(wish([.calls: nil])).changes.map(\.fields) == [
                ["concurrent_calls"], ["concurrent_calls"],
            ]
        )
        let limits = try stage.database.read { connection in
            try ["users", "ai_models"].flatMap { table in
                try connection.query("SELECT \(RateLimitColumns.list(of: "t")) FROM \(table) t") { row in
                    RateLimitColumns.read(row, from: 0)
                }
            }
        }
        #expect(limits == Array(repeating: RateLimit(requestsPerMinute: 10), count: 2))
        #expect(try stage.database.read { try $0.query(epoch) { $0.int64(0) } } == before)
        var fresh = DesiredUser(email: "new@example.com", line: .init(3))
        fresh.rateLimit = [.tokens: 500]
        _ = try stage.applier.apply(.only(users: [fresh]))
        let made = try stage.database.read {
            try $0.query("SELECT tokens_per_minute FROM users ORDER BY id DESC LIMIT 1") { $0.int64(0) }
        }
        #expect(made == [500])
    }

    @Test("two applies at once post a change once")
    func concurrent() async throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish(total: "1.00"))
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let database = try stage.another()
                    defer { try? database.close() }
                    return try stage.applier(on: database).apply(ApplyStage.wish(total: "2.00")).changes.count
                }
            }
            var changes = 0
            for try await count in group { changes += count }
            #expect(changes == 1)
        }
        #expect(try stage.standing().total == Money(parsing: "2.00"))
    }

    @Test("what cannot be is refused with its line, and nothing of that thing is kept")
    func problems() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        _ = try stage.applier.apply(ApplyStage.wish())
        let before = try stage.dump()
        var model = DesiredModel(name: "new", line: .init(11))
        model.providerName = "nobody"
        var orphan = DesiredModel(name: "new", line: .init(12))
        orphan.contextLength = 10
        var greedy = DesiredModel(name: "m", line: .init(13))
        greedy.maxOutputTokens = 1_000_000
        var group = DesiredGroup(name: "g", line: .init(14))
        group.models = ["nothing"]
        var thief = DesiredUser(email: "thief@example.com", line: .init(15))
        thief.quotas = [DesiredQuota(groupName: "nothing", name: "q", line: .init(16))]
        for (wish, line) in [
            (DesiredState.only(models: [model]), 11), (.only(models: [orphan]), 12), (.only(models: [greedy]), 13),
            (.only(groups: [group]), 14), (.only(users: [thief]), 16),
        ] {
            do {
                _ = try stage.applier.apply(wish)
                Issue.record("line \(line) accepted")
            } catch let problem as ApplyProblem {
                #expect(problem.line.number == line)
            }
        }
        #expect(try stage.dump() == before)
    }

    @Test("a literal key is one user's; a second one is added beside the first")
    func literalKeys() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        let (first, second) = (APIKeyMaterial.generate(), APIKeyMaterial.generate())
        func user(_ email: String, _ key: APIKeyMaterial) -> DesiredState {
            var user = DesiredUser(email: email, line: .init(1))
            user.key = .literal(key)
            return .only(users: [user])
        }
        #expect(try stage.applier.apply(user("a@example.com", first)).changes.count == 2)
        #expect(try stage.applier.apply(user("a@example.com", first)).changes.isEmpty)
        #expect(throws: ApplyProblem.self) { try stage.applier.apply(user("b@example.com", first)) }
        #expect(
            try stage.applier.apply(user("a@example.com", second)).changes.map(\.name) == ["a@example.com default-2"]
        )
        #expect(try stage.count("api_keys") == 2 && stage.count("users") == 1)
    }

    @Test("the sessions' key is its own, outlives the process, and opens only under its master key and at its place")
    func sessionKey() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        let store = SecretStore(database: stage.database)
        let key = try store.sessionKey(stage.vault, now: stage.clock.now())
        #expect(key.version == 1 && key.bytes.count == 32 && key.bytes != stage.pepper.bytes)
        #expect(try store.sessionKey(stage.vault, now: stage.clock.now()).bytes == key.bytes)
        #expect(try stage.count("secrets") == 2)
        #expect(throws: SecretError.self) { try store.sessionKey(Vault(master: .random()), now: stage.clock.now()) }
        _ = try stage.database.write { connection in
            try connection.execute(
                "UPDATE secrets SET value = (SELECT value FROM secrets WHERE name = 'api_key_pepper') WHERE name = 'session_key'"
            )
        }
        #expect(throws: SecretError.undecryptable(place: "secrets|session_key|value|1")) {
            try store.sessionKey(stage.vault, now: stage.clock.now())
        }
        // A placeholder is no key, even if it was sealed here.
        let zeros = stage.vault.seal([UInt8](repeating: 0, count: 32), at: SessionKey.place(version: 1))
        _ = try stage.database.write {
            try $0.execute("UPDATE secrets SET value = ? WHERE name = 'session_key'", .text(zeros))
        }
        #expect(throws: SecretError.self) { try store.sessionKey(stage.vault, now: stage.clock.now()) }
    }

    @Test("the pepper outlives the process and opens only under its master key")
    func pepper() throws {
        let stage = try ApplyStage()
        defer { stage.remove() }
        let store = SecretStore(database: stage.database)
        let again = try store.pepper(stage.vault, now: stage.clock.now())
        #expect(again.bytes == stage.pepper.bytes)
        #expect(try store.hasSecrets())
        #expect(throws: SecretError.self) { try store.pepper(Vault(master: .random()), now: stage.clock.now()) }
        let elsewhere = MasterKeyFile(path: stage.folder + "/another.key")
        #expect(throws: SecretError.masterKeyMissing(path: elsewhere.path)) { try store.openVault(elsewhere) }
    }
}

extension DesiredState {
    static func only(
        models: [DesiredModel] = [],
        groups: [DesiredGroup] = [],
        users: [DesiredUser] = []
    ) -> DesiredState {
        var state = DesiredState()
        state.models = models
        state.groups = groups
        state.users = users
        return state
    }
}

/// A database in a folder of its own, with a clock that is moved by hand.
struct ApplyStage {
    final class HandClock: Sendable {
        private let micros = Mutex<Int64>(1_784_885_400_000_000)
        func now() -> Instant { Instant(microseconds: micros.withLock { $0 }) }
        func advance(seconds: Int64) { micros.withLock { $0 += seconds * 1_000_000 } }
    }

    let folder: String
    private let books: TestDatabase
    let master = MasterKey.random()
    let vault: Vault
    let pepper: Pepper
    let clock = HandClock()
    let allowsPrivate: Bool

    init(on engine: Engine = .current, allowsPrivate: Bool = true) throws {
        folder = try temporaryFolder()
        vault = Vault(master: master)
        self.allowsPrivate = allowsPrivate
        books = try TestDatabase(on: engine)
        pepper = try SecretStore(database: books.database).pepper(vault, now: clock.now())
    }

    var database: any LedgerDatabase { books.database }
    var digester: PepperedDigester { PepperedDigester(pepper) }
    var applier: Applier { applier(on: database) }

    func applier(on database: any Database) -> Applier {
        Applier(database: database, vault: vault, digester: digester, allowsPrivate: allowsPrivate) { [clock] in
            clock.now()
        }
    }

    /// The same database as another process has it.
    func another() throws -> any LedgerDatabase { try books.another() }

    func remove() {
        try? database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func wish(
        total: String = "1.00",
        expiry: DesiredQuota.Expiry = .never,
        isActive: Bool? = nil
    ) -> DesiredState {
        var provider = DesiredProvider(name: "local", line: .init(1))
        provider.baseURL = try? BaseURL(parsing: "http://127.0.0.1:9100/v1")
        provider.credential = .set(Credential("upstream-canary-key"))
        var model = DesiredModel(name: "m", line: .init(2))
        model.providerName = "local"
        model.contextLength = 4_096
        model.maxOutputTokens = 1_024
        var rates = Rates()
        rates[.input] = 150_000
        rates[.output] = 600_000
        model.rates = rates
        var group = DesiredGroup(name: "default", line: .init(3))
        group.models = ["m"]
        group.multiplier = .one
        var user = DesiredUser(email: "dev@example.com", line: .init(4))
        user.name = "Dev"
        user.role = .user
        user.key = .generate
        var quota = DesiredQuota(groupName: "default", name: "default", line: .init(5))
        quota.total = try? Money(parsing: total)
        quota.expiry = expiry
        quota.isActive = isActive
        user.quotas = [quota]
        var state = DesiredState()
        state.providers = [provider]
        state.models = [model]
        state.groups = [group]
        state.users = [user]
        return state
    }

    func count(_ table: String) throws -> Int64 {
        try database.read { try $0.query("SELECT COUNT(*) FROM \(table)") { $0.int64(0) }.first ?? -1 }
    }

    /// All that apply may touch, as text.
    func dump() throws -> String {
        try database.read { connection in
            var text = ""
            for table in [
                "users", "api_keys", "api_providers", "ai_models", "model_routes", "price_versions", "model_groups",
                "model_group_models", "user_quotas", "quota_grants", "ledger_entries", "audit_leaves", "change_feed",
            ] {
                let row = try columns(of: table, connection).map { quoted($0) }.joined(separator: " || ',' || ")
                text +=
                    try connection.query("SELECT \(row) FROM \(table) ORDER BY 1") { $0.text(0) }.joined(
                        separator: "\n"
                    )
                    + "\n"
            }
            return text
        }
    }

    private func columns(of table: String, _ connection: any SQLConnection) throws -> [String] {
        let sql =
            connection.dialect == .sqlite
            ? "SELECT name FROM pragma_table_info(?)"
            : "SELECT column_name FROM information_schema.columns WHERE table_name = ? AND table_schema IN ('public', DATABASE()) ORDER BY ordinal_position"
        return try connection.query(
            connection.dialect == .postgres ? sql.replacing("DATABASE()", with: "''") : sql,
            .text(table)
        ) { $0.text(0) }
    }

    /// A column's value as text, whatever it is.
    private func quoted(_ column: String) -> String {
        switch books.engine {
        case .sqlite: "quote(\(column))"
        case .postgres: "quote_nullable(\(column)::text)"
        case .mysql: "QUOTE(\(column))"
        }
    }

    /// The files of an embedded database, as text.
    func fileText() throws -> String { books.fileText() }

    func credential() throws -> String? {
        try database.read { connection in
            let rows = try connection.query(
                "SELECT id, api_key, api_key_version FROM api_providers WHERE name = 'local'"
            ) {
                (ProviderID($0.int64(0)), $0.optionalText(1), $0.int64(2))
            }
            guard let (id, sealed, version) = rows.first, let sealed else { return nil }
            return String(decoding: try vault.open(sealed, at: .providerKey(id, version: version)), as: UTF8.self)
        }
    }

    func standing() throws -> QuotaStanding {
        try database.read { connection in
            let user = try connection.query("SELECT id FROM users WHERE email = 'dev@example.com'") {
                $0.id(0, UserID.self)
            }
            let standings = try QuotaRows.standings(of: try #require(user.first), now: clock.now(), connection)
            return try #require(standings.first)
        }
    }

    func adjust(by amount: String) throws {
        try database.write { connection in
            var balances = Balances(minimumCapacity: 1)
            try LaneRows.load([.grant(GrantID(1))], into: &balances, connection)
            let entry = try balances.adjust(GrantID(1), by: Money(parsing: amount), now: clock.now())
            try LaneRows.save(balances, connection)
            if let entry {
                try LaneRows.append(entry, call: nil, reason: "test", actor: "test", now: clock.now(), connection)
            }
        }
    }
}
