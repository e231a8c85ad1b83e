import Domain
import Foundation
import Testing

@testable import Admin

@Suite("statistics by HTTP")
struct StatisticsRoutesTests {
    private static let day = "from=2026-07-01&to=2026-07-04"

    @Test("staff see what was spent, what it cost and what is left, beside the time before")
    func overview() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let answer = try await stage.ask("GET", "/api/admin/stats/overview/?\(Self.day)", token: token)
        #expect(answer.status == 200)
        #expect(answer.json["from"] as? String == "2026-07-01T00:00:00Z")
        #expect(answer.json["to"] as? String == "2026-07-04T00:00:00Z")
        #expect(answer.json["time_zone"] as? String == "UTC" && answer.json["step"] as? String == "day")
        let totals = try #require(answer.json["totals"] as? [String: Any])
        // Three days of a call for a dollar.
        #expect(totals["spend"] as? String == "3.00" && totals["provider_cost"] as? String == "0.75")
        #expect(totals["margin"] as? String == "2.25" && totals["refunds"] as? String == "0.00")
        #expect((totals["p95"] as? [String: Int]) == ["at_least_ms": 300, "below_ms": 1_000])
        #expect((answer.json["series"] as? [Any])?.count == 3)
        let previous = try #require(answer.json["previous"] as? [String: Any])
        #expect(previous["from"] as? String == "2026-06-28T00:00:00Z")
        #expect(previous["to"] as? String == "2026-07-01T00:00:00Z")
        let groups = try #require(answer.json["groups"] as? [[String: Any]])
        #expect(groups.map { $0["name"] as? String } == ["model 3", "model 2", "model 1"])
        #expect(groups[0]["spend"] as? [String] == ["4.00", "4.00", "4.00"])
        #expect(groups[0]["tokens"] as? [Int] == [100, 100, 100])
    }

    @Test("nobody sees another's figures, nor what providers are paid")
    func oneself() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.user)
        let id = stage.id(.user)
        for path in [
            "overview/?\(Self.day)", "billing/?\(Self.day)&group_by=key",
        ] {
            let answer = try await stage.ask("GET", "/api/me/stats/\(path)", token: token)
            #expect(answer.status == 200)
            for secret in ["provider_cost", "margin", "excess"] { #expect(!answer.text.contains(secret), "\(path)") }
        }
        #expect(!stage.statistics.asked.isEmpty)
        for question in stage.statistics.asked {
            switch question.dimension {
            case .user: #expect(question.ids == [id])
            case .key: #expect(question.ids == FakeStatistics.keys[id] ?? [])
            default: Issue.record("asked by \(question.dimension)")
            }
        }
        for name in ["user", "user_id", "ids"] {
            let answer = try await stage.ask("GET", "/api/me/stats/billing/?\(name)=1", token: token)
            #expect(answer.status == 400 && answer.json[name] is [String])
        }
        for path in ["admin/stats/overview/", "admin/stats/billing/", "admin/stats/users/\(id)/requests/"] {
            #expect(try await stage.ask("GET", "/api/" + path, token: token).status == 403)
        }
    }

    @Test("a flow has its nodes and links by name; one's own knows no provider")
    func flow() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let answer = try await stage.ask("GET", "/api/admin/stats/flow/?\(Self.day)", token: token)
        #expect(answer.status == 200 && answer.json["from"] as? String == "2026-07-01T00:00:00Z")
        let nodes = try #require(answer.json["nodes"] as? [[String: Any]])
        #expect(nodes.map { $0["kind"] as? String } == ["user", "key", "model", "provider"])
        #expect(nodes[2]["name"] as? String == "m" && nodes[2]["spend"] as? String == "1.00")
        let links = try #require(answer.json["links"] as? [[String: Any]])
        #expect(links.map { ($0["to"] as? [String: Any])?["id"] as? Int } == [41, 3, 5])
        #expect(links.allSatisfy { $0["requests"] as? Int == 1 })
        let own = try await stage.ask("GET", "/api/me/stats/flow/", token: try await stage.access(.user))
        let ownNodes = try #require(own.json["nodes"] as? [[String: Any]])
        #expect(own.status == 200 && ownNodes.map { $0["kind"] as? String } == ["key", "model"])
        for query in ["limit=0", "limit=51", "step=day", "user=1"] {
            #expect(
                try await stage.ask("GET", "/api/admin/stats/flow/?\(query)", token: token).status == 400,
                "\(query)"
            )
        }
        stage.statistics.fail(with: .tooManyRows)
        #expect(try await stage.ask("GET", "/api/admin/stats/flow/", token: token).status == 422)
    }

    @Test("hour by hour is one answer for five weeks, also stacked by what it is grouped by")
    func hourly() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let weeks = "from=2026-06-01&to=2026-07-06&step=hour&time_zone=UTC"
        let plain = try await stage.ask("GET", "/api/admin/stats/billing/?\(weeks)", token: token)
        #expect(plain.status == 200 && (plain.json["series"] as? [Any])?.count == 840)
        for step in ["hour", "day"] {
            let query = weeks.replacing("step=hour", with: "step=\(step)") + "&group_by=model&limit=2"
            let stacked = try await stage.ask("GET", "/api/admin/stats/billing/?\(query)", token: token)
            let pieces = try #require(stacked.json["series"] as? [[String: Any]])
            let groups = try #require(stacked.json["groups"] as? [[String: Any]])
            #expect(groups.count == 2 && stacked.json["group_count"] as? Int == 3)
            for name in ["spend", "requests", "tokens"] {
                #expect(groups.allSatisfy { ($0[name] as? [Any])?.count == pieces.count }, "\(step) \(name)")
            }
            let figures = try #require(pieces[0]["figures"] as? [String: Any])
            for name in ["input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens"] {
                #expect(figures[name] is Int, "\(name)")
            }
        }
    }

    @Test("bills are grouped, the dearest first, and the rest is summed")
    func billing() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let answer = try await stage.ask(
            "GET",
            "/api/admin/stats/billing/?\(Self.day)&group_by=user&limit=2&step=whole",
            token: token
        )
        let groups = try #require(answer.json["groups"] as? [[String: Any]])
        #expect(groups.map { $0["id"] as? Int } == [3, 2] && answer.json["group_count"] as? Int == 3)
        #expect((answer.json["others"] as? [String: Any])?["spend"] as? String == "2.00")
        #expect(answer.json["group_by"] as? String == "user")
        let one = try await stage.ask("GET", "/api/admin/stats/billing/?\(Self.day)&model=2", token: token)
        #expect((one.json["totals"] as? [String: Any])?["spend"] as? String == "9.00")
        #expect((one.json["groups"] as? [Any])?.isEmpty == true && one.json["group_by"] is NSNull)
        let id = try #require(FakeStatistics.keys.keys.first)
        let path = "/api/admin/stats/billing/?\(Self.day)&user=\(id)"
        let (whole, keys) = (
            try await stage.ask("GET", path, token: token),
            try await stage.ask("GET", path + "&group_by=key", token: token)
        )
        let (all, byKey) = (whole.json["totals"] as? [String: Any], keys.json["totals"] as? [String: Any])
        #expect(all?["spend"] as? String == byKey?["spend"] as? String && byKey?["margin"] is String)
        let shown = (keys.json["groups"] as? [[String: Any]])?.compactMap { $0["id"] as? Int64 } ?? []
        #expect(!shown.isEmpty && Set(shown).isSubset(of: FakeStatistics.keys[id] ?? []), "\(shown)")
    }

    struct Refusal: Sendable {
        let query: String
        let member: String
        let status: Int

        init(_ query: String, _ member: String, _ status: Int = 400) {
            (self.query, self.member, self.status) = (query, member, status)
        }
    }

    @Test(
        "what is no value is 400, what cannot be answered 422; both say which member",
        arguments: [
            Refusal("from=yesterday", "from"), Refusal("from=2026-07-01T00:00:00", "from"),
            Refusal("from=2026-02-30", "from"), Refusal("from=2026-07-02&to=2026-07-01", "to", 422),
            Refusal("from=1999-01-01&to=2001-01-01", "from", 422), Refusal("to=9999-12-31", "from", 422),
            Refusal("time_zone=Nowhere/At_All", "time_zone", 422),
            Refusal("time_zone=../../etc/passwd", "time_zone", 422),
            Refusal("step=minute", "step"), Refusal("step=hour&from=2020-01-01&to=2026-01-01", "step", 422),
            Refusal("user=1&model=2", "model", 422), Refusal("group_by=user&model=2", "model", 422),
            Refusal("limit=0", "limit"),
            Refusal("group_by=colour", "group_by"), Refusal("user=-1", "user"), Refusal("from=", "from", 200),
            Refusal("from=2099-12-31T23:59:59-13:00", "from", 422), Refusal("from=2200-01-01", "from", 422),
            Refusal("from=1970-01-01T00:00:00Z&to=2026-01-01", "from", 422), Refusal("form=2026-01-01", "form"),
            Refusal("from=9999-12-31T23:59:59.999999-13:59", "from", 422),
        ]
    )
    func refused(refusal: Refusal) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let answer = try await stage.ask("GET", "/api/admin/stats/billing/?\(refusal.query)", token: token)
        #expect(answer.status == refusal.status && answer.json.keys.contains(refusal.member), "\(answer.text)")
    }

    @Test(
        "what is no longer kept, or too much, is said",
        arguments: [
            (StatisticsError.tooManyRows, 422), (.onlyDays(before: AdministrationStage.start), 422),
            (.noDays(before: AdministrationStage.start, zones: ["UTC"]), 422), (.unavailable("secret"), 503),
        ]
    )
    func failures(error: StatisticsError, status: Int) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        stage.statistics.fail(with: error)
        for path in ["/api/admin/stats/billing/", "/v1/organization/costs?start_time=1782864000"] {
            let answer = try await stage.ask("GET", path, token: token)
            // OpenAI's knows no 422.
            let expected = path.hasPrefix("/v1") && status == 422 ? 400 : status
            #expect(answer.status == expected && !answer.text.contains("secret"), "\(answer.text)")
        }
    }

    // MARK: - OpenAI's

    @Test("usage in OpenAI's shape, a page at a time")
    func usage() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        // Noon of 1 July, to be answered from its midnight on.
        let path = "/v1/organization/usage/completions?start_time=1782907200&end_time=1783036800&limit=1"
        let first = try await stage.ask("GET", path + "&group_by[]=model", token: token)
        #expect(first.status == 200 && first.json["object"] as? String == "page")
        #expect(first.json["has_more"] as? Bool == true)
        #expect(first.json["next_page"] as? String == "page_1782950400")
        let bucket = try #require((first.json["data"] as? [[String: Any]])?.first)
        #expect(bucket["start_time"] as? Int == 1_782_864_000 && bucket["end_time"] as? Int == 1_782_950_400)
        let results = try #require(bucket["results"] as? [[String: Any]])
        #expect(results.count == 3 && results[0]["model"] as? String == "model 1")
        #expect(results[0]["input_tokens"] as? Int == 100 && results[0]["input_cached_tokens"] as? Int == 30)
        #expect(results[0]["user_id"] is NSNull && results[0]["num_model_requests"] as? Int == 1)
        let second = try await stage.ask("GET", "/api" + path + "&page=page_1782950400", token: token)
        #expect(second.json["has_more"] as? Bool == false && second.json["next_page"] is NSNull)
        #expect(((second.json["data"] as? [[String: Any]])?.first?["results"] as? [Any])?.count == 1)
        let filtered = try await stage.ask("GET", path + "&models%5B%5D=m&models[]=gone", token: token)
        #expect(filtered.status == 200 && stage.statistics.asked.last?.ids == [3])
    }

    @Test("costs are exact numbers, by model where asked")
    func costs() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let path = "/v1/organization/costs?start_time=1782864000&end_time=1782950400"
        let answer = try await stage.ask("GET", path + "&group_by=line_item", token: token)
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""amount":{"currency":"usd","value":2}"#), "\(answer.text)")
        #expect(answer.text.contains(#""line_item":"model 3""#))
        #expect(try await stage.ask("POST", path, token: token, body: "{}").status == 405)
    }

    @Test(
        "what OpenAI's API asks and this one cannot answer is refused by name",
        arguments: [
            ("start_time=1782864000&bucket_width=1m", "bucket_width"), ("bucket_width=1d", "start_time"),
            ("start_time=-5", "start_time"), ("start_time=1782864000&end_time=1782864000", "end_time"),
            ("start_time=1782864000&limit=32", "limit"), ("start_time=1782864000&page=2", "page"),
            ("start_time=1782864000&page=page_4000000000", "page"),
            ("start_time=1782864000&group_by=batch", "group_by"),
            ("start_time=1782864000&group_by[]=model&group_by[]=user_id", "group_by"),
            ("start_time=1782864000&project_ids[]=1", "project_ids"),
            ("start_time=1782864000&group_by=user_id&models=m", "models"),
        ]
    )
    func organizationRefused(query: String, member: String) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let answer = try await stage.ask("GET", "/v1/organization/usage/completions?\(query)", token: token)
        #expect(answer.status == 400, "\(answer.text)")
        #expect((answer.json["error"] as? [String: Any])?["param"] as? String == member, "\(answer.text)")
    }

    @Test("OpenAI's paths are for staff's access tokens")
    func organizationRoles() async throws {
        for role in Role.allCases {
            let stage = try await AdministrationStage()
            let token = try await stage.access(role)
            for path in ["usage/completions", "costs"].map({ "/v1/organization/\($0)?start_time=1782864000" }) {
                #expect(try await stage.ask("GET", path).status == 401)
                let answer = try await stage.ask("GET", path, token: token)
                #expect(answer.status == (role == .user ? 403 : 200), "\(role) \(path)")
            }
        }
    }
}
