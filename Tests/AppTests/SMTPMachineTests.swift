import Domain
import Foundation
import Testing

@testable import Admin

@Suite("mail") struct SMTPMachineTests {
    private static let message = MailMessage(
        AlertText(AlertPostTests.record(name: "配额\r\nBcc: evil@example.com"), in: .chinese),
        from: "audit@example.com",
        to: ["a@example.com", "b@example.com"],
        id: "tokenaudit-delivery-1",
        now: Instant(microseconds: 1_700_000_000_000_000)
    )

    private static func route(_ security: MailRoute.Security, username: String? = "u") -> MailRoute {
        MailRoute(
            host: "mail.example",
            port: 587,
            security: security,
            username: username,
            from: message.from,
            recipients: message.recipients,
            authorities: nil
        )
    }

    /// What a machine does: commands without their ends, and the text as `…`.
    private static func play(_ route: MailRoute, password: String? = "p", _ replies: String) -> [String] {
        var machine = SMTPMachine(message, by: route, password: password.map(Credential.init(_:)), name: "[127.0.0.1]")
        var parser = SMTPReplies()
        guard let read = try? parser.take(Array(replies.utf8)) else { return ["malformed"] }
        var actions: [String] = []
        for reply in read {
            var action = machine.receive(reply)
            if action == .startTLS {
                actions.append("TLS")
                action = machine.secured()
            }
            switch action {
            case .send(let text): actions.append(text == message.text + ".\r\n" ? "…" : String(text.dropLast()))
            case .startTLS: actions.append("TLS")
            case .done: actions.append("done")
            case .fail(let problem): actions.append(problem.rawValue)
            }
        }
        return actions
    }

    private static let hello = "EHLO [127.0.0.1]"
    private static let plain = "AUTH PLAIN " + Data("\0u\0p".utf8).base64EncodedString()
    private static let sent = [
        "MAIL FROM:<audit@example.com>", "RCPT TO:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", "…", "done",
    ]
    private static let taken = "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n"

    @Test("a mail goes through TLS that was asked for, and nothing of a password before it")
    func starttls() {
        let replies =
            "220 hi\r\n250-mail\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n220 go\r\n250 AUTH LOGIN PLAIN\r\n235 in\r\n"
            + Self.taken
        #expect(
            Self.play(Self.route(.starttls), replies)
                == [Self.hello, "STARTTLS", "TLS", Self.hello, Self.plain] + Self.sent
        )
        // A server, or somebody before it, that has no TLS gets neither password nor mail.
        #expect(
            Self.play(Self.route(.starttls), "220 hi\r\n250 AUTH PLAIN\r\n") == [Self.hello, "insecure"]
        )
        #expect(
            Self.play(Self.route(.starttls), "220 hi\r\n250 STARTTLS\r\n454 no\r\n") == [
                Self.hello, "STARTTLS", "insecure",
            ]
        )
    }

    @Test("signs in as the server offers it")
    func login() {
        #expect(
            Self.play(Self.route(.tls), "220 hi\r\n250 AUTH LOGIN\r\n334 x\r\n334 y\r\n235 in\r\n" + Self.taken)
                == [Self.hello, "AUTH LOGIN", "dQ==", "cA=="] + Self.sent
        )
        #expect(
            Self.play(Self.route(.tls), "220 hi\r\n250 AUTH PLAIN\r\n535 no\r\n") == [
                Self.hello, Self.plain, "not_authorized",
            ]
        )
        #expect(Self.play(Self.route(.tls), "220 hi\r\n250 mail\r\n") == [Self.hello, "not_authorized"])
        #expect(
            Self.play(Self.route(.tls), password: nil, "220 hi\r\n250 AUTH PLAIN\r\n") == [Self.hello, "no_secret"]
        )
        #expect(
            Self.play(Self.route(.tls, username: nil), "220 hi\r\n250 mail\r\n" + Self.taken) == [Self.hello]
                + Self.sent
        )
    }

    @Test("one address that is none keeps nobody else from being told; none at all is a failure")
    func recipients() {
        let start = "220 hi\r\n250 mail\r\n250 ok\r\n"
        #expect(
            Self.play(Self.route(.tls, username: nil), start + "550 who\r\n250 ok\r\n354 go\r\n250 ok\r\n")
                == [Self.hello] + Self.sent
        )
        #expect(Self.play(Self.route(.tls, username: nil), start + "550 who\r\n550 who\r\n").last == "refused")
        #expect(Self.play(Self.route(.tls, username: nil), "421 busy\r\n") == ["refused"])
        #expect(Self.play(Self.route(.tls, username: nil), "HTTP/1.1 400 Bad\r\n") == ["malformed"])
    }

    @Test("replies are the same however they are cut")
    func cuts() throws {
        let bytes = Array("220-one\r\n220 two\r\n250-a\r\n250-b\n250\r\n".utf8)
        var whole = SMTPReplies()
        let expected = try whole.take(bytes)
        #expect(
            expected == [SMTPReply(code: 220, lines: ["one", "two"]), SMTPReply(code: 250, lines: ["a", "b", ""])]
        )
        for cut in 0...bytes.count {
            var replies = SMTPReplies()
            #expect(try replies.take(bytes[..<cut]) + replies.take(bytes[cut...]) == expected)
        }
        var endless = SMTPReplies()
        #expect(throws: SMTPReplies.Malformed.self) { try endless.take([UInt8](repeating: 0x32, count: 20_000)) }
    }

    @Test("a mail is ASCII in short lines, and what is in a name adds no header")
    func text() throws {
        let lines = Self.message.text.components(separatedBy: "\r\n")
        #expect(Self.message.text.utf8.allSatisfy { $0 < 0x80 } && lines.allSatisfy { $0.utf8.count <= 78 })
        #expect(
            lines.allSatisfy { !$0.hasPrefix(".") && !$0.contains("\r") && !$0.contains("\n") && !$0.hasPrefix("Bcc") }
        )
        #expect(
            lines.contains("To: undisclosed-recipients:;") && lines.contains("Date: Tue, 14 Nov 2023 22:13:20 +0000")
        )
        #expect(lines.contains("Message-ID: <tokenaudit-delivery-1@example.com>"))
        let end = try #require(lines.firstIndex(of: ""))
        let body = try #require(Data(base64Encoded: lines[(end + 1)...].joined()))
        #expect(String(decoding: body, as: UTF8.self).contains("已用 80%"))
    }
}
