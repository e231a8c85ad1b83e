import Domain
import Gateway

/// Everything `tokenaudit` can be told, with the values it has when told nothing.
struct Settings: Sendable {
    /// Where to listen; port 0 takes a free one.
    struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
        var host: String
        var port: Int

        var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// Where the books are kept.
    enum DatabaseLocation: Hashable, Sendable, CustomStringConvertible {
        case sqlite(path: String)
        case postgres(url: String)
        case mysql(url: String)

        static let forms =
            "sqlite:PATH, postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full or mysql://USER:PASSWORD@HOST:PORT/NAME?ssl-mode=verify-identity"

        init?(parsing text: String) {
            if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
                self = .postgres(url: text)
                return
            }
            if text.hasPrefix("mysql://") || text.hasPrefix("mariadb://") {
                self = .mysql(url: text)
                return
            }
            guard text.hasPrefix("sqlite:") else { return nil }
            let path = String(text.dropFirst("sqlite:".count))
            // Books kept in memory would not outlive the process.
            guard !path.isEmpty, !path.hasPrefix(":"), !path.hasSuffix("/") else { return nil }
            self = .sqlite(path: path)
        }

        /// Without a password.
        var description: String {
            switch self {
            case .sqlite(let path): "sqlite:\(path)"
            case .postgres(let url), .mysql(let url): Self.withoutPassword(url)
            }
        }

        /// `postgres://user:***@host/name`; parameters, which may be secret too, are left out.
        private static func withoutPassword(_ url: String) -> String {
            guard let start = url.firstRange(of: "://")?.upperBound else { return "a database server" }
            let rest = url[start...].prefix { $0 != "?" }
            guard let at = rest.lastIndex(of: "@") else { return String(url[..<start] + rest) }
            let user = rest[..<at].prefix { $0 != ":" }
            let hidden = user.endIndex == at ? "" : ":***"
            return "\(url[..<start])\(user)\(hidden)\(rest[at...])"
        }
    }

    enum LogLevel: String, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// What is kept of calls' bodies.
    struct Bodies: Sendable {
        var capture = Capture.off
        var retentionSeconds = 30.0 * 86_400
        /// Of each direction.
        var maxBytes = 256 * 1024
        /// All of them in memory until they are written.
        var heldBytes = 64 * 1024 * 1024
    }

    /// Who may read `/metrics` beside this host.
    struct Metrics: Sendable {
        var addresses: [AddressRange] = []
        var token: Credential?
    }

    /// Where calls are told of to a collector.
    struct Traces: Sendable {
        struct Header: Hashable, Sendable {
            let name: String
            let value: Credential
        }

        /// Nil: nowhere.
        var endpoint: String?
        /// Of calls that come without a trace of their own.
        var sampleMillionths = 0
        var headers: [Header] = []
    }

    var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    var database = DatabaseLocation.sqlite(path: "data/tokenaudit.sqlite")
    /// On this host, for what a database server does not take.
    var spoolFolder = "data/spool"
    /// Nil: `master.key` beside an embedded database, created where there is none.
    var masterKeyFile: String?
    /// Set while secrets may still be sealed under the key before.
    var previousMasterKeyFile: String?
    /// Take passwords over plain http from beyond this host.
    var allowsInsecureHTTP = false
    /// Nil: one event loop a core.
    var eventLoops: Int?
    /// How long a silent replica's calls wait before its death is believed.
    var uncertainAfterSeconds = 900.0
    /// What a call costs whose process died before its end.
    var uncertainPolicy = UncertainPolicy.chargeInput
    /// Keep the upstreams' usage objects as they stood on the wire.
    var keepRawUsage = true
    /// For how long; nil: for ever.
    var rawUsageRetentionSeconds: Double?
    /// Zones beside UTC whose days and months are kept for statistics.
    var statisticsTimeZones: [String] = []
    var bodies = Bodies()
    var metrics = Metrics()
    var traces = Traces()
    /// A crash leaves the memory of the server, secrets too, in a file.
    var allowsCoreDumps = false
    var logLevel = LogLevel.info
    /// Limits, deadlines and policies of the data plane.
    var gateway = GatewaySettings()

    /// Where the master key is read from.
    /// - Throws: where it must be named: replicas on several hosts have one key.
    var masterKeyPath: String {
        get throws(InputProblem) {
            if let masterKeyFile { return masterKeyFile }
            guard case .sqlite(let path) = database else {
                throw InputProblem(
                    source: "master_key_file",
                    reason:
                        "must be named with a database server, for all its replicas have one; `head -c 32 /dev/urandom > FILE` makes a key"
                )
            }
            guard let slash = path.lastIndex(of: "/") else { return "master.key" }
            return path[...slash] + "master.key"
        }
    }

    /// Whether a master key is made where there is none.
    var makesMasterKey: Bool { if case .sqlite = database { true } else { false } }
}
