import Glibc

/// A TCP socket on loopback for a thread that may block: five seconds for anything, then it gives up.
final class BlockingSocket {
    struct Failure: Error {
        let code = errno
    }

    private let descriptor: Int32

    private init(_ descriptor: Int32) throws {
        guard descriptor >= 0 else { throw Failure() }
        self.descriptor = descriptor
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        var isOn: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    static func connect(port: Int) throws -> BlockingSocket {
        let made = try BlockingSocket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        guard withAddress(port: port, { Glibc.connect(made.descriptor, $0, $1) }) == 0 else { throw Failure() }
        return made
    }

    /// On a port of the system's choice.
    static func listen() throws -> BlockingSocket {
        let made = try BlockingSocket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        guard withAddress(port: 0, { bind(made.descriptor, $0, $1) }) == 0, Glibc.listen(made.descriptor, 64) == 0
        else { throw Failure() }
        return made
    }

    /// - Throws: `Failure` also when nobody comes for five seconds.
    func accept() throws -> BlockingSocket { try BlockingSocket(Glibc.accept(descriptor, nil, nil)) }

    var port: Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// - Returns: false once the peer takes nothing more.
    @discardableResult
    func send(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent <= 0 { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Ends our side only.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// All that came by the time `isEnough`, and whether the peer has ended (or reset) the connection; neither after
    /// five silent seconds.
    func read(until isEnough: ([UInt8]) -> Bool = { _ in false }) -> (bytes: [UInt8], isEnded: Bool) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while !isEnough(bytes) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return (bytes, true) }
            if count < 0 { return (bytes, false) }
            bytes += buffer[..<count]
        }
        return (bytes, false)
    }

    enum End: Sendable {
        case closed
        case reset
        /// Five silent seconds.
        case none
    }

    /// All that comes, and how the peer ended the connection.
    func readToEnd() -> (bytes: [UInt8], end: End) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return (bytes, .closed) }
            if count < 0 { return (bytes, errno == ECONNRESET ? .reset : .none) }
            bytes += buffer[..<count]
        }
    }

    private static func withAddress(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
