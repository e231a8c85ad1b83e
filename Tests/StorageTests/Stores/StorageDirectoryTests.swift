import Dispatch
import Domain
import Logging
import Synchronization
import Testing

@testable import Storage

@Suite("keys and catalogue in memory", .everyEngine, .namesEngine, .timeLimit(.minutes(5)))
struct StorageDirectoryTests {
    private let digest = KeyDigest(
        (0x0707_0707_0707_0707, 0x0707_0707_0707_0707, 0x0707_0707_0707_0707, 0x0707_0707_0707_0707)
    )
    private let vault = Vault(master: .random())

    private func stage() throws -> (TestDatabase, any Database) {
        let books = try TestDatabase()
        try Books.fill(books.database, grants: [Money(picoDollars: 100)])
        return (books, books.database)
    }

    private func directory(_ database: any Database) throws -> StorageDirectory {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try StorageDirectory(database: database, vault: vault, logger: logger)
    }

    private func change(
        _ database: any Database,
        _ statement: String,
        values: [SQLValue] = [],
        kind: String,
        row: Int64
    ) throws {
        try database.write { connection in
            _ = try connection.query(statement, values: values) { _ in () }
            try connection.execute(
                "INSERT INTO change_feed (kind, row_id, created_at) VALUES (?, ?, 1)",
                .text(kind),
                .integer(row)
            )
        }
    }

    private func load(_ directory: StorageDirectory, _ digest: KeyDigest) async -> PrincipalLookup? {
        await withCheckedContinuation { continuation in
            directory.load(digest) { continuation.resume(returning: $0) }
        }
    }

    private func name(_ lookup: PrincipalLookup?) -> String {
        switch lookup {
        case .known(let principal): principal.isActive ? "active" : "inactive"
        case .unknown: "unknown"
        case .notLoaded: "not loaded"
        case nil: "unavailable"
        }
    }

    @Test("a key is read once and remembered, a wrong one too")
    func remembered() async throws {
        let (books, database) = try stage()
        let directory = try directory(database)
        let wrong = KeyDigest((1, 2, 3, 4))
        #expect(name(directory.principal(for: digest)) == "not loaded")
        #expect(name(await load(directory, digest)) == "active")
        #expect(name(directory.principal(for: digest)) == "active")
        #expect(name(await load(directory, wrong)) == "unknown")
        #expect(name(directory.principal(for: wrong)) == "unknown")
        if case .known(let principal) = directory.principal(for: digest) {
            #expect(principal.userID == Books.user && principal.groups == [Books.group])
        }
        withExtendedLifetime(books) {}
    }

