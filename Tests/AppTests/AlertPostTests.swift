import Domain
import Foundation
import Testing

@testable import Admin

@Suite("alerts as they are posted") struct AlertPostTests {
    private static let now = Instant(microseconds: 1_700_000_000_123_456)
    private static let secret = "whsec_" + Data((0..<24).map { UInt8($0) }).base64EncodedString()

    static func record(name: String = "default") -> AlertRecord {
        var alert = Alert(kind: .quotaThreshold, severity: .warning, subject: 7, period: 1)
        alert.threshold = 80
        alert.userID = UserID(4)
        alert.name = name
        alert.amount = Money(picoDollars: 80 * Money.picosPerDollar)
        alert.total = Money(picoDollars: 100 * Money.picosPerDollar)
        return AlertRecord(
            id: AlertID(9),
            alert: alert,
            userEmail: "dev@example.com",
            raisedAt: now,
            acknowledgement: nil
        )
    }

    private static func target(
        _ kind: AlertChannelKind,
        secret: String? = nil,
        url: String = "https://x.example/hook?key=1",
        language: AlertLanguage = .english
    ) -> AlertTarget {
        AlertTarget(
            channel: AlertChannelRecord(
                id: AlertChannelID(1),
                name: "c",
                kind: kind,
                url: nil,
                mail: nil,
                secret: .none,
                audience: .operators,
                kinds: nil,
                leastSeverity: .info,
                language: language,
                isActive: true,
                createdAt: now,
                updatedAt: now
            ),
            url: WebhookURL(parsing: url),
            secret: secret.map(Credential.init(_:))
        )
    }

    @Test(
        "each kind gets its own form",
        arguments: [
            (
                AlertChannelKind.feishu, nil,
                #"{"content":{"text":"80% used: quota default of dev@example.com.\nUsed $80.00 of $100.00."},"msg_type":"text"}"#
            ),
            (
                .dingtalk, nil,
                #"{"markdown":{"text":"**80% used: quota default of dev@example.com.**\n\nUsed $80.00 of $100.00.","title":"80% used: quota default of dev@example.com."},"msgtype":"markdown"}"#
            ),
            (
                .wecom, nil,
                #"{"markdown":{"content":"**80% used: quota default of dev@example.com.**\n\nUsed $80.00 of $100.00."},"msgtype":"markdown"}"#
            ),
            (.slack, nil, #"{"text":"80% used: quota default of dev@example.com.\nUsed $80.00 of $100.00."}"#),
        ] as [(AlertChannelKind, String?, String)]
    )
    func forms(kind: AlertChannelKind, secret: String?, body: String) throws {
        let post = try AlertPost(Self.record(), to: Self.target(kind, secret: secret), id: "i", now: Self.now)
        let made = try JSONReader.read(Array(post.body.utf8))
        let meant = try JSONReader.read(Array(body.utf8))
        #expect(made == meant && post.url == "https://x.example/hook?key=1", "\(post.body)")
    }

    @Test("names that are markup, mentions or lines of JSON stay names")
    func names() throws {
        let name = "<!channel> [x](http://evil) \"},{\n"
        func text(_ kind: AlertChannelKind, _ path: String...) throws -> String {
            let post = try AlertPost(Self.record(name: name), to: Self.target(kind), id: "i", now: Self.now)
            var item = try JSONReader.read(Array(post.body.utf8))
            for name in path {
                guard case .object(let members) = item, let member = members[name] else { return "" }
                item = member
            }
            guard case .string(let text) = item else { return "" }
            return text
        }
        #expect(try text(.feishu, "content", "text").contains(name))
        #expect(try text(.slack, "text").contains("&lt;!channel&gt; [x](http://evil) \"},{\n"))
        for markdown in [try text(.dingtalk, "markdown", "text"), try text(.wecom, "markdown", "content")] {
            #expect(markdown.contains(#"\<\!channel\> \[x\]\(http://evil\)"#))
        }
    }

    @Test("every kind is told in Chinese too", arguments: AlertKind.allCases)
    func chinese(kind: AlertKind) {
        let record = AlertRecord(
            id: AlertID(1),
            alert: Alert(kind: kind, severity: .info, subject: 1, period: 1),
            userEmail: nil,
            raisedAt: Self.now,
            acknowledgement: nil
        )
        let (english, chinese) = (AlertText(record, in: .english), AlertText(record, in: .chinese))
        #expect(english.plain.utf8.allSatisfy { $0 < 0x80 })
        for line in [chinese.title] + chinese.lines {
            #expect(line.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }, "\(line)")
        }
    }

    @Test("a webhook without its secret is never sent")
    func unsigned() {
        #expect(throws: DeliveryProblem.noSecret) {
            try AlertPost(Self.record(), to: Self.target(.webhook), id: "i", now: Self.now)
        }
    }

    @Test("Standard Webhooks' own example of a signature")
    func standard() throws {
        // From the specification's reference libraries.
        let signing = try #require(WebhookSigning(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = signing.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            seconds: 1_614_265_330,
            body: #"{"test": 2432232314}"#
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(
        "answers say whether an alert was taken",
        arguments: [
            (200, "ok", AlertChannelKind.webhook, nil), (204, "", .webhook, nil), (302, "", .webhook, .redirected),
            (401, "", .webhook, .notAuthorized), (500, "", .slack, .refused), (200, "ok", .slack, nil),
            (200, #"{"code":0,"msg":"success"}"#, .feishu, nil), (200, #"{"StatusCode":0,"code":0}"#, .feishu, nil),
            (200, #"{"code":19021,"msg":"sign match fail"}"#, .feishu, .refused), (200, "{}", .feishu, .refused),
            (200, #"{"errcode":0,"errmsg":"ok"}"#, .dingtalk, nil), (200, #"{"errcode":310000}"#, .dingtalk, .refused),
            (200, "<html>", .wecom, .refused),
        ] as [(Int, String, AlertChannelKind, DeliveryProblem?)]
    )
    func answers(status: Int, body: String, kind: AlertChannelKind, problem: DeliveryProblem?) {
        #expect(AlertPost.problem(status: status, body: Array(body.utf8), of: kind) == problem)
    }
}
