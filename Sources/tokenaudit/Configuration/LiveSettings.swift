import Domain
import Gateway
import Logging
import Synchronization

/// The settings of a running server: what it was started with, and under that what the database has of those that may
/// change meanwhile. A file, a variable or a flag goes before the database; the default comes last.
final class LiveSettings: SettingsFollower {
    private let loaded: SettingsLoader.Loaded
    private let capture: BodyCapture
    private let logger: Logger
    private let effective: Mutex<Settings>

    init(_ loaded: SettingsLoader.Loaded, capture: BodyCapture, logger: Logger) {
        self.loaded = loaded
        self.capture = capture
        self.logger = logger
        effective = Mutex(loaded.settings)
        pass(on: loaded.settings)
    }

    /// How long bodies are kept, by the setting of now.
    var bodiesKeptSeconds: Int64 { effective.withLock { Int64($0.bodies.retentionSeconds) } }

    /// How long raw usage is kept, by the setting of now; nil: for ever.
    var rawUsageKeptSeconds: Int64? { effective.withLock { $0.rawUsageRetentionSeconds.map { Int64($0) } } }

    func follow(_ stored: StoredSettings) {
        let settings = applied(stored) { name in
            logger.warning("a setting of the database is none of this version's", metadata: ["setting": "\(name)"])
        }.settings
        effective.withLock { $0 = settings }
        pass(on: settings)
    }

    private func pass(on settings: Settings) {
        capture.set(settings.bodies.capture, mostBytes: settings.bodies.maxBytes)
    }

    /// What holds with these in the database.
    func records(_ stored: StoredSettings) -> [SettingRecord] {
        let (settings, names) = applied(stored) { _ in }
        let defaults = Settings()
        return SettingKey.all.map { key in
            let origin = loaded.kinds[key.path] ?? (names.contains(key.path) ? .database : .default)
            return SettingRecord(
                name: key.path,
                value: key.isSecret ? nil : key.show(settings),
                default: key.isSecret ? nil : key.show(defaults),
                origin: origin,
                place: loaded.origins[key.path],
                isSecret: key.isSecret,
                isLive: key.isLive,
                note: key.summary
            )
        }
    }

    /// - Throws: `.pinned`, `.refused`: why the database may not have this value.
    func check(_ name: String, _ text: String?) throws(DeskError) {
        guard let key = SettingKey.live.first(where: { $0.path == name }) else {
            throw .refused(field: name, .unknown)
        }
        if let place = loaded.origins[name] { throw .pinned(field: name, by: place) }
        var settings = Settings()
        if let text, key.read(text, &settings) != nil { throw .refused(field: name, .malformed) }
    }

    private func applied(
        _ stored: StoredSettings,
        unknown: (String) -> Void
    ) -> (settings: Settings, names: Set<String>) {
        var settings = loaded.settings
        var names: Set<String> = []
        for (name, text) in stored.values where loaded.origins[name] == nil {
            guard let key = SettingKey.live.first(where: { $0.path == name }), key.read(text, &settings) == nil else {
                unknown(name)
                continue
            }
            names.insert(name)
        }
        return (settings, names)
    }
}
