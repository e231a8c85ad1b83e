import Domain

extension SettingKey {
    /// Who may see how the server is, and where it tells of its calls.
    static let observability: [SettingKey] = [
        .ranges(
            "metrics.addresses",
            \.metrics.addresses,
            "where /metrics may be read from beside this host: none, or addresses such as 10.0.0.0/8, ::1"
        ),
        metricsToken, tracesEndpoint, tracesSampleRatio, tracesHeaders,
        .flag(
            "core_dumps",
            \.allowsCoreDumps,
            "let the system write the server's memory, with the secrets in it, to a file when it crashes"
        ),
    ]

    /// Long enough not to be guessed.
    private static let leastTokenBytes = 16

    private static let metricsToken = SettingKey(
        path: "metrics.token",
        summary: "who sends it as a bearer token may read /metrics from anywhere",
        isSecret: true
    ) { text, settings in
        guard text.isEmpty || text.utf8.count >= leastTokenBytes, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return "must be at least \(leastTokenBytes) visible characters of ASCII" }
        settings.metrics.token = text.isEmpty ? nil : Credential(text)
        return nil
    } show: {
        $0.metrics.token?.secret ?? ""
    }

    private static let tracesEndpoint = SettingKey(
        path: "traces.endpoint",
        summary: "where traces go over OTLP/HTTP, such as http://127.0.0.1:4318/v1/traces; none: nowhere"
    ) { text, settings in
        if text == "none" {
            settings.traces.endpoint = nil
            return nil
        }
        guard (try? BaseURL(parsing: text)) != nil else {
            return "must be none, or http or https, host, port and path, such as http://127.0.0.1:4318/v1/traces"
        }
        settings.traces.endpoint = text
        return nil
    } show: {
        $0.traces.endpoint ?? "none"
    }

    private static let tracesSampleRatio = SettingKey(
        path: "traces.sample_ratio",
        summary:
            "how many of the calls that come without a trace begin one, from 0 to 1; a client's own trace decides for its call"
    ) { text, settings in
        guard let millionths = try? Decimals.parse(text, decimals: 6), (0...1_000_000).contains(millionths) else {
            return "must be a decimal from 0 to 1 of at most six decimals, such as 0.05"
        }
        settings.traces.sampleMillionths = Int(millionths)
        return nil
    } show: {
        Decimals.print($0.traces.sampleMillionths, decimals: 6, atLeast: 0)
    }

    private static let tracesHeaders = SettingKey(
        path: "traces.headers",
        summary: "sent with traces: name=value, several of them divided by commas",
        isSecret: true
    ) { text, settings in
        var headers: [Settings.Traces.Header] = []
        for pair in text.split(separator: ",") {
            guard let equals = pair.firstIndex(of: "=") else { return "must be name=value, divided by commas" }
            let name = String(pair[..<equals]).trimmed
            let value = String(pair[pair.index(after: equals)...]).trimmed
            guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }),
                value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else { return "must be name=value of visible ASCII, divided by commas" }
            headers.append(Settings.Traces.Header(name: name, value: Credential(value)))
        }
        settings.traces.headers = headers
        return nil
    } show: {
        $0.traces.headers.map { "\($0.name)=\($0.value.secret)" }.joined(separator: ",")
    }
}
