import Domain
import Synchronization

/// The keys of bodies: rows of `secrets`, so that the exchange of the master key wraps them too.
final class BodyKeys: Sendable {
    /// Opened ones in memory.
    private static let mostKnown = 64

    private let store: SecretStore
    private let vault: Vault
    private let known = Mutex<[Int64: BodyKey]>([:])

    init(database: any Database, vault: Vault) {
        store = SecretStore(database: database)
        self.vault = vault
    }

    /// Today's, made where there is none: one short transaction a day.
    func sealing(now: Instant) throws -> BodyKey {
        let day = BodyKey.day(of: now)
        if let key = known.withLock({ $0[day] }) { return key }
        let key = try store.bodyKey(day, vault, now: now)
        remember(key)
        return key
    }

    /// - Returns: nil where that day's is gone.
    func opening(_ day: Int64) throws -> BodyKey? {
        if let key = known.withLock({ $0[day] }) { return key }
        let key = try store.bodyKey(day, vault)
        if let key { remember(key) }
        return key
    }

    /// Destroys the keys of days before this one, and with them what copies of their bodies there may be.
    func destroy(before day: Int64) throws {
        known.withLock { known in known = known.filter { $0.key >= day } }
        try store.dropBodyKeys(before: day)
    }

    private func remember(_ key: BodyKey) {
        known.withLock { known in
            if known.count >= Self.mostKnown { known.removeAll() }
            known[key.version] = key
        }
    }
}
