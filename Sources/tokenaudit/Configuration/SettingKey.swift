import Domain
import Gateway

/// One thing that can be set: its name, how its text is read, and how it is shown.
struct SettingKey: Sendable {
    /// Dotted: `upstream.allow_private` is also `TOKENAUDIT_UPSTREAM_ALLOW_PRIVATE`.
    let path: String
    let summary: String
    /// Its value may carry a credential: never shown, and also taken from the file named by `…_FILE`.
    var isSecret = false
    /// Whoever reads it follows a change while the server runs.
    var isLive = false
    /// Nil after a good value; otherwise what it must be.
    let read: @Sendable (String, inout Settings) -> String?
    let show: @Sendable (Settings) -> String

    var environmentName: String {
        "TOKENAUDIT_" + path.uppercased().replacing(".", with: "_")
    }

    var fileEnvironmentName: String { environmentName + "_FILE" }

    /// The same, to be changed while servers run.
    var live: SettingKey {
        var key = self
        key.isLive = true
        return key
    }
}

typealias SettingPath<Value> = any WritableKeyPath<Settings, Value> & Sendable

extension SettingKey {
    static func flag(_ path: String, _ field: SettingPath<Bool>, _ summary: String) -> SettingKey {
        SettingKey(path: path, summary: summary) { text, settings in
            guard let value = StrictText.flag(text) else { return "must be true or false" }
            settings[keyPath: field] = value
            return nil
        } show: {
            String($0[keyPath: field])
        }
    }

    static func count(
        _ path: String,
        _ field: SettingPath<Int>,
        _ range: ClosedRange<Int>,
        _ summary: String
    ) -> SettingKey {
        SettingKey(path: path, summary: summary) { text, settings in
            guard let value = StrictText.integer(text), range.contains(Int(value)) else {
                return "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            }
            settings[keyPath: field] = Int(value)
            return nil
        } show: {
            String($0[keyPath: field])
        }
    }

    /// `none` or a number.
    static func rate(
        _ measure: RateLimit.Measure,
        _ field: SettingPath<RateLimit>,
        _ summary: String
    ) -> SettingKey {
        SettingKey(path: "rate_limits.\(measure.rawValue)", summary: summary) { text, settings in
            if text == "none" {
                settings[keyPath: field][measure] = nil
                return nil
            }
            guard let value = StrictText.integer(text), RateLimit.range.contains(value) else {
                return
                    "must be none or a whole number from \(RateLimit.range.lowerBound) to \(RateLimit.range.upperBound)"
            }
            settings[keyPath: field][measure] = value
            return nil
        } show: {
            $0[keyPath: field][measure].map(String.init) ?? "none"
        }
    }

    /// `none`, or addresses and ranges divided by commas.
    static func ranges(_ path: String, _ field: SettingPath<[AddressRange]>, _ summary: String) -> SettingKey {
        SettingKey(path: path, summary: summary) { text, settings in
            var ranges: [AddressRange] = []
            let parts = text == "none" ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
            for part in parts {
                let part = String(part).trimmed
                guard let range = AddressRange(parsing: part) else {
                    return "must be none, or addresses and ranges such as 10.0.0.0/8; '\(part)' is neither"
                }
                ranges.append(range)
            }
            guard ranges.count <= 1_000 else { return "must be at most 1000 ranges" }
            settings[keyPath: field] = ranges
            return nil
        } show: {
            let ranges = $0[keyPath: field]
            return ranges.isEmpty ? "none" : ranges.map(\.description).joined(separator: ", ")
        }
    }

    static func bytes(
        _ path: String,
        _ field: SettingPath<Int>,
        _ range: ClosedRange<Int>,
        _ summary: String
    ) -> SettingKey {
        SettingKey(path: path, summary: summary) { text, settings in
            guard let value = StrictText.bytes(text), range.contains(Int(value)) else {
                return "must be a size from \(range.lowerBound) to \(range.upperBound) bytes, such as 65536 or 16MiB"
            }
            settings[keyPath: field] = Int(value)
            return nil
        } show: {
            String($0[keyPath: field])
        }
    }

    /// - Parameter range: in seconds.
    static func duration(
        _ path: String,
        _ field: SettingPath<Double>,
        _ range: ClosedRange<Double>,
        _ summary: String
    ) -> SettingKey {
        SettingKey(path: path, summary: summary) { text, settings in
            guard let value = StrictText.milliseconds(text), range.contains(Double(value) / 1_000) else {
                return "must be a time from \(range.lowerBound) to \(range.upperBound) seconds, such as 250ms, 30s, 15m"
            }
            settings[keyPath: field] = Double(value) / 1_000
            return nil
        } show: {
            let milliseconds = Int64($0[keyPath: field] * 1_000)
            return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)s" : "\(milliseconds)ms"
        }
    }

    /// `forever` or a time. - Parameter range: in seconds.
    static func retention(
        _ path: String,
        _ field: SettingPath<Double?>,
        _ range: ClosedRange<Double>,
        _ summary: String
    ) -> SettingKey {
        SettingKey(path: path, summary: summary) { text, settings in
            if text == "forever" {
                settings[keyPath: field] = nil
                return nil
            }
            guard let value = StrictText.milliseconds(text), range.contains(Double(value) / 1_000) else {
                return "must be forever or a time from \(range.lowerBound) to \(range.upperBound) seconds, such as 90d"
            }
            settings[keyPath: field] = Double(value) / 1_000
            return nil
        } show: {
            $0[keyPath: field].map { "\(Int64($0))s" } ?? "forever"
        }
    }

    static func choice<Value: Equatable & Sendable>(
        _ path: String,
        _ field: SettingPath<Value>,
        _ names: [(String, Value)],
        _ summary: String
    ) -> SettingKey {
        SettingKey(path: path, summary: summary) { text, settings in
            guard let value = names.first(where: { $0.0 == text })?.1 else {
                return "must be one of \(names.map(\.0).joined(separator: ", "))"
            }
            settings[keyPath: field] = value
            return nil
        } show: { settings in
            names.first { $0.1 == settings[keyPath: field] }?.0 ?? ""
        }
    }
}
