import ArgumentParser

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// For containers, whose images need no HTTP client for it then.
struct HealthcheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ask the server on this machine whether it lives.",
        discussion: """
            Asks /healthz where the settings say that the server listens, and prints what it answers. Exit status 0 if \
            that is 200 within five seconds, 1 otherwise.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Option(help: ArgumentHelp("Where the server listens.", valueName: "host:port"))
    var listen: String?

    @Flag(help: "Ask /readyz: whether calls can be admitted.")
    var ready = false

    func run() throws {
        let address = try options.load(more: ["listen": listen]).settings.listen
        let path = ready ? "/readyz" : "/healthz"
        guard let answer = LocalAnswer(of: address.reachedFromHere, path: path) else {
            throw InputProblem(source: "\(address)", reason: "no answer")
        }
        print(answer.body)
        if answer.status != 200 { throw ExitCode(1) }
    }
}

extension Settings.ListenAddress {
    /// Who listens on every address is asked on loopback.
    fileprivate var reachedFromHere: Self {
        switch host {
        case "0.0.0.0": Self(host: "127.0.0.1", port: port)
        case "::": Self(host: "::1", port: port)
        default: self
        }
    }
}

/// One small GET over a blocking socket, for a command that does nothing else.
private struct LocalAnswer {
    let status: Int
    let body: String

    private static let seconds = 5
    private static let largest = 64 * 1_024

    /// Nil if nobody answered in time, or not in HTTP.
    init?(of address: Settings.ListenAddress, path: String) {
        guard let socket = Self.connect(to: address) else { return nil }
        defer { close(socket) }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n".utf8)
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        let end = ContinuousClock.now + .seconds(Self.seconds)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < Self.largest {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count >= 0, ContinuousClock.now < end else { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 "), let status = Int(text.dropFirst(9).prefix(3)) else { return nil }
        self.status = status
        body = text.split(separator: "\r\n\r\n", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
    }

    private static func connect(to address: Settings.ListenAddress) -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, String(address.port), &hints, &found) == 0 else { return nil }
        defer { freeaddrinfo(found) }
        var next = found
        while let each = next?.pointee {
            let socket = Glibc.socket(each.ai_family, each.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard socket >= 0 else { return nil }
            var limit = timeval(tv_sec: seconds, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
            setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
            if Glibc.connect(socket, each.ai_addr, each.ai_addrlen) == 0 { return socket }
            close(socket)
            next = each.ai_next
        }
        return nil
    }
}
