extension ServerDatabase {
    /// A MariaDB server (10.6 or newer).
    /// - Parameters:
    ///   - url: `mysql://user:password@host:port/name?ssl-mode=verify-identity`, see ``MariaAddress``.
    ///   - keepsHostTime: the ledger's time is what its callers say; for tests.
    package static func mariaDB(_ url: String, readers: Int = 4, keepsHostTime: Bool = false) throws -> ServerDatabase {
        let address = try MariaAddress(parsing: url)
        return ServerDatabase(.mysql, readers: readers) {
            try MariaConnection(address, use: $0, keepsHostTime: keepsHostTime)
        }
    }
}
