import Dispatch
package import Domain
package import Logging
import Synchronization

/// Keys and catalogue in memory. The catalogue is replaced whole; a key is read when it is first presented, and dropped
/// when the change feed names it. Both stand no more than two seconds behind the database: a row in `change_feed` is
/// looked for every half second.
package final class StorageDirectory: Directory {
    private struct State {
        var catalog: Catalog
        var principals: [KeyDigest: Principal?] = [:]
        var waiting = 0
        var feed: Int64
        var readAt: UInt64
    }

    /// Entries kept, wrong keys included; beyond it the memory starts over.
    private static let capacity = 100_000
    private static let queueLimit = 64

    private let database: any Database
    private let vault: Vault
    private let logger: Logger
    private let state: Mutex<State>
    private let loads = DispatchQueue(label: "tokenaudit.directory", attributes: .concurrent)
    private let isStopped = Atomic(false)

    /// Reads the catalogue. Blocks.
    package init(database: any Database, vault: Vault, logger: Logger) throws {
        self.database = database
        self.vault = vault
        self.logger = logger
        let (catalog, feed) = try Self.read(database, vault: vault, logger: logger)
        state = Mutex(State(catalog: catalog, feed: feed, readAt: DispatchTime.now().uptimeNanoseconds))
    }

    package var catalog: Catalog { state.withLock { $0.catalog } }

    package func principal(for digest: KeyDigest) -> PrincipalLookup {
        state.withLock { state in
            switch state.principals[digest] {
            case .some(.some(let principal)): .known(principal)
            case .some(.none): .unknown
            case .none: .notLoaded
            }
        }
    }

    package func load(_ digest: KeyDigest, completion: @escaping @Sendable (PrincipalLookup?) -> Void) {
        let isTaken = state.withLock { state in
            guard state.waiting < Self.queueLimit else { return false }
            state.waiting += 1
            return true
        }
        guard isTaken else { return completion(nil) }
        loads.async { [self] in
            let feed = state.withLock { $0.feed }
            let found = Result { try database.read { try PrincipalRows.principal(for: digest, $0) } }
            let lookup = state.withLock { state -> PrincipalLookup? in
                state.waiting -= 1
                guard case .success(let principal) = found else { return nil }
                // A change in between may have been about this key: answer, but do not remember.
                if state.feed == feed {
                    if state.principals.count >= Self.capacity { state.principals.removeAll() }
                    state.principals[digest] = .some(principal)
                }
                return principal.map { .known($0) } ?? .unknown
            }
            if case .failure(let error) = found {
                logger.error("a key could not be looked up", metadata: ["cause": "\(error)"])
            }
            completion(lookup)
        }
    }

    /// Follows the change feed until ``stop()``.
    package func start() {
        DispatchQueue(label: "tokenaudit.directory.feed").async { [self] in
            let pause = DispatchSemaphore(value: 0)
            while !isStopped.load(ordering: .acquiring) {
                _ = pause.wait(timeout: .now() + .milliseconds(500))
                do { try refresh() } catch {
                    logger.error("the change feed could not be read", metadata: ["cause": "\(error)"])
                }
            }
        }
    }

    package func stop() { isStopped.store(true, ordering: .releasing) }

    /// Reads what has changed. Blocks; cheap where nothing has.
    package func refresh() throws {
        let known = state.withLock { $0.feed }
        let newest = try database.read { connection in
            try connection.query("SELECT COALESCE(MAX(id), 0) FROM change_feed") { $0.int64(0) }.first ?? 0
        }
        guard newest != known else { return }
        let (catalog, feed) = try Self.read(database, vault: vault, logger: logger)
        state.withLock { state in
            state.catalog = catalog
            state.feed = feed
            // Any change may concern a key, its user or their quotas; reading a key again costs one query.
            state.principals.removeAll(keepingCapacity: true)
        }
    }

    private static func read(_ database: any Database, vault: Vault, logger: Logger) throws -> (Catalog, Int64) {
        try database.read { connection in
            let feed = try connection.query("SELECT COALESCE(MAX(id), 0) FROM change_feed") { $0.int64(0) }.first ?? 0
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

extension SecretPlace {
    /// Where a provider's credential is sealed.
    package static func providerKey(_ provider: ProviderID, version: Int64) -> SecretPlace {
        SecretPlace(table: "api_providers", row: "\(provider)", column: "api_key", version: version)
    }
}
