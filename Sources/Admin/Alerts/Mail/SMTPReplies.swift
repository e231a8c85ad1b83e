/// A reply: its code, and what its lines say after that.
struct SMTPReply: Hashable {
    let code: Int
    let lines: [String]
}

/// Makes replies of the bytes that come, however they are cut.
struct SMTPReplies {
    /// RFC 5321 §4.5.3.1.5 has lines of 512 bytes; some servers say more.
    private static let mostBytes = 16_384

    struct Malformed: Error {}

    private var bytes: [UInt8] = []
    private var lines: [String] = []

    /// - Throws: ``Malformed`` for what is no SMTP, or too much of it.
    mutating func take(_ part: some Sequence<UInt8>) throws(Malformed) -> [SMTPReply] {
        bytes += part
        var replies: [SMTPReply] = []
        while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            var line = bytes[..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            let text = String(decoding: line, as: UTF8.self)
            bytes.removeSubrange(...end)
            let code = text.prefix(3)
            guard code.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), code.utf8.count == 3,
                let number = Int(code), ["", " ", "-"].contains(text.dropFirst(3).prefix(1))
            else { throw Malformed() }
            lines.append(String(text.dropFirst(4)))
            if text.dropFirst(3).first != "-" {
                replies.append(SMTPReply(code: number, lines: lines))
                lines = []
            }
        }
        let waiting = bytes.count + lines.reduce(0) { $0 + $1.utf8.count }
        guard waiting <= Self.mostBytes else { throw Malformed() }
        return replies
    }
}
