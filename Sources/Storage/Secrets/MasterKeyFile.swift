#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where the master key is read from, and once created.
package struct MasterKeyFile: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    package struct Loaded: Sendable {
        package let key: MasterKey
        /// Somebody but its owner may read the file; worth a warning, for containers mount secrets that way.
        package let isReadableByOthers: Bool
        package let wasCreated: Bool
    }

    package var exists: Bool { access(path, F_OK) == 0 }

    /// - Throws: `SecretError.masterKeyMissing` when absent; otherwise why it cannot be used.
    package func load() throws(SecretError) -> Loaded {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .masterKeyMissing(path: path) }
            throw .masterKeyUnreadable(path: path, code: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .masterKeyUnreadable(path: path, code: errno) }
        // No accepted form is longer than 66 bytes.
        var buffer = [UInt8](repeating: 0, count: 128)
        var contents: [UInt8] = []
        while contents.count < 128 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .masterKeyUnreadable(path: path, code: errno) }
            if count == 0 { break }
            contents += buffer[..<count]
        }
        let key = try MasterKey.parse(contents, path: path)
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        return Loaded(key: key, isReadableByOthers: isRegular && status.st_mode & 0o077 != 0, wasCreated: false)
    }

    /// Loads the key, or makes a random one, mode 0600 and synced, where there is none. Two processes that start
    /// together end with the same key: the file appears whole, and only once.
    package func loadOrCreate() throws(SecretError) -> Loaded {
        do {
            return try load()
        } catch .masterKeyMissing {
            try create()
            let loaded = try load()
            return Loaded(key: loaded.key, isReadableByOthers: loaded.isReadableByOthers, wasCreated: true)
        }
    }

    private func create() throws(SecretError) {
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .masterKeyUnreadable(path: temporary, code: errno) }
        defer { unlink(temporary) }
        let digits = Array("0123456789abcdef".utf8)
        let bytes = SecureRandom.bytes(32)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + [UInt8(ascii: "\n")]
        let written = write(descriptor, text, text.count)
        let isSynced = fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard written == text.count, isSynced else { throw .masterKeyUnreadable(path: temporary, code: code) }
        // link, not rename: never over a key that another process made meanwhile.
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw .masterKeyUnreadable(path: path, code: errno)
        }
        // Without it the key is there all the same, unless the power goes just now.
        _ = FileSync.directory(of: path)
    }
}
