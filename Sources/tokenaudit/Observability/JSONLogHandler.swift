import Logging

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One JSON object a line on standard error, written by a single `write`, so that lines never mix.
struct JSONLogHandler: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String

    init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = JSONText()
        line.open()
        line.member("time", Timestamp.now())
        line.member("level", event.level.rawValue)
        line.member("logger", label)
        line.member("message", event.message.description)
        var values = metadata
        if let provided = metadataProvider?.get() { values.merge(provided) { _, new in new } }
        if let own = event.metadata { values.merge(own) { _, new in new } }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { append(key, value, to: &line) }
        if let error = event.error { line.member("error", "\(error)") }
        line.close()
        line.text.append(UInt8(ascii: "\n"))
        line.text.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func append(_ key: String, _ value: Logger.Metadata.Value, to line: inout JSONText) {
        // The names of the line itself come first and stay unique.
        let name = ["time", "level", "logger", "message", "error"].contains(key) ? key + "_" : key
        line.member(name, value.description)
    }
}

/// Writes one flat JSON object; every value is text, any byte of it safe.
struct JSONText {
    var text: [UInt8] = []
    private var isFirst = true

    mutating func open() { text.append(UInt8(ascii: "{")) }
    mutating func close() { text.append(UInt8(ascii: "}")) }

    mutating func member(_ name: String, _ value: String) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        string(name)
        text.append(UInt8(ascii: ":"))
        string(value)
    }

    mutating func string(_ value: String) {
        let digits = Array("0123456789abcdef".utf8)
        text.append(UInt8(ascii: "\""))
        // Cut between scalars: one character may take in any number of combining marks.
        let shown = value.utf8.count <= 4_096 ? value : String(value.unicodeScalars.prefix(1_000)) + "…"
        for byte in shown.utf8 {
            switch byte {
            case UInt8(ascii: "\""): text += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): text += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case 0..<0x20: text += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}

/// Instants as people and programs read them.
enum Timestamp {
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return text(seconds: Int64(time.tv_sec), microseconds: Int64(time.tv_nsec) / 1_000)
    }

    /// ISO 8601 in UTC: `2026-07-24T09:30:00.123456Z`.
    static func text(seconds: Int64, microseconds: Int64) -> String {
        var clock = time_t(seconds)
        var parts = tm()
        gmtime_r(&clock, &parts)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = [Int64(parts.tm_year) + 1_900, Int64(parts.tm_mon) + 1, Int64(parts.tm_mday)]
        let time = [Int64(parts.tm_hour), Int64(parts.tm_min), Int64(parts.tm_sec)]
        return "\(padded(date[0], 4))-\(padded(date[1], 2))-\(padded(date[2], 2))T"
            + time.map { padded($0, 2) }.joined(separator: ":") + ".\(padded(microseconds, 6))Z"
    }
}
