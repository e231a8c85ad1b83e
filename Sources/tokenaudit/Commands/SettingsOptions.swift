import ArgumentParser
import Logging

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The flags that every command takes its settings from.
struct SettingsOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("YAML file of settings.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where the books are kept, such as sqlite:data/tokenaudit.sqlite.", valueName: "url"))
    var database: String?

    @Option(help: ArgumentHelp("The key that wraps all other keys.", valueName: "file"))
    var masterKeyFile: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Any setting, such as --set limits.concurrent_calls=500; may be repeated.",
            valueName: "name=value"
        )
    )
    var assignments: [String] = []

    /// - Parameter more: flags of the command's own that are settings too.
    /// - Throws: the first thing wrong with what was set.
    func load(more: [String: String?] = [:]) throws -> SettingsLoader.Loaded {
        var flags: [String: String] = [:]
        for assignment in assignments {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw ValidationError("--set takes name=value, such as --set log_level=debug")
            }
            flags[String(assignment[..<equals])] = String(assignment[assignment.index(after: equals)...])
        }
        let own = ["database": database, "master_key_file": masterKeyFile, "log_level": logLevel]
        for (path, value) in own.merging(more, uniquingKeysWith: { first, _ in first }) {
            if let value { flags[path] = value }
        }
        let environment = Self.environment()
        let named = config ?? environment["TOKENAUDIT_CONFIG"]
        let found = access(SettingsLoader.defaultFile, F_OK) == 0 ? SettingsLoader.defaultFile : nil
        return try SettingsLoader(environment: environment, flags: flags, file: named ?? found).load()
    }

    static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }
}

extension SettingsLoader.Loaded {
    /// A logger at the configured level; it tells at once of variables that nobody reads.
    func logger() -> Logger {
        let level = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        var logger = Logger(label: "tokenaudit", factory: { JSONLogHandler(label: $0, level: level) })
        logger.logLevel = level
        for name in unknownVariables {
            logger.warning("environment variable is not a setting", metadata: ["variable": "\(name)"])
        }
        return logger
    }
}
