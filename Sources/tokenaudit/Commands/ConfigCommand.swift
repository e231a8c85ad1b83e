import ArgumentParser

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check or show the settings.",
        subcommands: [Check.self, Show.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read all settings and say what is wrong, with file and line.",
            discussion: "Exit status 0 if `serve` would accept them, 1 otherwise. Nothing is opened or changed."
        )

        @OptionGroup var options: SettingsOptions

        func run() throws {
            let loaded = try options.load()
            _ = loaded.logger()
            print(
                "settings are good; \(loaded.origins.count) of \(SettingKey.all.count) are set, the others have their defaults"
            )
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every setting with its value and where it comes from.",
            discussion: "The output is a settings file. Secrets are never printed, with or without --redacted."
        )

        @OptionGroup var options: SettingsOptions

        @Flag(help: "Also hide the names of files and hosts.")
        var redacted = false

        func run() throws {
            let loaded = try options.load()
            print(SettingsReport(loaded: loaded, hidesPlaces: redacted).text)
        }
    }
}

/// All settings as a YAML file, each with what it is for and who set it.
struct SettingsReport {
    let loaded: SettingsLoader.Loaded
    let hidesPlaces: Bool

    var text: String {
        var lines: [String] = []
        var section = ""
        for setting in SettingKey.all {
            let parts = setting.path.split(separator: ".", maxSplits: 1).map(String.init)
            let name = parts.count == 2 ? parts[1] : parts[0]
            if parts.count == 2, parts[0] != section { lines.append("\(parts[0]):") }
            section = parts.count == 2 ? parts[0] : ""
            let indent = parts.count == 2 ? "  " : ""
            let isPlace = ["listen", "database", "master_key_file"].contains(setting.path)
            let value = hidesPlaces && isPlace ? "••••" : setting.show(loaded.settings)
            let origin = loaded.origins[setting.path] ?? "default"
            lines.append("\(indent)\(name): \(quoted(value))  # \(setting.summary) (\(origin))")
        }
        return lines.joined(separator: "\n")
    }

    /// Bare where it is one plain word, which also is what YAML takes for no null and no list.
    private func quoted(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        if isPlain, value.utf8.first.map({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }) == true,
            value != "null"
        {
            return value
        }
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\", "\"": text += "\\\(scalar)"
            case "\u{20}"..."\u{7E}", "\u{A1}"..."\u{2027}", "\u{202A}"..."\u{FEFE}", "\u{FF00}"..."\u{FFFD}",
                "\u{10000}"...:
                text.unicodeScalars.append(scalar)
            // YAML folds or refuses line ends and other characters that cannot be seen.
            default: text += "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst()
            }
        }
        return "\"\(text)\""
    }
}
