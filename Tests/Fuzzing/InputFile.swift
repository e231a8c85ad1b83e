import Foundation

/// Holds the input being tried, so that one that traps is there after the crash: `.build/fuzz/NAME`.
final class InputFile {
    private let descriptor: Int32
    private let path: String

    static func path(_ name: String) -> String { ".build/fuzz/\(name)" }

    /// Nil where the file cannot be made: then a trap is found again by its seed.
    init?(name: String) {
        path = Self.path(name)
        try? FileManager.default.createDirectory(atPath: ".build/fuzz", withIntermediateDirectories: true)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    func write(_ input: [UInt8]) {
        _ = input.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        ftruncate(descriptor, off_t(input.count))
    }

    func remove() { unlink(path) }
}
