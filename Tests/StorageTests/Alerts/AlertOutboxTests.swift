import Domain
import Testing

@testable import Storage

@Suite("deliveries of alerts", .everyEngine, .namesEngine) struct AlertOutboxTests {
    private static func alert(_ period: Int64, user: Int64? = nil) -> Alert {
        var alert = Alert(kind: .quotaThreshold, severity: .warning, subject: 1, period: period)
        alert.userID = user.map { UserID($0) }
        return alert
    }

    private static func raise(_ alerts: [Alert], on stage: AlertStage) async throws {
        try await stage.stage.desk.write { try AlertRaising($0).raise(alerts) }
    }

    @Test("is claimed by one of many, tried again later, and given up after a day")
    func retries() async throws {
        let stage = try AlertStage()
        let channel = try await stage.webhook()
        try await Self.raise([Self.alert(1)], on: stage)
        #expect(try await stage.outbox.dueChannels() == [channel.id])
        let claims = try await withThrowingTaskGroup(of: AlertDelivery?.self) { group in
            for _ in 0..<8 { group.addTask { try await stage.outbox.claim(channel.id) } }
            return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
        }
        #expect(claims.count == 1 && claims[0].target.secret?.secret == "whsec_canary-hook-secret")
        let id = claims[0].id
        #expect(try await stage.outbox.dueChannels() == [])
        var attempts = 1
        while true {
            try await stage.outbox.finish(id, problem: .timedOut, random: 0)
            let detail = try #require(try await stage.desk.alert(claims[0].alert.id)).deliveries[0]
            #expect(detail.problem == .timedOut && detail.attempts == attempts)
            guard let next = detail.nextAttemptAt else {
                #expect(detail.state == .failed && detail.finishedAt != nil)
                break
            }
            stage.stage.clock.advance(
                seconds: (next.microseconds - stage.stage.clock.now().microseconds) / 1_000_000 + 1
            )
            let again = try await stage.outbox.claim(channel.id)
            #expect(again?.id == id)
            attempts += 1
        }
        #expect(attempts > 20 && attempts < 50)
        stage.stage.clock.advance(seconds: 30 * 86_400)
        #expect(try await stage.outbox.claim(channel.id) == nil)
        // Kept for a while, then not.
        try await stage.outbox.prune()
        #expect(try stage.deliveries() == 1)
        stage.stage.clock.advance(seconds: 90 * 86_400)
        try await stage.outbox.prune()
        #expect(try stage.deliveries() == 0)
    }

    @Test("what a dead process had claimed is due again at the next start, and after its claim in any case")
    func dead() async throws {
        let stage = try AlertStage()
        let channel = try await stage.webhook()
        try await Self.raise([Self.alert(1)], on: stage)
        let first = try await stage.outbox.claim(channel.id)
        #expect(try await stage.outbox.claim(channel.id) == nil)
        try await stage.outbox.releaseClaims()
        #expect(try await stage.outbox.claim(channel.id)?.id == first?.id)
        stage.stage.clock.advance(seconds: 61)
        #expect(try await stage.outbox.claim(channel.id)?.id == first?.id)
        // Late news of an attempt that somebody else has brought to its end changes nothing.
        let id = try #require(first?.id)
        try await stage.outbox.finish(id, problem: nil, random: 0)
        try await stage.outbox.finish(id, problem: .refused, random: 0)
        let detail = try #require(try await stage.desk.alert(AlertID(1))).deliveries[0]
        #expect(detail.state == .delivered && detail.problem == nil)
    }

    @Test("a storm of alerts is one channel's sixty an hour and one that says so; the history has all")
    func storm() async throws {
        let stage = try AlertStage()
        try await stage.webhook("one")
        try await stage.webhook("two") { $0.kinds = .some([.quarantine]) }
        for start in stride(from: Int64(0), to: 200, by: 20) {
            try await Self.raise((start..<start + 20).map { Self.alert($0) }, on: stage)
        }
        #expect(try stage.number("SELECT COUNT(*) FROM alert_deliveries WHERE channel_id = 1") == 61)
        #expect(try stage.number("SELECT COUNT(*) FROM alert_deliveries WHERE channel_id = 2") == 0)
        #expect(try stage.number("SELECT COUNT(*) FROM alerts WHERE kind = 'alerts_held_back'") == 1)
        #expect(try stage.number("SELECT COUNT(*) FROM alerts WHERE kind = 'quota_threshold'") == 200)
        stage.stage.clock.advance(seconds: 3_601)
        try await Self.raise([Self.alert(1_000)], on: stage)
        #expect(try stage.deliveries() == 62)
    }

    @Test("owners get mail about their own quotas, unless they want none")
    func owners() async throws {
        let stage = try AlertStage()
        let channel = try await stage.mail("owners", audience: .owners)
        try await Self.raise([Self.alert(1, user: 1), Self.alert(2)], on: stage)
        #expect(try stage.deliveries() == 1)
        let delivery = try #require(try await stage.outbox.claim(channel.id))
        #expect(delivery.recipient == "a@example.com" && delivery.alert.alert.period == 1)
        try await stage.outbox.finish(delivery.id, problem: nil, random: 0)
        let owner = Actor.user(UserID(1), .user)
        // What was raised while mail was wanted is not sent any more once it is not.
        try await Self.raise([Self.alert(3, user: 1)], on: stage)
        _ = try await stage.desk.setPreferences(byMail: false, of: UserID(1), if: .none, by: owner)
        #expect(try await stage.outbox.claim(channel.id) == nil)
        try await Self.raise([Self.alert(4, user: 1)], on: stage)
        #expect(try stage.deliveries() == 2)
        #expect(try stage.number("SELECT COUNT(*) FROM alert_deliveries WHERE problem = 'no_recipient'") == 1)
        _ = try await stage.desk.setPreferences(byMail: true, of: UserID(1), if: .none, by: owner)
        try await Self.raise([Self.alert(5, user: 1)], on: stage)
        #expect(try await stage.outbox.claim(channel.id)?.alert.alert.period == 5)
    }

    @Test("a channel's URL and secret are sealed, and cleared when it leads elsewhere")
    func secrets() async throws {
        let stage = try AlertStage()
        let channel = try await stage.webhook()
        #expect(channel.url == "https://receiver.example/••••oken" && channel.secret == .set(hint: "••••cret"))
        let stored = try stage.database.read { connection in
            try connection.query("SELECT name, target FROM alert_channels") { $0.text(0) + $0.text(1) }
        }
        #expect(stored.count == 1 && !stored[0].contains("canary"))
        func update(_ change: (inout AlertChannelChanges) -> Void) async throws -> AlertChannelRecord {
            var changes = AlertChannelChanges()
            change(&changes)
            return try await stage.channels.update(channel.id, changes, if: .none, by: AlertStage.root)
        }
        #expect(try await update { $0.language = .chinese }.secret == channel.secret)
        let moved = try await update { $0.url = WebhookURL(parsing: "https://elsewhere.example/x") }
        #expect(moved.secret == .none && moved.url == "https://elsewhere.example/••••")
        let given = try await update { $0.secret = .set(Credential("another-secret-of-it")) }
        #expect(given.secret == .set(hint: "••••f-it") && given.url == moved.url)
        let new = Vault(master: .random())
        let other = AlertChannelStore(desk: stage.stage.desk, vault: new)
        #expect(try await other.channel(channel.id)?.secret == .undecryptable)
        await #expect(throws: DeskError.conflict(.undecryptable)) {
            try await other.targetForTest(channel.id, by: AlertStage.root)
        }
    }
}
