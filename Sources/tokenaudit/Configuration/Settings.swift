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
    enum DatabaseLocation: Hashable, Sendable {
        case sqlite(path: String)
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

    var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    var database = DatabaseLocation.sqlite(path: "data/tokenaudit.sqlite")
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
    /// Zones beside UTC whose days and months are kept for statistics.
    var statisticsTimeZones: [String] = []
    var bodies = Bodies()
    var logLevel = LogLevel.info
    /// Limits, deadlines and policies of the data plane.
    var gateway = GatewaySettings()

    /// Where the master key is read from.
    var masterKeyPath: String {
        if let masterKeyFile { return masterKeyFile }
        switch database {
        case .sqlite(let path):
            guard let slash = path.lastIndex(of: "/") else { return "master.key" }
            return path[...slash] + "master.key"
        }
    }
}
