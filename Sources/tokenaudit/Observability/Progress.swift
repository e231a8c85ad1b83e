#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Shows how far something long has come, on standard error: on a terminal in place, elsewhere a line every two seconds.
final class Progress {
    private let verb: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastShown = ContinuousClock.now
    private var hasShown = false

    init(verb: String) { self.verb = verb }

    func show(_ done: Int, of total: Int? = nil) {
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(2)
        guard ContinuousClock.now - lastShown >= pause else { return }
        lastShown = .now
        hasShown = true
        let text = "\(verb) \(done)" + (total.map { " of \($0)" } ?? "")
        write(isTerminal ? "\r" + text : text + "\n")
    }

    func end() {
        if hasShown, isTerminal { write("\n") }
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
