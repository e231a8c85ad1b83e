import Domain
import Gateway
import Testing

@testable import tokenaudit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("settings") struct SettingsTests {
    func load(
        yaml: String? = nil,
        environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws -> SettingsLoader.Loaded {
        guard let yaml else { return try SettingsLoader(environment: environment, flags: flags, file: nil).load() }
        return try withFile(yaml) { try SettingsLoader(environment: environment, flags: flags, file: $0).load() }
    }

    @Test("flags win over variables, variables over the file, the file over defaults")
    func layers() throws {
        let yaml = "listen: 127.0.0.1:1\nlog_level: debug\nquota:\n  clamp: never\nupstream: {allow_private: true}\n"
        let loaded = try load(
            yaml: yaml,
            environment: ["TOKENAUDIT_LISTEN": "127.0.0.1:2", "TOKENAUDIT_QUOTA_CLAMP": "explicit"],
            flags: ["listen": "[::1]:3"]
        )
        #expect(loaded.settings.listen == .init(host: "::1", port: 3))
        #expect(loaded.settings.listen.description == "[::1]:3")
        #expect(loaded.settings.gateway.clamp == .explicit)
        #expect(loaded.settings.logLevel == .debug)
        #expect(loaded.settings.gateway.allowsPrivateUpstreams)
        #expect(loaded.settings.uncertainAfterSeconds == 900)
        #expect(loaded.origins["listen"] == "--set listen")
        #expect(loaded.origins["quota.clamp"] == "TOKENAUDIT_QUOTA_CLAMP")
        #expect(loaded.origins["log_level"]?.hasSuffix(":2") == true)
    }

    @Test("rates and proxies are none until they are named")
    func ratesAndProxies() throws {
        let none = try load().settings
        #expect(none.gateway.userRateLimit.isNone && none.gateway.trustedProxies == .none)
        let environment = [
            "TOKENAUDIT_RATE_LIMITS_REQUESTS_PER_MINUTE": "60", "TOKENAUDIT_RATE_LIMITS_CONCURRENT_CALLS": "none",
            "TOKENAUDIT_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        ]
        let settings = try load(environment: environment).settings
        #expect(settings.gateway.userRateLimit == RateLimit(requestsPerMinute: 60))
        for (path, shown) in [
            ("rate_limits.requests_per_minute", "60"), ("rate_limits.tokens_per_minute", "none"),
            ("trusted_proxies", "10.0.0.0/8, ::1"),
        ] {
            let setting = try #require(SettingKey.all.first { $0.path == path })
            #expect(setting.show(settings) == shown)
            var again = Settings()
            #expect(setting.read(shown, &again) == nil && setting.show(again) == shown)
        }
    }

    @Test("what watches over the server is off, or this host's, until it is told")
    func observability() throws {
        let none = try load().settings
        #expect(none.metrics.addresses.isEmpty && none.metrics.token == nil && none.traces.endpoint == nil)
        #expect(none.traces.sampleMillionths == 0 && !none.allowsCoreDumps)
        let environment = [
            "TOKENAUDIT_METRICS_ADDRESSES": "10.0.0.0/8", "TOKENAUDIT_METRICS_TOKEN": "a-token-of-some-length",
            "TOKENAUDIT_TRACES_ENDPOINT": "https://otel.example/v1/traces", "TOKENAUDIT_TRACES_SAMPLE_RATIO": "0.05",
            "TOKENAUDIT_TRACES_HEADERS": "authorization=Bearer x=, x-scope=1", "TOKENAUDIT_CORE_DUMPS": "true",
        ]
        let settings = try load(environment: environment).settings
        #expect(settings.metrics.addresses == [AddressRange(parsing: "10.0.0.0/8")])
        #expect(settings.metrics.token?.secret == "a-token-of-some-length" && settings.allowsCoreDumps)
        #expect(
            settings.traces.endpoint == "https://otel.example/v1/traces" && settings.traces.sampleMillionths == 50_000
        )
        #expect(settings.traces.headers.map(\.name) == ["authorization", "x-scope"])
        #expect(settings.traces.headers.map(\.value.secret) == ["Bearer x=", "1"])
    }

    @Test(
        "what the file gets wrong is named with its line",
        arguments: [
            ("listen: 127.0.0.1:8080\nlisten_on: x\n", 2, "unknown setting 'listen_on'"),
            ("quota:\n  clamp: sometimes\n", 2, "quota.clamp: must be one of never, implicit, explicit"),
            ("quota:\n\n  clam: never\n", 3, "unknown setting 'quota.clam'"),
            ("limits:\n  headers: 1e6\n", 2, "limits.headers: must be a size"),
            ("limits:\n  concurrent_calls: 0\n", 2, "limits.concurrent_calls: must be a whole number"),
            ("deadlines:\n  connect: 10 s\n", 2, "deadlines.connect: must be a time"),
            ("database: oracle://u:p@h/d\n", 1, "database: must be sqlite:PATH, postgres:"),
            ("database: \"sqlite::memory:\"\n", 1, "database: must be sqlite:PATH, postgres:"),
            (
                "rate_limits:\n  tokens_per_minute: 0\n", 2,
                "rate_limits.tokens_per_minute: must be none or a whole number"
            ),
            ("trusted_proxies: 10.0.0.1/8\n", 1, "trusted_proxies: must be none, or addresses and ranges"),
            ("trusted_proxies: 10.0.0.0/8,\n", 1, "trusted_proxies: must be none, or addresses and ranges"),
            ("metrics:\n  addresses: everywhere\n", 2, "metrics.addresses: must be none, or addresses and ranges"),
            ("metrics:\n  token: short\n", 2, "metrics.token: must be at least 16 visible characters"),
            ("traces:\n  endpoint: collector:4318\n", 2, "traces.endpoint: must be none, or http or https"),
            ("traces:\n  sample_ratio: 1.1\n", 2, "traces.sample_ratio: must be a decimal from 0 to 1"),
            ("traces:\n  headers: authorization\n", 2, "traces.headers: must be name=value"),
            ("keep_raw_usage: maybe\n", 1, "keep_raw_usage: must be true or false"),
            ("listen:\n", 1, "listen: must not be empty"),
            ("listen: [1]\n", 1, "listen: must be a single value"),
            ("quota: never\n", 1, "quota: must be a mapping"),
            ("listen: a:1\nlisten: b:2\n", 1, "given twice: listen"),
            ("a: [1\n", 2, "not valid YAML"),
        ]
    )
    func fileProblems(yaml: String, line: Int, reason: String) throws {
        do {
            _ = try load(yaml: yaml)
            Issue.record("accepted")
        } catch let problem as InputProblem {
            #expect(problem.line == line, "\(problem)")
            #expect(problem.reason.hasPrefix(reason), "\(problem)")
            #expect(!problem.description.contains("u:p@h"))
        }
    }

    @Test("a wrong variable or flag is named")
    func otherProblems() {
        #expect(
            throws: InputProblem(
                source: "TOKENAUDIT_LISTEN",
                reason: "must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"
            )
        ) {
            try load(environment: ["TOKENAUDIT_LISTEN": "8080"])
        }
        #expect(throws: InputProblem.self) { try load(flags: ["no.such": "1"]) }
        #expect(throws: InputProblem(source: "/nowhere.yaml", reason: "No such file or directory")) {
            try SettingsLoader(environment: [:], flags: [:], file: "/nowhere.yaml").load()
        }
    }

    @Test("a secret may come from a file, but not from two places")
    func secretFiles() throws {
        try withFile("sqlite:/tmp/books.sqlite\n") { path in
            let loaded = try load(environment: ["TOKENAUDIT_DATABASE_FILE": path])
            #expect(loaded.settings.database == .sqlite(path: "/tmp/books.sqlite"))
            #expect(try loaded.settings.masterKeyPath == "/tmp/master.key")
            #expect(throws: InputProblem.self) {
                try load(environment: ["TOKENAUDIT_DATABASE_FILE": path, "TOKENAUDIT_DATABASE": "sqlite:x"])
            }
        }
    }

    @Test("variables that nobody reads are told, not ignored in silence")
    func unknownVariables() throws {
        let loaded = try load(environment: ["TOKENAUDIT_LISTEM": "x", "PATH": "/bin"])
        #expect(loaded.unknownVariables == ["TOKENAUDIT_LISTEM"])
    }

    @Test("what `config show` prints reads back as the same settings")
    func reportReadsBack() throws {
        let first = try load(flags: ["deadlines.grace": "250ms", "limits.request_body": "1MiB", "event_loops": "2"])
        let report = SettingsReport(loaded: first, hidesPlaces: false).text
        let second = try load(yaml: report)
        #expect(second.origins.count == SettingKey.all.count)
        for setting in SettingKey.all {
            #expect(setting.show(second.settings) == setting.show(first.settings), "\(setting.path)")
        }
    }

    @Test(
        "a name that means something in YAML is still a name",
        arguments: [
            "null", "NULL", "~", "-", "---", "...", "a: b", "a #b", "\"", "\\", "[a]", "{a}", "&a", "*a", "!a", " a",
            "a ", "a\tb",
            "a\nb", "a\u{85}b", "a\u{2028}b", "\u{7F}", "é/中/😀", "e\u{301}",
        ]
    )
    func oddNames(name: String) throws {
        let first = try load(flags: ["master_key_file": name])
        let second = try load(yaml: SettingsReport(loaded: first, hidesPlaces: false).text)
        #expect(second.settings.masterKeyFile?.unicodeScalars.elementsEqual(name.unicodeScalars) == true)
    }

    @Test(
        "sizes and times are read strictly",
        arguments: [
            ("16MiB", Int64(16 << 20) as Int64?, nil as Int64?), ("64KiB", 65_536, nil), ("1500", 1_500, 1_500_000),
            ("250ms", nil, 250), ("15m", nil, 900_000), ("-1", nil, nil), ("1.5s", nil, nil), ("٣s", nil, nil),
            ("", nil, nil),
            ("99999999999999999999", nil, nil), ("1 s", nil, nil), ("1e3", nil, nil), ("2h", nil, 7_200_000),
        ]
    )
    func strictText(text: String, bytes: Int64?, milliseconds: Int64?) {
        #expect(StrictText.bytes(text) == bytes)
        #expect(StrictText.milliseconds(text) == milliseconds)
    }
}

/// A file that exists while `body` runs.
func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
    var template = Array("/tmp/tokenaudit-XXXXXX".utf8CString)
    let descriptor = template.withUnsafeMutableBufferPointer { buffer in buffer.baseAddress.map { mkstemp($0) } ?? -1 }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    let bytes = Array(text.utf8)
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
    return try body(path)
}
