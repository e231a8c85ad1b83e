#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Asks for a secret on the terminal, which does not show what is typed.
struct PasswordPrompt {
    private static let interrupt: UInt8 = 3

    /// Asks twice. - Throws: `InputProblem` where there is no terminal, the two differ, or Ctrl-C is typed.
    static func askTwice(_ what: String) throws(InputProblem) -> String {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw InputProblem(source: "terminal", reason: "there is none to ask on; use --password-file")
        }
        defer { close(terminal) }
        let first = try ask("\(what): ", on: terminal)
        guard try ask("\(what) again: ", on: terminal) == first else {
            throw InputProblem(source: "terminal", reason: "the two were not the same; nothing was changed")
        }
        return first
    }

    private static func ask(_ prompt: String, on terminal: Int32) throws(InputProblem) -> String {
        var shown = termios()
        guard tcgetattr(terminal, &shown) == 0 else { throw problem() }
        var hidden = shown
        // Without ISIG Ctrl-C is a byte like others, which ends the line: the terminal never stays without its echo.
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
        withUnsafeMutableBytes(of: &hidden.c_cc) { $0[Int(VEOL)] = interrupt }
        guard tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 else { throw problem() }
        defer {
            tcsetattr(terminal, TCSAFLUSH, &shown)
            say("\n", on: terminal)
        }
        say(prompt, on: terminal)
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(terminal, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem() }
            if count == 0 || byte == UInt8(ascii: "\n") { break }
            if byte == interrupt { throw InputProblem(source: "terminal", reason: "interrupted; nothing was changed") }
            line.append(byte)
        }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw InputProblem(source: "terminal", reason: "not valid text")
        }
        return text
    }

    private static func say(_ text: String, on terminal: Int32) {
        let bytes = Array(text.utf8)
        _ = write(terminal, bytes, bytes.count)
    }

    private static func problem() -> InputProblem {
        InputProblem(source: "terminal", reason: String(cString: strerror(errno)))
    }
}
