import Crypto
import Domain
import Glibc

/// Where settlements wait when the database takes none: a file of this process alone, preallocated, locked, fsynced.
///
/// A record is its length (4 bytes), the first eight bytes of its SHA-256, and itself; a length of zero ends the file.
struct Spool: ~Copyable, Sendable {
    static let capacity = 16 * 1024 * 1024
    /// What a record may take of it, frame included.
    static let recordRoom = 2_048
    static let frameBytes = 12

    /// Records of full size that fit, with the zero length that ends the file.
    static let capacityRecords = (capacity - 4) / recordRoom

    private let descriptor: Int32
    private var offset = 0
    /// Clearing failed half way: records appended behind what may be left would not be found.
    private var isHalfCleared = false

    /// Makes the file, preallocates it so that a full disk cannot refuse a record, and locks it while this process lives.
    /// - Throws: `StorageError.busy` if there is one already: what is in it may be somebody's bills.
    init(path: String) throws(StorageError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { throw .busy }
            throw .io("the spool \(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .busy
        }
        let code = posix_fallocate(descriptor, 0, off_t(Self.capacity))
        guard code == 0 else {
            unlink(path)
            close(descriptor)
            throw code == ENOSPC ? .full : .io("the spool cannot be preallocated: \(String(cString: strerror(code)))")
        }
        guard fsync(descriptor) == 0, FileSync.directory(of: path) else {
            close(descriptor)
            throw .io("the spool cannot be synced")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// - Returns: true once the records are on disk; false if they are not, or nobody knows.
    mutating func append(_ records: [[UInt8]]) -> Bool {
        guard !records.isEmpty else { return true }
        if isHalfCleared, !clear() { return false }
        var framed: [UInt8] = []
        for record in records { Self.frame(record, into: &framed) }
        // Room for the zero length that ends the file.
        guard offset + framed.count + 4 <= Self.capacity else { return false }
        guard Self.write(framed, to: descriptor, at: offset), fdatasync(descriptor) == 0 else { return false }
        offset += framed.count
        return true
    }

    /// Forgets all records: the database has them.
    mutating func clear() -> Bool {
        guard offset > 0 else { return true }
        isHalfCleared = true
        let zeros = [UInt8](repeating: 0, count: 64)
        guard Self.write(zeros, to: descriptor, at: 0), fdatasync(descriptor) == 0 else { return false }
        // What follows the first zero length is dead; it is overwritten as new records come.
        let rest = [UInt8](repeating: 0, count: offset)
        guard Self.write(rest, to: descriptor, at: 0), fdatasync(descriptor) == 0 else { return false }
        offset = 0
        isHalfCleared = false
        return true
    }

    /// The spools beside a database, by the replica that wrote them.
    static func all(of database: String) -> [ReplicaID: String] {
        let (folder, file) = FileSync.split(database)
        let name = file + ".spool-"
        guard let directory = opendir(folder) else { return [:] }
        defer { closedir(directory) }
        var spools: [ReplicaID: String] = [:]
        while let entry = readdir(directory) {
            let found = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard found.hasPrefix(name), let number = Int64(found.dropFirst(name.count)), number >= 0 else { continue }
            spools[ReplicaID(number)] = path(of: ReplicaID(number), database: database)
        }
        return spools
    }

    static func path(of replica: ReplicaID, database: String) -> String { "\(database).spool-\(replica)" }

    /// What reading another process's spool came to.
    enum Replay: Hashable {
        /// Its process lives.
        case isLocked
        /// So many records were taken, and the file is gone.
        case taken(Int)
    }

    /// Hands over the records of another process's spool, locked while `body` runs, and removes it if that returns. A
    /// torn last record was never acknowledged and ends the reading. No file is no record.
    static func replay(path: String, _ body: ([[UInt8]]) throws -> Void) throws -> Replay {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return .taken(0) }
            throw StorageError.io("the spool \(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return .isLocked }
        var records: [[UInt8]] = []
        var at = 0
        while at + frameBytes <= capacity, let head = try read(frameBytes, from: descriptor, at: at, path: path) {
            let length = head[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard length > 0, at + frameBytes + length <= capacity,
                let record = try read(length, from: descriptor, at: at + frameBytes, path: path),
                head[4...].elementsEqual(checksum(record))
            else { break }
            records.append(record)
            at += frameBytes + length
        }
        try body(records)
        unlink(path)
        return .taken(records.count)
    }

    /// - Returns: nil where the file ends before.
    private static func read(_ count: Int, from descriptor: Int32, at offset: Int, path: String) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw StorageError.io("the spool \(path) cannot be read") }
            if got == 0 { return nil }
            done += got
        }
        return bytes
    }

    private static func frame(_ record: [UInt8], into framed: inout [UInt8]) {
        for shift in [24, 16, 8, 0] { framed.append(UInt8(truncatingIfNeeded: record.count >> shift)) }
        framed.append(contentsOf: checksum(record))
        framed.append(contentsOf: record)
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
}
