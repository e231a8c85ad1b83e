import Dispatch
package import Domain
import Glibc
package import Logging
import Synchronization

/// Keys and catalogue in memory, no more than two seconds behind the database: rows of `change_feed` are looked for when the
/// database tells of them and, where it does not, every half second; what they name is forgotten or read again, nothing else.
package final class StorageDirectory: Directory {
    fileprivate struct State {
        var catalog: Catalog
        var known: [KeyDigest: Principal] = [:]
        var unknown: Set<KeyDigest> = []
        /// Who waits for a key that is being read.
        var waiting: [KeyDigest: Waiting] = [:]
        var feed: Int64
    }

    fileprivate struct Waiting {
        /// Monotonic nanoseconds.
        let since = DispatchTime.now().uptimeNanoseconds
        var completions: [@Sendable (PrincipalLookup?) -> Void]
    }

    /// What the change feed said since the last look.
    private struct Changes {
        var feed: Int64
        var users: Set<UserID> = []
        var keys: Set<APIKeyID> = []
        var catalog = false
        var settings = false
        /// Something that is not understood, or too much: all is read again.
        var everything = false
    }

    fileprivate static let knownLimit = 100_000
    /// Wrong keys; beyond it the memory of them starts over, so that no flood of them pushes out right ones.
    fileprivate static let unknownLimit = 20_000
    /// Keys being read at a time, and callers waiting for one of them.
    private static let loadLimit = 64
    private static let waiterLimit = 8_192
    /// For how long anybody waits for a database that does not answer.
    private static let patienceNanoseconds: UInt64 = 5_000_000_000
    private static let changesLimit = 1_000

    private let database: any Database
    private let vault: Vault
    private let logger: Logger
    private let settings: (any SettingsFollower)?
    private let state: Mutex<State>
    private let loads = DispatchQueue(label: "tokenaudit.directory", attributes: .concurrent)
    private let isStopped = Atomic(false)
    private let listener: PostgresListener?
    private let wake = Permits(0)

    /// Reads the catalogue, and tells `settings` what the database has of them. Blocks.
    package init(
        database: any Database,
        vault: Vault,
        logger: Logger,
        settings: (any SettingsFollower)? = nil,
        listener: PostgresListener? = nil
    ) throws {
        self.database = database
        self.vault = vault
        self.logger = logger
        self.settings = settings
        self.listener = listener
        let (catalog, feed) = try Self.read(database, vault: vault, logger: logger)
        state = Mutex(State(catalog: catalog, feed: feed))
        try followSettings()
    }

    private func followSettings() throws {
        if let settings { settings.follow(try database.read(SettingRows.all)) }
    }

    package var catalog: Catalog { state.withLock { $0.catalog } }

    package func principal(for digest: KeyDigest) -> PrincipalLookup {
        state.withLock { state in
            if let principal = state.known[digest] { return .known(principal) }
            return state.unknown.contains(digest) ? .unknown : .notLoaded
        }
    }

    package func load(_ digest: KeyDigest, completion: @escaping @Sendable (PrincipalLookup?) -> Void) {
        enum Place { case first(feed: Int64), joined, refused }
        let place = state.withLock { state -> Place in
            if let waiters = state.waiting[digest] {
                guard waiters.completions.count < Self.waiterLimit else { return .refused }
                state.waiting[digest]?.completions.append(completion)
                return .joined
            }
            guard state.waiting.count < Self.loadLimit else { return .refused }
            state.waiting[digest] = Waiting(completions: [completion])
            return .first(feed: state.feed)
        }
        switch place {
        case .joined: return
        case .refused: return completion(nil)
        case .first(let feed): loads.async { [self] in read(digest, feed: feed) }
        }
    }

    private func read(_ digest: KeyDigest, feed: Int64) {
        let found = Result { try database.read { try PrincipalRows.principal(for: digest, $0) } }
        if case .failure(let error) = found {
            logger.error("a key could not be looked up", metadata: ["cause": "\(error)"])
        }
        let (lookup, waiters) = state.withLock { state in
            let waiters = state.waiting.removeValue(forKey: digest)?.completions ?? []
            guard case .success(let principal) = found else { return (PrincipalLookup?.none, waiters) }
            // A change in between may have been about this key: answer, but do not remember.
            if state.feed == feed { state.remember(principal, for: digest) }
            return (principal.map { .known($0) } ?? .unknown, waiters)
        }
        for completion in waiters { completion(lookup) }
    }

    /// Follows the change feed until ``stop()``.
    /// - Parameter heardMilliseconds: between two looks while changes are told.
    package func start(heardMilliseconds: Int = 1_500) {
        listener?.start { [wake] in wake.give() }
        DispatchQueue(label: "tokenaudit.directory.feed").async { [self] in
            while !isStopped.load(ordering: .acquiring) {
                let pause = listener?.isListening == true ? heardMilliseconds : 500
                _ = wake.take(withinMilliseconds: pause)
                while wake.take(withinMilliseconds: 0) {}
                do { try refresh() } catch {
                    logger.error("the change feed could not be read", metadata: ["cause": "\(error)"])
                }
            }
        }
        DispatchQueue(label: "tokenaudit.directory.patience").async { [self] in
            while !isStopped.load(ordering: .acquiring) {
                usleep(500_000)
                dismiss()
            }
        }
    }

    /// Whoever has waited too long is told that nothing is known; the reading itself goes on.
    private func dismiss() {
        let now = DispatchTime.now().uptimeNanoseconds
        let dismissed = state.withLock { state in
            var dismissed: [@Sendable (PrincipalLookup?) -> Void] = []
            for (digest, waiting) in state.waiting where now &- waiting.since > Self.patienceNanoseconds {
                dismissed += waiting.completions
                state.waiting[digest]?.completions = []
            }
            return dismissed
        }
        for completion in dismissed { completion(nil) }
    }

    package func stop() {
        isStopped.store(true, ordering: .releasing)
        listener?.stop()
    }

    /// Reads what has changed. Blocks; cheap where nothing has.
    package func refresh() throws {
        let known = state.withLock { $0.feed }
        let changes = try database.read { try Self.changes(since: known, $0) }
        guard changes.feed != known else { return }
        if changes.settings { try followSettings() }
        let catalog = changes.catalog ? try Self.read(database, vault: vault, logger: logger).catalog : nil
        state.withLock { state in
            if let catalog { state.catalog = catalog }
            state.feed = changes.feed
            if changes.everything {
                state.known.removeAll(keepingCapacity: true)
                state.unknown.removeAll()
            } else if !changes.users.isEmpty || !changes.keys.isEmpty {
                state.known = state.known.filter {
                    !changes.users.contains($0.value.userID) && !changes.keys.contains($0.value.keyID)
                }
                // One of the keys that were wrong may be right by now.
                state.unknown.removeAll()
            }
        }
    }

    private static func changes(since known: Int64, _ connection: any SQLConnection) throws -> Changes {
        var changes = Changes(feed: known)
        let rows = try connection.query(
            "SELECT f.id, f.kind, f.row_id, q.user_id FROM change_feed f LEFT JOIN user_quotas q ON f.kind = 'quota' AND q.id = f.row_id WHERE f.id > ? ORDER BY f.id LIMIT \(changesLimit)",
            .integer(known)
        ) { (id: $0.int64(0), kind: $0.text(1), row: $0.int64(2), user: $0.optionalInt64(3)) }
        for row in rows {
            changes.feed = row.id
            switch ChangeKind(rawValue: row.kind) {
            case .provider, .model, .price, .modelGroup: changes.catalog = true
            case .user: changes.users.insert(UserID(row.row))
            case .apiKey: changes.keys.insert(APIKeyID(row.row))
            case .setting: changes.settings = true
            case .quota:
                if let user = row.user { changes.users.insert(UserID(user)) } else { changes.everything = true }
            case nil:
                changes.everything = true
                changes.catalog = true
                changes.settings = true
            }
        }
        if rows.count == changesLimit {
            changes.everything = true
            changes.catalog = true
            changes.settings = true
            changes.feed = try newestFeed(connection)
        }
        return changes
    }

    private static func newestFeed(_ connection: any SQLConnection) throws -> Int64 {
        try connection.query("SELECT COALESCE(MAX(id), 0) FROM change_feed") { $0.int64(0) }.first ?? 0
    }

    private static func read(
        _ database: any Database,
        vault: Vault,
        logger: Logger
    ) throws -> (catalog: Catalog, feed: Int64) {
        try database.read { connection in
            let feed = try newestFeed(connection)
            let catalog = try CatalogRows.load(connection) { sealed, provider, version in
                do {
                    let bytes = try vault.open(sealed, at: .providerKey(provider, version: version))
                    return Credential(String(decoding: bytes, as: UTF8.self))
                } catch {
                    logger.error(
                        "a provider's credential does not open",
                        metadata: ["provider": "\(provider)", "cause": "\(error)"]
                    )
                    return nil
                }
            }
            return (catalog, feed)
        }
    }
}

extension StorageDirectory.State {
    fileprivate mutating func remember(_ principal: Principal?, for digest: KeyDigest) {
        if let principal {
            if known.count >= StorageDirectory.knownLimit { known.removeAll(keepingCapacity: true) }
            known[digest] = principal
        } else {
            if unknown.count >= StorageDirectory.unknownLimit { unknown.removeAll(keepingCapacity: true) }
            unknown.insert(digest)
        }
    }
}

extension SecretPlace {
    /// Where a provider's credential is sealed.
    package static func providerKey(_ provider: ProviderID, version: Int64) -> SecretPlace {
        SecretPlace(table: "api_providers", row: "\(provider)", column: "api_key", version: version)
    }
}
