import Foundation
import GRDBSQLite
import Glibc
import Synchronization

/// The disk under a folder of books: counts syncs, fails on demand, and knows what would survive a power cut.
///
/// Syncs are seen by taking the place of libc's `fdatasync` and `fsync` in this process; SQLite's writes by its own seam
/// for tests, `xSetSystemCall`.
final class Disk: Sendable {
    /// What the next operations meet.
    struct Plan: Sendable {
        /// Writes by SQLite that still succeed before one finds the disk full; nil: all do.
        var writesBeforeFull: Int?
        /// Syncs that still succeed before one fails; nil: all do.
        var syncsBeforeError: Int?
        /// Keeps a copy of every file as of its last sync.
        var copiesAtSync = false
    }

    private struct State {
        var plan = Plan()
        var syncs: [String: Int] = [:]
        var failures = 0
    }

    let folder: String
    var surviving: String { folder + ".surviving" }
    private let state = Mutex(State())
    /// Held while a file is copied: what survives is what it was at one moment.
    private let copying = Mutex(())

    init(under folder: String) {
        self.folder = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        _ = Self.hooked
        disks.withLock { $0.append(self) }
    }

    /// Stops watching.
    func remove() {
        disks.withLock { $0.removeAll { $0 === self } }
        try? FileManager.default.removeItem(atPath: surviving)
    }

    func set(_ plan: Plan) { state.withLock { $0.plan = plan } }

    /// Syncs so far of the file whose name ends so.
    func syncs(of suffix: String) -> Int {
        state.withLock { $0.syncs.reduce(0) { $1.key.hasSuffix(suffix) ? $0 + $1.value : $0 } }
    }

    /// Operations that were made to fail.
    var failures: Int { state.withLock { $0.failures } }

    fileprivate func allowsWrite() -> Bool {
        state.withLock { state in
            guard let left = state.plan.writesBeforeFull else { return true }
            if left > 0 {
                state.plan.writesBeforeFull = left - 1
                return true
            }
            state.failures += 1
            return false
        }
    }

    fileprivate func allowsSync(of path: String) -> Bool {
        let (isAllowed, copies) = state.withLock { state -> (Bool, Bool) in
            state.syncs[path, default: 0] += 1
            guard let left = state.plan.syncsBeforeError else { return (true, state.plan.copiesAtSync) }
            if left > 0 {
                state.plan.syncsBeforeError = left - 1
                return (true, state.plan.copiesAtSync)
            }
            state.failures += 1
            return (false, false)
        }
        if copies {
            let name = String(path.dropFirst(folder.count + 1))
            let manager = FileManager.default
            copying.withLock { _ in
                try? manager.createDirectory(atPath: surviving, withIntermediateDirectories: true)
                try? manager.removeItem(atPath: surviving + "/" + name)
                try? manager.copyItem(atPath: path, toPath: surviving + "/" + name)
            }
        }
        return isAllowed
    }

    /// Takes the power away: files beginning with `name` are, beside `path`, what they were at their last sync.
    func cutPower(of name: String, suffixes: [String], to path: String) throws {
        try copying.withLock { _ in
            for suffix in suffixes {
                try? FileManager.default.removeItem(atPath: path + suffix)
                let survived = surviving + "/" + name + suffix
                guard FileManager.default.fileExists(atPath: survived) else { continue }
                try FileManager.default.copyItem(atPath: survived, toPath: path + suffix)
            }
        }
    }

    /// Puts our functions in the place of SQLite's, once.
    private static let hooked: Bool = {
        guard let vfs = sqlite3_vfs_find(nil), let set = vfs.pointee.xSetSystemCall else { return false }
        let seek: @convention(c) (Int32, UnsafeRawPointer?, Int, Int) -> Int = { descriptor, bytes, count, offset in
            guard mayWrite(descriptor) else { return -1 }
            return Glibc.pwrite(descriptor, bytes, count, offset)
        }
        let plain: @convention(c) (Int32, UnsafeRawPointer?, Int) -> Int = { descriptor, bytes, count in
            guard mayWrite(descriptor) else { return -1 }
            return Glibc.write(descriptor, bytes, count)
        }
        for name in ["pwrite", "pwrite64"] {
            _ = set(vfs, name, unsafeBitCast(seek, to: sqlite3_syscall_ptr.self))
        }
        _ = set(vfs, "write", unsafeBitCast(plain, to: sqlite3_syscall_ptr.self))
        return true
    }()
}

private let disks = Mutex<[Disk]>([])

private func disk(of descriptor: Int32) -> (Disk, String)? {
    let known = disks.withLock { $0 }
    guard !known.isEmpty else { return nil }
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return known.first { path.hasPrefix($0.folder + "/") }.map { ($0, path) }
}

private func mayWrite(_ descriptor: Int32) -> Bool {
    guard let (disk, _) = disk(of: descriptor), !disk.allowsWrite() else { return true }
    errno = ENOSPC
    return false
}

/// Stands where libc's stands: SQLite and the spool call it for every commit.
@_cdecl("fdatasync")
func watchedSync(_ descriptor: Int32) -> Int32 {
    if let (disk, path) = disk(of: descriptor), !disk.allowsSync(of: path) {
        errno = EIO
        return -1
    }
    // `fsync` does all that `fdatasync` does.
    return Glibc.fsync(descriptor)
}
