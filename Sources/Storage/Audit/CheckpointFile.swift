package import AuditLog
import Glibc

/// Checkpoints outside of the database: appended, synced, never changed; for whoever restores or doubts the books.
package struct CheckpointFile: Sendable {
    /// What the signer reads of its end.
    private static let tailBytes = 64 * 1_024
    /// What is read to be verified; older ones follow from newer ones.
    private static let mostBytes = 64 * 1_024 * 1_024

    package let path: String

    package init(path: String) { self.path = path }

    package init(database: String) { path = database + ".checkpoints" }

    /// Adds a note; returns once it is on disk.
    func append(_ note: String) throws(StorageError) {
        if Failpoint.fails("audit.append") { throw .io("a failpoint") }
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw problem("cannot be opened") }
        defer { close(descriptor) }
        let isNew = lseek(descriptor, 0, SEEK_END) == 0
        // Ends what a crash may have left half written.
        let bytes = Array((isNew ? note : "\n" + note).utf8)
        var done = 0
        while done < bytes.count {
            let wrote = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if wrote < 0, errno == EINTR { continue }
            guard wrote > 0 else { throw problem("cannot be written") }
            done += wrote
        }
        guard fsync(descriptor) == 0, !isNew || FileSync.directory(of: path) else { throw problem("cannot be synced") }
    }

    /// The last note that is whole; nil where there is none.
    func last() throws(StorageError) -> SignedNote? { SignedNote.all(in: try read(last: Self.tailBytes)).last }

    /// All notes, the oldest first.
    package func notes() throws(StorageError) -> [SignedNote] { SignedNote.all(in: try read(last: Self.mostBytes)) }

    private func read(last most: Int) throws(StorageError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return "" }
            throw problem("cannot be opened")
        }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: max(0, min(size, most)))
        let start = size - bytes.count
        var done = 0
        while done < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(start + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw problem("cannot be read") }
            done += got
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func problem(_ what: String) -> StorageError { .io("\(path) \(what): \(String(cString: strerror(errno)))") }
}
