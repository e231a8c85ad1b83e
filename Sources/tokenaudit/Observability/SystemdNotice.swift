#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Tells systemd how the process is doing where it asks for that (`Type=notify`): a datagram each to the unix socket named
/// in `NOTIFY_SOCKET`, as sd_notify(3) has it.
struct SystemdNotice: Sendable {
    enum State: String {
        /// Calls are taken from now on.
        case ready = "READY=1"
        /// The grace period has begun.
        case stopping = "STOPPING=1"
        case alive = "WATCHDOG=1"
    }

    /// How often `alive` has to come, at least; nil where nobody watches.
    let watchdogInterval: Duration?
    private let address: sockaddr_un
    private let addressLength: socklen_t

    /// Nil where nobody listens: no socket is named, or one of a kind that sd_notify does not send to either.
    init?(environment: [String: String]) {
        guard let name = environment["NOTIFY_SOCKET"], let kind = name.utf8.first,
            kind == UInt8(ascii: "/") || kind == UInt8(ascii: "@")
        else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name with @ is of the abstract namespace: its first byte is zero, and nothing ends it.
        let bytes = kind == UInt8(ascii: "@") ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8) + [0]
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0
        guard bytes.count <= MemoryLayout<sockaddr_un>.size - offset else { return nil }
        withUnsafeMutableBytes(of: &address) { raw in
            for (at, byte) in bytes.enumerated() { raw[offset + at] = byte }
        }
        self.address = address
        addressLength = socklen_t(offset + bytes.count)
        // systemd names the one process that it watches; what it says to others is not for them.
        if let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init), microseconds > 0,
            environment["WATCHDOG_PID"].map({ $0 == String(getpid()) }) ?? true
        {
            watchdogInterval = .microseconds(microseconds)
        } else {
            watchdogInterval = nil
        }
    }

    /// Never waits. False if the notice did not go out.
    @discardableResult
    func tell(_ state: State) -> Bool {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        let message = Array(state.rawValue.utf8)
        return withUnsafePointer(to: address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    socket,
                    message,
                    message.count,
                    Int32(MSG_DONTWAIT | MSG_NOSIGNAL),
                    $0,
                    addressLength
                )
            }
        } == message.count
    }
}
