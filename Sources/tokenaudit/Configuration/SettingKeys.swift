import Domain
import Gateway

extension SettingKey {
    /// Every setting there is; whatever is not here is refused.
    static let all: [SettingKey] =
        [listen, database, spoolFolder, masterKeyFile, previousMasterKeyFile, eventLoops] + policies + limits
        + rateLimits
        + deadlines + bodies + observability + others

    static let live = all.filter(\.isLive)

    private static let policies: [SettingKey] = [
        .flag(
            "upstream.allow_private",
            \.gateway.allowsPrivateUpstreams,
            "let providers stand on loopback and private addresses; link-local and metadata addresses stay refused"
        ),
        .choice(
            "quota.clamp",
            \.gateway.clamp,
            [("never", .never), ("implicit", .implicit), ("explicit", .explicit)],
            "which output limits may be lowered to what a quota still covers: never, only injected ones, the client's too"
        ),
        .duration("uncertain_after", \.uncertainAfterSeconds, 1...86_400, "when a silent replica counts as dead"),
        .choice(
            "uncertain_policy",
            \.uncertainPolicy,
            [("charge_input", .chargeInput), ("charge_hold", .chargeHold)],
            "what a call costs whose process died before its end"
        ),
        .choice(
            "disconnect_unknown",
            \.gateway.disconnectUnknown,
            [("charge_hold", .chargeHold), ("estimate", .estimate)],
            "what output costs that a client left before it could be counted"
        ),
    ]

    private static let limits: [SettingKey] = [
        .bytes("limits.request_body", \.gateway.limits.requestBodyBytes, 1_024...1 << 30, "a request's body"),
        .bytes(
            "limits.request_bodies",
            \.gateway.limits.requestBodiesBytes,
            1 << 20...1 << 44,
            "requests' bodies held at a time, together"
        ),
        .bytes("limits.headers", \.gateway.limits.headerBytes, 1_024...1 << 20, "a request's headers together"),
        .bytes("limits.header_field", \.gateway.limits.headerFieldBytes, 256...1 << 20, "one header field"),
        .count("limits.header_count", \.gateway.limits.headerCount, 16...10_000, "a request's header fields"),
        .count("limits.concurrent_calls", \.gateway.limits.concurrentCalls, 1...1_000_000, "calls at a time"),
        .bytes(
            "limits.held_answer",
            \.gateway.limits.heldAnswerBytes,
            1_024...1 << 30,
            "an answer held whole, so that its head can carry the cost"
        ),
        .bytes(
            "limits.held_answers",
            \.gateway.limits.heldAnswersBytes,
            1 << 20...1 << 44,
            "answers held at a time, together"
        ),
        .bytes("limits.error_body", \.gateway.limits.errorBodyBytes, 1_024...1 << 24, "an upstream's error body"),
        .bytes("limits.event", \.gateway.limits.eventBytes, 4_096...1 << 28, "one event of a stream"),
        .bytes("limits.drain", \.gateway.limits.drainBytes, 0...1 << 30, "read of a stream whose client is gone"),
        .bytes("limits.discard", \.gateway.limits.discardBytes, 0...1 << 30, "read and dropped of a refused request"),
    ]

    private static let rateLimits: [SettingKey] = [
        .rate(.requests, \.gateway.userRateLimit, "requests a minute of a user who has no number of their own"),
        .rate(.tokens, \.gateway.userRateLimit, "tokens a minute, input and output, of such a user"),
        .rate(.calls, \.gateway.userRateLimit, "calls at a time of such a user"),
    ]

    private static let deadlines: [SettingKey] = [
        .duration(
            "deadlines.header",
            \.gateway.deadlines.headerSeconds,
            0.1...3_600,
            "a request's head, first to last byte"
        ),
        .duration("deadlines.body", \.gateway.deadlines.bodySeconds, 0.1...3_600, "a request's body"),
        .duration("deadlines.idle", \.gateway.deadlines.idleSeconds, 0.1...86_400, "between requests on a connection"),
        .duration(
            "deadlines.write_stall",
            \.gateway.deadlines.writeStallSeconds,
            0.1...3_600,
            "a client that reads nothing"
        ),
        .duration("deadlines.connect", \.gateway.deadlines.connectSeconds, 0.1...600, "to connect to an upstream"),
        .duration(
            "deadlines.first_byte",
            \.gateway.deadlines.firstByteSeconds,
            0.1...86_400,
            "to an upstream's first byte"
        ),
        .duration(
            "deadlines.upstream_idle",
            \.gateway.deadlines.upstreamIdleSeconds,
            0.1...86_400,
            "between two pieces of an upstream's answer"
        ),
        .duration("deadlines.total", \.gateway.deadlines.totalSeconds, 0.1...86_400, "a whole call, from its dispatch"),
        .duration(
            "deadlines.drain",
            \.gateway.deadlines.drainSeconds,
            0...3_600,
            "to drain a stream whose client is gone"
        ),
        .duration(
            "deadlines.discard",
            \.gateway.deadlines.discardSeconds,
            0...60,
            "a refused request to finish sending"
        ),
        .duration("deadlines.admit", \.gateway.deadlines.admitSeconds, 0.1...60, "an admission's age at its dispatch"),
        .duration(
            "deadlines.upstream_keep_alive",
            \.gateway.deadlines.upstreamKeepAliveSeconds,
            0...3_600,
            "an idle connection to an upstream"
        ),
        .duration(
            "deadlines.grace",
            \.gateway.deadlines.graceSeconds,
            0...86_400,
            "between SIGTERM and cutting what runs"
        ),
    ]

