import Crypto
import Domain
import Glibc

/// Where settlements wait when the database takes none: a file of this process alone, preallocated, locked, fsynced.
///
/// A record is its length (4 bytes), the first eight bytes of its SHA-256, and itself; a length of zero ends the file.
/// Used under the journal's own lock, one thread at a time.
final class Spool {
    static let capacity = 8 * 1024 * 1024

    let path: String
    private let descriptor: Int32
    private var offset = 0

    /// Makes the file, preallocates it so that a full disk cannot refuse a record, and locks it while this process lives.
    init(path: String) throws(StorageError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .io("the spool \(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .busy
        }
        let code = posix_fallocate(descriptor, 0, off_t(Self.capacity))
        guard code == 0 else {
            close(descriptor)
            throw code == ENOSPC ? .full : .io("the spool cannot be preallocated: \(String(cString: strerror(code)))")
        }
        guard fsync(descriptor) == 0, Self.syncDirectory(of: path) else {
            close(descriptor)
            throw .io("the spool cannot be synced")
        }
    }

    deinit { close(descriptor) }

    /// - Returns: true once the record is on disk; false if it is not and will not be.
    func append(_ record: [UInt8]) -> Bool {
        let framed = Self.frame(record)
        guard offset + framed.count + 4 <= Self.capacity else { return false }
        guard Self.write(framed, to: descriptor, at: offset), fdatasync(descriptor) == 0 else { return false }
        offset += framed.count
        return true
    }

    /// Forgets all records: the database has them.
    func clear() -> Bool {
        guard offset > 0 else { return true }
        let zeros = [UInt8](repeating: 0, count: 64)
        guard Self.write(zeros, to: descriptor, at: 0), fdatasync(descriptor) == 0 else { return false }
        // What follows the first zero length is dead; it is overwritten as new records come.
        let rest = [UInt8](repeating: 0, count: offset)
        guard Self.write(rest, to: descriptor, at: 0), fdatasync(descriptor) == 0 else { return false }
        offset = 0
        return true
    }

    /// The records of another process's spool, locked while `body` runs and removed if it returns; nil if its process
    /// lives. A torn last record was never acknowledged and ends the reading.
    static func replay(path: String, _ body: ([[UInt8]]) throws -> Void) throws -> Int? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: capacity)
        let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard got >= 0 else { throw StorageError.io("the spool \(path) cannot be read") }
        var records: [[UInt8]] = []
        var at = 0
        while at + 12 <= got {
            let length = Int(bytes[at]) << 24 | Int(bytes[at + 1]) << 16 | Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            guard length > 0, at + 12 + length <= got else { break }
            let record = Array(bytes[(at + 12)..<(at + 12 + length)])
            guard Array(bytes[(at + 4)..<(at + 12)]) == checksum(record) else { break }
            records.append(record)
            at += 12 + length
        }
        try body(records)
        unlink(path)
        return records.count
    }

    private static func frame(_ record: [UInt8]) -> [UInt8] {
        var framed: [UInt8] = []
        framed.reserveCapacity(record.count + 12)
        for shift in [24, 16, 8, 0] { framed.append(UInt8(truncatingIfNeeded: record.count >> shift)) }
        framed.append(contentsOf: checksum(record))
        framed.append(contentsOf: record)
        return framed
    }

    private static func checksum(_ record: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: record).prefix(8)) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let wrote = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(offset + done))
            }
            if wrote < 0, errno == EINTR { continue }
            guard wrote > 0 else { return false }
            done += wrote
        }
        return true
    }

    private static func syncDirectory(of path: String) -> Bool {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}
