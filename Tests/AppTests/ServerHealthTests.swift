import Domain
import Foundation
import Storage
import Testing

@testable import Admin

/// A server of which all is known.
struct FakeHealth: HealthSource {
    static let start = AdministrationStage.start

    var books: BooksHealth? = FakeHealth.books()
    var journal: JournalHealth = {
        var journal = JournalHealth()
        journal.spoolCapacity = 8_191
        return journal
    }()
    var auditHalt: String?

    static func books(uncertain: Int64 = 0, quarantined: Int64 = 0) -> BooksHealth {
        BooksHealth(
            now: Instant(microseconds: start.microseconds + 5_000_000),
            latencyMicroseconds: 137,
            openCalls: 2,
            uncertainCalls: uncertain,
            quarantined: quarantined,
            audit: .init(origin: "tokenaudit/1", size: 9, signedAt: start, caughtUpAt: nil),
            replicas: [
                .init(id: ReplicaID(3), startedAt: start, beatAt: start, isThis: true),
                .init(id: ReplicaID(2), startedAt: start, beatAt: start, isThis: false),
            ],
            ranges: [.init(table: "api_requests", count: 2, until: start)],
            statistics: .init(zones: ["UTC"], quartersSince: start, foldedUntil: nil)
        )
    }

    func health() async -> ServerHealth {
        ServerHealth(
            version: "1.2.3",
            startedAt: Self.start,
            now: Instant(microseconds: Self.start.microseconds + 61_000_000),
            engine: "postgres",
            books: books,
            journal: journal,
            auditHalt: auditHalt,
            bodies: BodiesHealth(waiting: 0, dropped: 0),
            bodiesKeptSeconds: 86_400,
            rawUsageKeptSeconds: nil,
            fileBytes: nil,
            logBytes: nil
        )
    }
}

@Suite("the health of a server") struct ServerHealthTests {
    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/health", .auditor, nil, 200)
    ]

    @Test("is well, or says that somebody should look, or that nothing is admitted")
    func status() async throws {
        func told(_ change: (inout FakeHealth) -> Void) async -> String {
            var fake = FakeHealth()
            change(&fake)
            return ServerHealthAnswer(await fake.health()).status
        }
        #expect(await told { _ in } == "ok")
        #expect(await told { $0.journal.spooled = 1 } == "degraded")
        #expect(await told { $0.books = FakeHealth.books(uncertain: 1) } == "degraded")
        #expect(await told { $0.books = FakeHealth.books(quarantined: 1) } == "degraded")
        #expect(await told { $0.auditHalt = "an older copy" } == "degraded")
        #expect(await told { $0.journal.isReady = false } == "unavailable")
        #expect(await told { $0.books = nil } == "unavailable")
    }

    @Test("tells ages by the clock that wrote the instant, and versions of who can say")
    func members() async throws {
        let stage = try await AdministrationStage()
        let answer = try await stage.ask("GET", "/api/admin/health/", token: try await stage.access(.auditor))
        #expect(answer.status == 200 && answer.json["uptime_s"] as? Int == 61)
        let replicas = try #require(answer.json["replicas"] as? [[String: Any]])
        #expect(replicas.map { $0["beat_age_s"] as? Int } == [5, 5])
        #expect(replicas.map { $0["version"] as? String } == ["1.2.3", nil])
        let audit = try #require(answer.json["audit"] as? [String: Any])
        #expect(audit["signed_age_s"] as? Int == 61 && audit["caught_up_age_s"] is NSNull)
        let retention = try #require(answer.json["retention"] as? [String: Any])
        #expect(retention["bodies_s"] as? Int == 86_400 && retention["raw_usage_s"] is NSNull)
    }

    @Test("of real books: what is open and signed, and nothing of where they are")
    func real() async throws {
        let stage = try await BooksStage()
        _ = try await stage.quota(of: .user)
        _ = try await stage.call(of: .user, charge: 1_000_000)
        let token = try await stage.access(.auditor)
        stage.signer.round()
        let answer = try await stage.ask("GET", "/api/admin/health/", token: token)
        #expect(answer.json["status"] as? String == "ok")
        let database = try #require(answer.json["database"] as? [String: Any])
        #expect(database["engine"] as? String == "sqlite" && (database["bytes"] as? Int ?? 0) > 0)
        #expect((database["latency_us"] as? Int).map { $0 < 1_000_000 } == true)
        let audit = try #require(answer.json["audit"] as? [String: Any])
        #expect((audit["tree_size"] as? Int ?? 0) > 1 && audit["halt"] is NSNull && audit["signed_at"] is String)
        let calls = try #require(answer.json["calls"] as? [String: Any])
        #expect(calls["open"] as? Int == 0 && calls["uncertain"] as? Int == 0)
        let replicas = try #require(answer.json["replicas"] as? [[String: Any]])
        #expect(replicas.count == 1 && replicas[0]["is_this"] as? Bool == true && replicas[0]["beat_age_s"] is NSNull)
        #expect(!answer.text.contains(stage.folder) && !answer.text.contains("books.sqlite"))
    }
}