    @Test(
        "what the change feed names is read again; the rest stays",
        arguments: [
            ("UPDATE api_keys SET is_active = 0", "api_key", 1, "inactive"),
            ("UPDATE users SET is_active = 0", "user", 1, "inactive"),
            ("UPDATE user_quotas SET is_active = 0", "quota", 1, "active"),
            ("UPDATE api_keys SET is_active = 0", "something new", 9, "inactive"),
            // Nothing of ours is named, so nothing is read.
            ("UPDATE users SET name = 'x'", "user", 2, ""),
            ("UPDATE model_groups SET description = 'x'", "model_group", 1, ""),
        ] as [(String, String, Int64, String)]
    )
    func changes(statement: String, kind: String, row: Int64, after: String) async throws {
        let (books, database) = try stage()
        let directory = try directory(database)
        #expect(name(await load(directory, digest)) == "active")
        try change(database, statement, kind: kind, row: row)
        try directory.refresh()
        #expect(name(directory.principal(for: digest)) == (after.isEmpty ? "active" : "not loaded"))
        if !after.isEmpty { #expect(name(await load(directory, digest)) == after) }
        withExtendedLifetime(books) {}
    }

    @Test(
        "rates, addresses and models of a key are known after a look at the feed, as are its user's and a model's rates"
    )
    func limits() async throws {
        let (books, database) = try stage()
        let directory = try directory(database)
        guard case .known(let before) = await load(directory, digest) else {
            Issue.record("no key")
            return
        }
        #expect(before.keyRateLimit.isNone && before.userRateLimit.isNone && before.allowedAddresses == nil)
        try change(
            database,
            """
            UPDATE api_keys SET requests_per_minute = 5, concurrent_calls = 2, allowed_models = '3,4',
                allowed_addresses = '["10.0.0.0/8","2001:db8::1"]'
            """,
            kind: "api_key",
            row: 1
        )
        try change(database, "UPDATE users SET tokens_per_minute = 9000", kind: "user", row: Books.user.rawValue)
        try change(database, "UPDATE ai_models SET requests_per_minute = 7", kind: "model", row: 1)
        try directory.refresh()
        guard case .known(let after) = await load(directory, digest) else {
            Issue.record("no key")
            return
        }
        #expect(after.keyRateLimit == RateLimit(requestsPerMinute: 5, concurrentCalls: 2))
        #expect(after.userRateLimit == RateLimit(tokensPerMinute: 9_000))
        #expect(after.allowedAddresses?.map(\.description) == ["10.0.0.0/8", "2001:db8::1"])
        #expect(after.allowedModels == [ModelID(3), ModelID(4)])
        #expect(directory.catalog.models.values.allSatisfy { $0.rateLimit == RateLimit(requestsPerMinute: 7) })
        // What cannot be read allows nobody.
        try change(database, "UPDATE api_keys SET allowed_addresses = '10.0.0.0/8'", kind: "api_key", row: 1)
        try directory.refresh()
        guard case .known(let broken) = await load(directory, digest) else {
            Issue.record("no key")
            return
        }
        #expect(broken.allowedAddresses == [])
        withExtendedLifetime(books) {}
    }

    @Test(
        "lists of addresses are read back as they were written, and nothing else is",
        arguments: [
            ("[]", 0), (" [ ] ", 0), (#"["203.0.113.7"]"#, 1), (#"[ "10.0.0.0/8" , "::1" ]"#, 2), ("", nil), ("[", nil),
            ("]", nil), ("[10.0.0.0/8]", nil), (#"["10.0.0.0/8",]"#, nil), (#"["10.1.0.0/8"]"#, nil), ("null", nil),
            (#"["a"]"#, nil), (#"["10.0.0.0/8" "::1"]"#, nil), ("10.0.0.0/8", nil), (#"["]"#, nil), (#"[""]"#, nil),
        ] as [(String, Int?)]
    )
    func addresses(text: String, count: Int?) {
        let ranges = AllowedAddressesCoding.decode(text)
        #expect(ranges?.count == count)
        if let ranges { #expect(AllowedAddressesCoding.decode(AllowedAddressesCoding.encode(ranges)) == ranges) }
    }

    @Test("a key that was wrong is right once it is made")
    func madeLater() async throws {
        let (books, database) = try stage()
        let directory = try directory(database)
        let later = KeyDigest((UInt64.max, UInt64.max, UInt64.max, UInt64.max))
        #expect(name(await load(directory, later)) == "unknown")
        try change(
            database,
            "INSERT INTO api_keys (id, user_id, name, digest, pepper_version, prefix, last_four, created_at, updated_at) VALUES (2, 1, 'second', ?, 1, '', '', 1, 1)",
            values: [.blob([UInt8](repeating: 255, count: 32))],
            kind: "api_key",
            row: 2
        )
        try directory.refresh()
        #expect(name(await load(directory, later)) == "active")
        withExtendedLifetime(books) {}
    }

    @Test("a thousand callers of one key cost one read; too many keys at once are refused, not queued")
    func coalesced() async throws {
        let (books, database) = try stage()
        let gate = GatedDatabase(database)
        let directory = try directory(gate)
        gate.close()
        let answers = Mutex<[String]>([])
        for _ in 0..<1_000 {
            directory.load(digest) { lookup in answers.withLock { [name] list in list.append(name(lookup)) } }
        }
        for number in UInt64(0)..<100 {
            directory.load(KeyDigest((number, 0, 0, 0))) { lookup in
                answers.withLock { [name] list in list.append(name(lookup)) }
            }
        }
        #expect(answers.withLock { $0 } == Array(repeating: "unavailable", count: 37))
        gate.open()
        while answers.withLock({ $0.count }) < 1_100 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(answers.withLock { $0.count { $0 == "active" } } == 1_000)
        #expect(answers.withLock { $0.count { $0 == "unknown" } } == 63)
        #expect(gate.reads == 64)
        withExtendedLifetime(books) {}
    }

    @Test("a database that fails is no wrong key, and is asked again")
    func failing() async throws {
        let (books, database) = try stage()
        let gate = GatedDatabase(database)
        let directory = try directory(gate)
        gate.fail(true)
        #expect(name(await load(directory, digest)) == "unavailable")
        gate.fail(false)
        #expect(name(await load(directory, digest)) == "active")
        withExtendedLifetime(books) {}
    }

    @Test("a provider whose credential does not open counts as inactive", arguments: [Int64(0), 1])
    func credential(versionsOff: Int64) throws {
        let (books, database) = try stage()
        let sealed = vault.seal(Array("sk-theirs".utf8), at: .providerKey(ProviderID(1), version: 1 + versionsOff))
        try database.write { connection in
            try connection.execute(
                "INSERT INTO api_providers (id, name, dialect, base_url, api_key, api_key_version, created_at, updated_at) VALUES (1, 'p', 'openai', 'http://127.0.0.1:9/v1', ?, 1, 1, 1)",
                .text(sealed)
            )
            try connection.execute(
                "INSERT INTO model_routes (model_id, provider_id, upstream_model, created_at, updated_at) VALUES (1, 1, 'u', 1, 1)"
            )
        }
        let provider = try directory(database).catalog.models["m"]?.routes.first?.provider
        #expect(provider?.isActive == (versionsOff == 0))
        #expect(provider?.credential?.secret == (versionsOff == 0 ? "sk-theirs" : nil))
        withExtendedLifetime(books) {}
    }
}

/// A database whose reads wait or fail on demand.
private final class GatedDatabase: Database {
    private let database: any Database
    private let state = Mutex((isClosed: false, fails: false, reads: 0))

    init(_ database: any Database) { self.database = database }

    func close() { state.withLock { $0 = (true, false, 0) } }
    func open() { state.withLock { $0.isClosed = false } }
    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }
    var reads: Int { state.withLock { $0.reads } }

    func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value { try database.write(body) }

    func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        let gate = DispatchSemaphore(value: 0)
        while state.withLock({ $0.isClosed }) { _ = gate.wait(timeout: .now() + .milliseconds(2)) }
        try state.withLock { state in
            state.reads += 1
            if state.fails { throw StorageError.io("on demand") }
        }
        return try database.read(body)
    }
}
