import Domain
import Foundation

/// A mail as it goes over the wire (RFC 5322): ASCII throughout, whatever its text says.
struct MailMessage: Hashable {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// Bytes of an encoded word's text (RFC 2047 §2: 75 characters in all).
    private static let wordBytes = 42

    let from: String
    let recipients: [String]
    /// Headers and body, every line ended; none begins with a point.
    let text: String

    /// - Parameter id: the same at each attempt, so that who gets it twice can tell.
    init(_ text: AlertText, from: String, to recipients: [String], id: String, now: Instant) {
        self.from = from
        self.recipients = recipients
        let domain = from.split(separator: "@").last ?? "tokenaudit"
        let body = Data(text.plain.utf8).base64EncodedString(options: [
            .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
        ])
        self.text = [
            "From: \(from)",
            // Each recipient sees the own address alone where there is one, and no list of others.
            "To: \(recipients.count == 1 ? recipients[0] : "undisclosed-recipients:;")",
            "Subject: \(Self.encoded(text.title))",
            "Date: \(Self.date(now))",
            "Message-ID: <\(id)@\(domain)>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "Auto-Submitted: auto-generated",
            "",
            body,
            "",
        ].joined(separator: "\r\n")
    }

    /// As encoded words, folded.
    private static func encoded(_ text: String) -> String {
        var words: [String] = []
        var word = ""
        for scalar in text.unicodeScalars {
            if word.utf8.count + UTF8.width(scalar) > wordBytes {
                words.append(word)
                word = ""
            }
            word.unicodeScalars.append(scalar)
        }
        words.append(word)
        return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    private static func date(_ now: Instant) -> String {
        let (day, microseconds) = now.microseconds.flooredDivision(by: 86_400_000_000)
        let date = CivilDate(daysSince1970: day)
        let seconds = microseconds / 1_000_000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(days[Int(date.weekday)]), \(two(date.day)) \(months[Int(date.month) - 1]) \(date.year) "
            + "\(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) +0000"
    }
}
