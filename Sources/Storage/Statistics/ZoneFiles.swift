package import Domain
import Glibc
import Synchronization

/// The host's time zone files.
package final class ZoneFiles: TimeZones {
    private static let largestFile = 65_536
    /// There are some six hundred names; whoever asks for many is not remembered.
    private static let largestMemory = 64

    private let folder: String
    private let known = Mutex<[String: Zone]>([:])

    package init(folder: String = "/usr/share/zoneinfo") { self.folder = folder }

    package func zone(named name: String) -> Zone? {
        if name == Zone.utc.name { return .utc }
        guard Self.isName(name) else { return nil }
        if let zone = known.withLock({ $0[name] }) { return zone }
        guard let bytes = read(folder + "/" + name), let zone = Zone(name: name, file: bytes) else { return nil }
        known.withLock { known in
            if known.count < Self.largestMemory { known[name] = zone }
        }
        return zone
    }

    /// `America/Argentina/Buenos_Aires`: nothing that could leave the folder.
    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return name.utf8.count <= 64 && parts.count <= 3
            && parts.allSatisfy { part in
                part.utf8.first.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 } ?? false
                    && part.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                            UInt8(ascii: "+"):
                            true
                        default: false
                        }
                    }
            }
    }

    private func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.largestFile)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        return Array(bytes[..<count])
    }
}
