import Configuration
import Domain

/// Reads settings from their three layers: a YAML file, under `TOKENAUDIT_*` in the environment, under flags.
struct SettingsLoader {
    /// What was set, and by whom: a file's line, a variable, a flag. Unset keys are absent.
    struct Loaded {
        var settings = Settings()
        var origins: [String: String] = [:]
        /// The layer that each of them is of.
        var kinds: [String: SettingRecord.Origin] = [:]
        /// Variables that look like ours and are none: a typing error, or somebody else's.
        var unknownVariables: [String] = []
    }

    /// The file used if none is named and this one is there.
    static let defaultFile = "tokenaudit.yaml"
    /// Ours, though no settings: the file's own name, and what the build and its tests read.
    private static let otherVariables: Set<String> = [
        "TOKENAUDIT_CONFIG", "TOKENAUDIT_FAILPOINTS", "TOKENAUDIT_FAIL", "TOKENAUDIT_SCRYPT_ROUNDS",
    ]

    let environment: [String: String]
    /// By dotted path: `--listen` and `--set listen=…` are the same.
    let flags: [String: String]
    /// Must exist if it is named.
    let file: String?

    /// - Throws: the first `InputProblem`, naming file and line, variable or flag.
    func load() throws(InputProblem) -> Loaded {
        var lines: [String: Int] = [:]
        var fileValues: [AbsoluteConfigKey: ConfigValue] = [:]
        if let file, let root = try YAMLFile.read(path: file) {
            try flatten(root) { path, text, line in
                fileValues[AbsoluteConfigKey(path.split(separator: ".").map(String.init))] = ConfigValue(
                    .string(text),
                    isSecret: false
                )
                lines[path] = line
            }
        }
        let flagProvider = InMemoryProvider(
            name: "flags",
            values: Dictionary(
                uniqueKeysWithValues: flags.map {
                    (
                        AbsoluteConfigKey($0.key.split(separator: ".").map(String.init)),
                        ConfigValue(.string($0.value), isSecret: false)
                    )
                }
            )
        )
        let variables = EnvironmentVariablesProvider(environmentVariables: environment)
        let fileProvider = InMemoryProvider(name: "file", values: fileValues)

        if let unknown = flags.keys.sorted().first(where: { path in !SettingKey.all.contains { $0.path == path } }) {
            throw InputProblem(
                source: "--set \(unknown)",
                reason: "unknown setting; `tokenaudit config show` lists all"
            )
        }
        var loaded = Loaded()
        loaded.unknownVariables = unknownVariables()
        for setting in SettingKey.all {
            let key = ConfigKey(setting.path.split(separator: ".").map(String.init))
            let fromFlag = ConfigReader(provider: flagProvider).string(forKey: key)
            let fromVariable = ConfigReader(provider: variables).scoped(to: "tokenaudit").string(forKey: key)
            let fromFile = ConfigReader(provider: fileProvider).string(forKey: key)
            let value: (text: String, kind: SettingRecord.Origin, source: String, line: Int?)
            if let fromFlag {
                value = (fromFlag, .flag, "--set \(setting.path)", nil)
            } else if let secretFile = environment[setting.fileEnvironmentName], setting.isSecret {
                guard fromVariable == nil else {
                    throw InputProblem(
                        source: setting.fileEnvironmentName,
                        reason: "set together with \(setting.environmentName); give one of them"
                    )
                }
                value = (try SmallFile.readSecret(path: secretFile), .environment, setting.fileEnvironmentName, nil)
            } else if let fromVariable {
                value = (fromVariable, .environment, setting.environmentName, nil)
            } else if let fromFile {
                value = (fromFile, .file, file ?? "", lines[setting.path])
            } else {
                continue
            }
            if let reason = setting.read(value.text, &loaded.settings) {
                let named = value.line == nil ? reason : "\(setting.path): \(reason)"
                throw InputProblem(source: value.source, line: value.line, reason: named)
            }
            loaded.kinds[setting.path] = value.kind
            loaded.origins[setting.path] = value.line.map { "\(value.source):\($0)" } ?? value.source
        }
        return loaded
    }

    /// Calls `visit` for each leaf; a key that is no setting is an error on its line.
    private func flatten(_ item: YAMLItem, visit: (String, String, Int?) -> Void) throws(InputProblem) {
        for (_, member) in try item.pairs() {
            let path = member.item.path
            if SettingKey.all.contains(where: { $0.path == path }) {
                visit(path, try member.item.text(), member.item.line)
            } else if SettingKey.all.contains(where: { $0.path.hasPrefix(path + ".") }) {
                try flatten(member.item, visit: visit)
            } else {
                throw InputProblem(source: item.source, line: member.keyLine, reason: "unknown setting '\(path)'")
            }
        }
    }

    private func unknownVariables() -> [String] {
        let known = Set(SettingKey.all.map(\.environmentName))
            .union(SettingKey.all.filter(\.isSecret).map(\.fileEnvironmentName))
            .union(Self.otherVariables)
        return environment.keys.filter { $0.hasPrefix("TOKENAUDIT_") && !known.contains($0) }.sorted()
    }
}
