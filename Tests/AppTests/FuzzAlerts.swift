import Domain
import Foundation
import Fuzzing
import Testing

@testable import Admin

@Suite("Fuzz: where alerts go")
struct FuzzAlerts {
    @Test("whatever a mail server says, it gets no password in the clear, and is done only with a mail it took")
    func mail() async throws {
        let message = MailMessage(
            AlertText(AlertPostTests.record(), in: .english),
            from: "a@example.com",
            to: ["b@example.com"],
            id: "i",
            now: Instant(microseconds: 0)
        )
        let route = MailRoute(
            host: "mail.example",
            port: 587,
            security: .starttls,
            username: "u",
            from: "a@example.com",
            recipients: ["b@example.com"],
            authorities: nil
        )
        try await Fuzzer(
            "smtp",
            seeds: [
                "220 hi\r\n250 STARTTLS\r\n220 go\r\n250 AUTH PLAIN\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n",
                "220-hi\n220 hi\n250-AUTH LOGIN\n250 STARTTLS\n220 x\n250 AUTH LOGIN\n334 a\n334 b\n235 c\n",
            ],
            words: ["220", "250", "354", "334", "235", "535", "-", " ", "\r\n", "AUTH PLAIN", "STARTTLS", "starttls"],
            largestBytes: 1_024
        ) { run in
            var machine = SMTPMachine(message, by: route, password: Credential("canary"), name: "[127.0.0.1]")
            var parser = SMTPReplies()
            guard let replies = try? parser.take(run.input) else { return run.note("malformed") }
            var (isSecure, sentMail) = (false, false)
            for reply in replies {
                var action = machine.receive(reply)
                if action == .startTLS {
                    isSecure = true
                    action = machine.secured()
                }
                run.note("\(action)".prefix(12).description)
                switch action {
                case .send(let text):
                    let isOpen = text.hasPrefix("EHLO") || text.hasPrefix("STARTTLS")
                    try run.expect(isSecure || isOpen, "said in the clear: \(text)")
                    if text.hasPrefix("From:") { sentMail = true }
                case .startTLS: try run.expect(false, "TLS twice")
                case .done:
                    try run.expect(sentMail, "done without a mail")
                    return
                case .fail: return
                }
            }
        }.run()
    }

    @Test("a webhook's URL leads where Foundation reads that it leads, and shows nothing of its path")
    func urls() async throws {
        try await Fuzzer(
            "webhook-urls",
            seeds: [
                "https://oapi.dingtalk.com/robot/send?access_token=0123456789", "http://127.0.0.1:8080/hook/",
                "https://[::1]?x=@y/z", "https://a.example/b?c=d&e=%2F",
            ],
            words: ["@", "?", "#", "/", "//", "\\", "%2f", ":", "[", "]", "..", "http://", "127.0.0.1", "\r\n"],
            largestBytes: 300
        ) { run in
            guard let url = WebhookURL(parsing: run.text) else { return run.note("none") }
            let sent = url.text
            run.note("query \(sent.contains("?"))")
            try run.expect(WebhookURL(parsing: sent) == url, "sent as \(sent)")
            let shown = url.description.dropFirst(url.origin.description.utf8.count)
            try run.expect(shown.count <= 9, "shows \(shown)")
            guard let other = URLComponents(string: sent) else { return }
            let bare = other.host?.lowercased().trimmingCharacters(in: ["[", "]"])
            try run.expect(bare == url.origin.host, "host \(url.origin.host), Foundation reads \(bare ?? "none")")
            try run.expect(other.user == nil && other.fragment == nil, "more than a path and a query")
        }.run()
    }
}
