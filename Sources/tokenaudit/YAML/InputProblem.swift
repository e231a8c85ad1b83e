/// What is wrong with something an operator wrote: where, and why. Safe to show: it never quotes a value that may be
/// a secret.
struct InputProblem: Error, Hashable, CustomStringConvertible {
    /// A file's path, an environment variable or a flag.
    let source: String
    let line: Int?
    let reason: String

    init(source: String, line: Int? = nil, reason: String) {
        self.source = source
        self.line = line
        self.reason = reason
    }

    var description: String { line.map { "\(source):\($0): \(reason)" } ?? "\(source): \(reason)" }
}
