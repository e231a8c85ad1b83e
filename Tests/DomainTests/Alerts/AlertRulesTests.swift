import Domain
import Testing

@Suite("unusual spending, failing providers, retries") struct AlertRulesTests {
    private static func dollars(_ amount: Int64) -> Money { Money(picoDollars: amount * Money.picosPerDollar) }

    @Test(
        "an hour is unusual against the second dearest before it, from a floor on, and with enough past",
        arguments: [
            // hour, past, is unusual
            (31, Array(repeating: 10, count: 12), true),
            (30, Array(repeating: 10, count: 12), false),
            (31, Array(repeating: 10, count: 11) + [0, 0, 0], false),
            // One dear hour does not make the next one usual; two do.
            (31, Array(repeating: 10, count: 12) + [500], true),
            (31, Array(repeating: 10, count: 12) + [500, 500], false),
            // Small sums never alarm.
            (9, Array(repeating: 0, count: 3) + Array(repeating: 1, count: 20), false),
            (10, Array(repeating: 1, count: 20), true),
        ] as [(Int64, [Int64], Bool)]
    )
    func unusual(hour: Int64, past: [Int64], isUnusual: Bool) {
        let alert = UnusualSpend.alert(
            of: UserID(4),
            hour: Self.dollars(hour),
            past: past.map(Self.dollars),
            rules: AlertRules(),
            day: 9
        )
        #expect((alert != nil) == isUnusual)
        if let alert { #expect(alert.subject == 4 && alert.period == 9 && alert.amount == Self.dollars(hour)) }
    }

    @Test("a provider fails once until it has recovered, and what is long ago counts no more")
    func provider() {
        var health = ProviderHealth()
        var now = Instant(microseconds: 1_000_000_000)
        func alert(incident: Int64, isFailing: Bool) -> Alert? {
            health.alert(
                of: ProviderID(2),
                name: "p",
                incident: incident,
                isFailing: isFailing,
                since: nil,
                rules: AlertRules(),
                now: now
            )
        }
        health.count(calls: 19, failures: 19, now: now)
        #expect(alert(incident: 0, isFailing: false) == nil, "too few to tell")
        health.count(calls: 1, failures: 1, now: now)
        let first = alert(incident: 0, isFailing: false)
        #expect(first?.kind == .providerFailing && first?.period == 1 && first?.failures == 20)
        #expect(alert(incident: 1, isFailing: true) == nil, "still failing")
        health.count(calls: 30, failures: 0, now: now)
        #expect(alert(incident: 1, isFailing: true) == nil, "a share between the limits changes nothing")
        health.count(calls: 100, failures: 0, now: now)
        let well = alert(incident: 1, isFailing: true)
        #expect(well?.kind == .providerRecovered && well?.period == 1)
        now = Instant(microseconds: now.microseconds + ProviderHealth.windowMicroseconds)
        health.count(calls: 0, failures: 0, now: now)
        #expect(health.calls == 0 && alert(incident: 1, isFailing: true) == nil, "no calls tell nothing")
    }

    @Test("a delivery is tried again ever later, by chance, for a day")
    func retry() {
        var now = Instant(microseconds: 0)
        var attempts: Int64 = 0
        var pauses: [Int64] = []
        while true {
            attempts += 1
            let next = DeliveryRetry.next(
                attempts: attempts,
                createdAt: Instant(microseconds: 0),
                now: now,
                random: 0
            )
            guard let next else { break }
            pauses.append((next.microseconds - now.microseconds) / 1_000_000)
            now = next
        }
        #expect(pauses.prefix(4) == [2, 4, 8, 16] && pauses.last == 3_600 && pauses.count < 40)
        #expect(now.microseconds <= DeliveryRetry.givesUpMicroseconds)
        for random in [1, 7_777_777, UInt64.max] {
            let next = DeliveryRetry.next(
                attempts: .max,
                createdAt: Instant(microseconds: 0),
                now: Instant(microseconds: 0),
                random: random
            )
            #expect((1_800_000_000...3_600_000_000).contains(next?.microseconds ?? 0))
        }
    }

    @Test(
        "a webhook's URL has whatever path and query, and shows neither",
        arguments: [
            ("https://open.feishu.cn/open-apis/bot/v2/hook/abcdefgh-1234", "https://open.feishu.cn/••••1234"),
            (
                "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789wxyz",
                "https://qyapi.weixin.qq.com/••••wxyz"
            ),
            ("http://receiver.example:8080", "http://receiver.example:8080/••••"),
            ("https://receiver.example/hook/", "https://receiver.example/••••"),
            ("https://user@receiver.example/", nil), ("https://receiver.example/#part", nil), ("ftp://x/", nil),
            ("https://receiver.example/a b", nil), ("https:///x", nil), ("https://receiver.example/\r\nX: y", nil),
        ] as [(String, String?)]
    )
    func urls(text: String, shown: String?) {
        let url = WebhookURL(parsing: text)
        #expect(url?.description == shown)
        if let url { #expect(url.text == text || url.text == text + "/") }
    }
}