    private static let bodies: [SettingKey] = [
        .choice(
            "bodies.capture",
            \.bodies.capture,
            Capture.allCases.map { ($0.rawValue, $0) },
            "what is kept of calls' bodies, where their key does not say: off, metadata (no text), full"
        ).live,
        .duration(
            "bodies.retention",
            \.bodies.retentionSeconds,
            3_600...315_360_000,
            "how long bodies are kept, such as 12h or 30d"
        ).live,
        .bytes(
            "bodies.max_bytes",
            \.bodies.maxBytes,
            1_024...16 << 20,
            "kept of a body in each direction; what is longer is cut off and marked"
        ).live,
        .bytes(
            "bodies.held",
            \.bodies.heldBytes,
            1 << 20...1 << 40,
            "bodies in memory until they are written, together"
        ),
    ]

    private static let others: [SettingKey] = [
        .flag(
            "insecure_http",
            \.allowsInsecureHTTP,
            "let people sign in over plain http from other hosts, where the network may read their passwords"
        ),
        trustedProxies,
        .flag("keep_raw_usage", \.keepRawUsage, "keep the upstreams' usage objects as they came"),
        .retention(
            "requests.retention",
            \.rawUsageRetentionSeconds,
            86_400...315_360_000,
            "how long the upstreams' usage objects are kept, such as 90d; bills are kept for ever"
        ).live,
        statisticsTimeZones,
        .choice(
            "log_level",
            \.logLevel,
            Settings.LogLevel.allCases.map { ($0.rawValue, $0) },
            "the least level logged"
        ),
    ]

    /// Each of them takes room for the days of every user, key and model.
    private static let mostTimeZones = 8

    private static let statisticsTimeZones = SettingKey(
        path: "statistics.time_zones",
        summary: "zones beside UTC whose days and months are kept, such as Asia/Shanghai, Europe/Berlin"
    ) { text, settings in
        let names = text.split(separator: ",").map { $0.trimmingPrefix(while: \.isWhitespace) }
            .map { String($0.reversed().trimmingPrefix(while: \.isWhitespace).reversed()) }
        guard names.count <= mostTimeZones else { return "must be at most \(mostTimeZones) names" }
        settings.statisticsTimeZones = names
        return nil
    } show: {
        $0.statisticsTimeZones.joined(separator: ", ")
    }

    private static let listen = SettingKey(path: "listen", summary: "address and port; port 0 takes a free one") {
        text,
        settings in
        guard let colon = text.lastIndex(of: ":"),
            let port = StrictText.integer(String(text[text.index(after: colon)...])),
            port <= 65_535
        else { return "must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080" }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return "must be HOST:PORT; an IPv6 address stands in brackets"
        }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else {
            return "must name a host; 0.0.0.0 listens on every address"
        }
        settings.listen = .init(host: host, port: Int(port))
        return nil
    } show: {
        $0.listen.description
    }

    private static let database = SettingKey(
        path: "database",
        summary: Settings.DatabaseLocation.forms,
        isSecret: true
    ) { text, settings in
        guard let location = Settings.DatabaseLocation(parsing: text) else {
            return "must be \(Settings.DatabaseLocation.forms); PATH is a file"
        }
        settings.database = location
        return nil
    } show: {
        $0.database.description
    }

    private static let spoolFolder = SettingKey(
        path: "spool.folder",
        summary: "where a replica of a database server keeps what the server does not take; it must outlive the process"
    ) { text, settings in
        guard !text.isEmpty else { return "must name a folder" }
        settings.spoolFolder = text
        return nil
    } show: {
        $0.spoolFolder
    }

    private static let masterKeyFile = SettingKey(
        path: "master_key_file",
        summary: "the key that wraps all other keys: 64 hex digits, 44 base64 characters or 32 raw bytes"
    ) { text, settings in
        guard !text.isEmpty else { return "must name a file" }
        settings.masterKeyFile = text
        return nil
    } show: {
        (try? $0.masterKeyPath) ?? ""
    }

    private static let previousMasterKeyFile = SettingKey(
        path: "previous_master_key_file",
        summary: "the master key before, while secrets may still be sealed under it (keys rotate-master)"
    ) { text, settings in
        settings.previousMasterKeyFile = text.isEmpty ? nil : text
        return nil
    } show: {
        $0.previousMasterKeyFile ?? ""
    }

    private static let trustedProxies = ranges(
        "trusted_proxies",
        \.gateway.trustedProxies.ranges,
        "proxies that are believed about where requests come from: none, or addresses such as 10.0.0.0/8, ::1"
    )

    private static let eventLoops = SettingKey(
        path: "event_loops",
        summary: "threads for connections; auto: one a core"
    ) {
        text,
        settings in
        if text == "auto" {
            settings.eventLoops = nil
            return nil
        }
        guard let count = StrictText.integer(text), (1...1_024).contains(count) else {
            return "must be auto or 1 to 1024"
        }
        settings.eventLoops = Int(count)
        return nil
    } show: {
        $0.eventLoops.map(String.init) ?? "auto"
    }
}
