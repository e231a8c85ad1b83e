extension ServerDatabase {
    /// A PostgreSQL server (15 or newer).
    /// - Parameters:
    ///   - url: as libpq reads it: `postgres://user:password@host:port/name?sslmode=verify-full`.
    ///   - keepsHostTime: the ledger's time is what its callers say; for tests.
    package static func postgres(_ url: String, readers: Int = 4, keepsHostTime: Bool = false) -> ServerDatabase {
        ServerDatabase(.postgres, readers: readers, listener: PostgresListener(url: url)) {
            try PostgresConnection(url: url, use: $0, keepsHostTime: keepsHostTime)
        }
    }
}
