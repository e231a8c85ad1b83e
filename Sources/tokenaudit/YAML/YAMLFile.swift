import Yams

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One document of YAML that knows its lines.
enum YAMLFile {
    /// Larger than any configuration; nothing bigger is read.
    static let largestBytes = 8 * 1024 * 1024

    /// - Throws: `InputProblem` if the file cannot be read or is not one document of valid YAML.
    static func read(path: String) throws(InputProblem) -> YAMLItem? {
        let bytes = try SmallFile.read(path: path, limitBytes: largestBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputProblem(source: path, reason: "not valid UTF-8")
        }
        return try parse(text, source: path)
    }

    /// - Returns: nil for an empty document.
    static func parse(_ text: String, source: String) throws(InputProblem) -> YAMLItem? {
        guard !text.utf8.contains(0) else { throw InputProblem(source: source, reason: "contains a zero byte") }
        do {
            guard let root = try compose(yaml: text) else { return nil }
            return YAMLItem(node: root, source: source, path: "")
        } catch let error as YamlError {
            throw problem(from: error, source: source)
        } catch {
            throw InputProblem(source: source, reason: "not valid YAML")
        }
    }

    /// The library's own descriptions quote the lines around, which may hold secrets.
    private static func problem(from error: YamlError, source: String) -> InputProblem {
        switch error {
        case .scanner(_, let reason, let mark, _), .parser(_, let reason, let mark, _),
            .composer(_, let reason, let mark, _):
            InputProblem(source: source, line: mark.line, reason: "not valid YAML: \(reason)")
        case .duplicatedKeysInMapping(let keys, let context):
            InputProblem(
                source: source,
                line: context.mark.line,
                reason: "given twice: \(keys.sorted().joined(separator: ", "))"
            )
        default:
            InputProblem(source: source, reason: "not valid YAML")
        }
    }
}

/// Files that an operator points at: settings, lists, secrets.
enum SmallFile {
    static func read(path: String, limitBytes: Int) throws(InputProblem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputProblem(source: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw InputProblem(source: path, reason: String(cString: strerror(errno))) }
            if count == 0 { return contents }
            contents += buffer[..<count]
            guard contents.count <= limitBytes else {
                throw InputProblem(source: path, reason: "larger than \(limitBytes) bytes")
            }
        }
    }

    /// A secret's file: text, with one line end at its end left off.
    static func readSecret(path: String) throws(InputProblem) -> String {
        var bytes = try read(path: path, limitBytes: 64 * 1024)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw InputProblem(source: path, reason: "not valid text")
        }
        return text
    }
}
