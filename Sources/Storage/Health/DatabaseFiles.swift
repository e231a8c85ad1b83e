import Glibc

/// What the embedded database takes on the disk; a server's files are its own to tell of.
struct DatabaseFiles {
    let bytes: Int64
    /// Of its write-ahead log.
    let logBytes: Int64

    /// Nil for a server's database.
    init?(_ storage: ServingStorage) {
        guard storage.journal.embedded != nil else { return nil }
        bytes = Self.size(of: storage.path)
        logBytes = Self.size(of: storage.path + "-wal")
    }

    private static func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
