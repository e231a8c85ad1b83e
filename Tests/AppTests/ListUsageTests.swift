import Domain
import Foundation
import Testing

@testable import Admin

@Suite("what lists show of their rows' use", .serialized) struct ListUsageTests {
    private static let paths: [(path: String, reader: Role)] = [
        ("/api/admin/keys/", .auditor), ("/api/me/keys/", .user), ("/api/admin/users/", .auditor),
        ("/api/admin/models/", .auditor), ("/api/admin/providers/", .auditor),
    ]

    @Test("each row of each list has its last seven days, from one question; without include there is none")
    func lists() async throws {
        let stage = try await BooksStage()
        _ = try await stage.quota(of: .user)
        for list in ["models", "providers"] { _ = try await stage.place("/api/admin/\(list)/{id}") }
        var changes = KeyChanges()
        changes.name = "used"
        let user = UserID(stage.id(.user))
        for name in ["used", "unused"] {
            changes.name = name
            _ = try await stage.administration.keys.create(changes, of: user, by: .command("test"))
        }
        // Six days ago, and today.
        for (random, days) in [(UInt64(1), Int64(0)), (2, 6), (3, 0)] {
            stage.clock.advance(seconds: days * 86_400)
            _ = try await stage.call(of: .user, key: 1, charge: 2_000_000, random: random)
        }
        let today = Zone.utc.date(at: stage.clock.now)
        for (path, reader) in Self.paths {
            let token = try await stage.access(reader)
            let plain = try await stage.ask("GET", path, token: token)
            #expect(plain.status == 200 && !plain.text.contains("usage"), "\(path)")
            _ = stage.statements.take()
            let list = try await stage.ask("GET", path + "?include=usage", token: token)
            #expect(list.status == 200, "\(path) \(list.text)")
            let asked = stage.statements.take()
            #expect(!asked.contains { $0.contains("FROM api_requests") }, "\(path)")
            let rows = try #require(list.json["results"] as? [[String: Any]])
            #expect(!rows.isEmpty)
            for row in rows {
                let usage = try #require(row["usage"] as? [String: Any], "\(path)")
                let days = try #require(usage["days"] as? [String])
                #expect(days.count == 7 && days.last.flatMap { CivilDate(parsing: $0) } == today)
                let isUsed =
                    path.hasSuffix("users/") ? row["id"] as? Int == Int(user.rawValue) : row["id"] as? Int == 1
                // The catalogue is another database's.
                let spend = isUsed && !path.contains("providers") && !path.contains("models")
                let expected = spend ? ["0.000002", "0.00", "0.00", "0.00", "0.00", "0.00", "0.000004"] : nil
                if let expected { #expect(usage["spend"] as? [String] == expected, "\(path)") }
                if let expected, expected.count == 7 {
                    #expect(usage["requests"] as? [Int] == [1, 0, 0, 0, 0, 0, 2], "\(path)")
                }
                if !isUsed { #expect(usage["requests"] as? [Int] == Array(repeating: 0, count: 7), "\(path)") }
            }
        }
    }

    @Test("days are the zone's; one page's rows are one question, and what is too much to read is null")
    func questions() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let list = try await stage.ask("GET", "/api/admin/users/?include=usage&time_zone=UTC&page_size=2", token: token)
        #expect(list.status == 200, "\(list.text)")
        let question = try #require(stage.statistics.asked.last)
        #expect(stage.statistics.asked.count == 1 && question.dimension == .user && question.step == .day)
        #expect(question.ids?.count == 2)
        let today = Zone.utc.dayStart(of: AdministrationStage.start)
        #expect(question.range.lowerBound.microseconds == today.microseconds - 6 * 86_400 * 1_000_000)
        #expect(question.range.upperBound > AdministrationStage.start)
        let rows = try #require(list.json["results"] as? [[String: Any]])
        #expect((rows[0]["usage"] as? [String: Any])?["requests"] as? [Int] == Array(repeating: 1, count: 7))
        for (query, status, member) in [
            ("include=cost", 400, "include"), ("include=usage&time_zone=Mars", 422, "time_zone"),
        ] {
            let refused = try await stage.ask("GET", "/api/admin/users/?\(query)", token: token)
            #expect(refused.status == status && refused.json[member] is [String], "\(refused.text)")
        }
        stage.statistics.fail(with: .tooManyRows)
        let none = try await stage.ask("GET", "/api/admin/users/?include=usage", token: token)
        #expect(none.status == 200)
        #expect((none.json["results"] as? [[String: Any]])?.allSatisfy { $0["usage"] is NSNull } == true)
        stage.statistics.fail(with: .unavailable("away"))
        #expect(try await stage.ask("GET", "/api/admin/users/?include=usage", token: token).status == 503)
    }
}
