import Domain
import Fuzzing
import Storage
import Testing

@testable import tokenaudit

@Suite("Fuzz: what operators write")
struct FuzzConfiguration {
    @Test("an apply file is refused with its place, or every name, price and amount in it is within bounds")
    func applyFiles() async throws {
        try await Fuzzer(
            "apply-files",
            seeds: [
                ApplyFileTests.example,
                "users:\n- email: a@b\n  api_key: sk-audit-0123456789abcdefghijABCDEFGHIJ01\n  quotas:\n  - {model_group: g, total_quota: 0.5}",
                "models:\n- {name: m, input_price_per_1k: 0, output_price_per_1k: \"1\", price_per_call: 0.01}",
                "providers: &a\n- &b {name: x}\n- {<<: *b, name: y}\n", "{}", "---\nmodels: null\n...\n---\na: 1",
            ],
            words: [
                "name: ", "email: ", "- ", "\n  ", ": ", "{", "}", "[", "]", "&a ", "*a", "<<: ", "!!binary ", "!!int ",
                "|\n  ", ">-",
                "\"", "'", "~", "null", "#", "---\n", "models:\n", "users:\n", "providers:\n", "model_groups:\n",
                "quotas:\n", "? ",
                "total_quota: ", "-1", "-0.5", "0.001", "expires_at: 2027-01-01T00:00:00Z", "price_multiplier: ",
                "context_length: ",
                "is_active: yes",
                "base_url: ", "input_price_per_1k: ", "output_price_per_1k: ", "cost_input_price_per_1k: ",
                "allow_high_price: true",
                "\u{FEFF}", "\t", "{env: KEY}", "{file: /nowhere}", "[[[[[[[[[[[[[[[[", "{a: {a: {a: {a: ",
            ],
            largestBytes: 4_096
        ) { run in
            let state: DesiredState
            do throws(InputProblem) {
                guard let root = try YAMLFile.parse(run.text, source: "a.yaml") else { return run.note("empty") }
                state = try ApplyFile(environment: ["KEY": "value", "LOCAL_KEY": "k", "DEV_PASSWORD": "long enough"])
                    .state(root)
            } catch {
                run.note(String(error.reason.drop { $0 != ":" }.prefix(24)))
                try run.expect(error.source == "a.yaml" || error.source.hasPrefix("/"), "source \(error.source)")
                try run.expect((error.line ?? 1) >= 0 && error.description.utf8.count < 16_384, "\(error.line ?? 0)")
                return
            }
            run.note("\(state.providers.count) \(state.models.count) \(state.groups.count) \(state.users.count)")
            let names = state.providers.map(\.name) + state.models.map(\.name) + state.groups.map(\.name)
            for name in names + state.users.map(\.email) {
                try run.expect((1...800).contains(name.utf8.count) && !name.utf8.contains { $0 < 0x20 }, "name \(name)")
            }
            for rates in state.models.compactMap(\.rates) + state.models.compactMap(\.costRates) {
                for tokenClass in TokenClass.allCases { try run.expect((rates[tokenClass] ?? 0) >= 0, "\(tokenClass)") }
                try run.expect(rates[.input] != nil && rates[.output] != nil && rates.feePerCall >= .zero, "\(rates)")
            }
            for quota in state.users.flatMap(\.quotas) { try run.expect((quota.total ?? .zero) >= .zero, "\(quota)") }
        }.run()
    }

    @Test("each setting reads its text or says what it must be; what it read is shown so that it reads the same")
    func settings() async throws {
        try await Fuzzer(
            "settings",
            seeds: [
                "127.0.0.1:8080", "[::1]:0", "16MiB", "250ms", "15m", "true", "auto", "sqlite:/tmp/x",
                "sqlite:a: b # c\n\u{2028}\u{85}\"\\", "null", "NULL", "-", "...", "~", "[a]", "900",
                "implicit", "debug",
            ],
            words: [
                "KiB", "GiB", "ms", "s", "d", ":", "[", "]", "sqlite:", "postgres://", "on", "no", "never",
                "charge_input", "１",
            ],
            largestBytes: 64
        ) { run in
            let text = run.text
            for setting in SettingKey.all {
                var settings = Settings()
                if let reason = setting.read(text, &settings) {
                    try run.expect(
                        reason.hasPrefix("must ") || reason.hasPrefix("this build"),
                        "\(setting.path) \(reason)"
                    )
                    continue
                }
                run.note(setting.path)
                let shown = setting.show(settings)
                if run.random.oneIn(4) { try Self.checkReport(setting, settings, run) }
                var again = Settings()
                try run.expect(setting.read(shown, &again) == nil, "\(setting.path) is shown as \(shown)")
                try run.expect(
                    setting.show(again) == shown,
                    "\(setting.path) is shown as \(shown), then \(setting.show(again))"
                )
            }
            if let number = StrictText.integer(text) { try run.expect(number >= 0, "\(number)") }
            if let bytes = StrictText.bytes(text) { try run.expect(bytes >= 0, "\(bytes)") }
            if let milliseconds = StrictText.milliseconds(text) { try run.expect(milliseconds >= 0, "\(milliseconds)") }
        }.run()
    }

    /// What `config show` prints is a file that says the same.
    private static func checkReport(_ setting: SettingKey, _ settings: Settings, _ run: FuzzRun) throws {
        // Flags and variables hold no NUL; Yams leaves out a byte order mark that begins a text.
        guard !run.input.contains(0), !run.text.unicodeScalars.contains("\u{FEFF}") else { return }
        let loaded = SettingsLoader.Loaded(settings: settings)
        let report = SettingsReport(loaded: loaded, hidesPlaces: false).text
        guard let root = try YAMLFile.parse(report, source: "shown") else {
            throw FuzzFailure(property: "nothing shown")
        }
        var item: YAMLItem? = root
        for part in setting.path.split(separator: ".") { item = try item?.pairs().first { $0.0 == part }?.1.item }
        let shown = setting.show(loaded.settings)
        let again = try item?.text() ?? ""
        try run.expect(again.utf8.elementsEqual(shown.utf8), "\(setting.path) is reported as \(again.debugDescription)")
    }
}
