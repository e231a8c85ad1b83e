import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Admin

@Suite("providers, models, prices and groups over HTTP") struct CatalogRoutesTests {
    private typealias Answer = AdministrationStage.Answer

    private static func refusal(_ answer: Answer, _ member: String) -> Bool { answer.json[member] is [String] }

    // MARK: Providers

    @Test(
        "a base URL is checked on save",
        arguments: [
            "http://127.1/v1", "http://0x7f000001/v1", "http://017700000001/", "http://2130706433/",
            "http://[::ffff:169.254.169.254]/", "http://169.254.169.254/latest", "http://100.64.0.1/",
            "http://[64:ff9b::a9fe:a9fe]/", "http://[fd00::]/", "http://[fd00:ec2::254]/", "http://[::1]/",
            "http://metadata.google.internal/", "http://localhost:11434/v1", "http://LOCALHOST./", "file:///etc/passwd",
            "gopher://example.com/", "https://user@example.com/", "https://user:pw@example.com/",
            "https://example.com:5432/", "https://example.com:22/", "https://example.com:0/",
            "https://example.com:65536/",
            "https://ex\u{212A}ample.com/", "https://１２７.0.0.1/", "https://example.com/../x",
            "https://example.com/?x=1",
            "https://example.com/#x", "https://example.com/a b", "https://example.com\\@169.254.169.254/", "https://",
            "", " https://example.com", "HTTPS://example.com", "//example.com", "example.com",
            "https://example.com/%2e%2e", "https://169.254.169.254.:443/", "https://10.0.0.1/",
        ]
    )
    func forbiddenAddresses(url: String) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        let text = try #require(String(data: try JSONEncoder().encode(url), encoding: .utf8))
        let id = try #require(try await stage.catalog.target(of: "/api/admin/providers"))
        for (method, path, body) in [
            ("POST", "/api/admin/providers/", #"{"name":"n","base_url":\#(text)}"#),
            ("PATCH", "/api/admin/providers/\(id)/", #"{"base_url":\#(text)}"#),
        ] {
            let answer = try await stage.ask(method, path, token: token, body: body)
            #expect([400, 422].contains(answer.status) && Self.refusal(answer, "base_url"), "\(url) \(answer.text)")
        }
        #expect(try stage.catalog.leaves == 1)
    }

    @Test("a key is written, hinted at, kept, cleared by another address, and never shown")
    func keys() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        let secret = "sk-canary-0123456789-wxyz"
        let made = try await stage.ask(
            "POST",
            "/api/admin/providers/",
            token: token,
            body: #"{"name":"n","base_url":"https://a.example/v1/","api_key":"\#(secret)"}"#
        )
        #expect(made.status == 201 && made.json["base_url"] as? String == "https://a.example/v1")
        #expect(made.json["api_key"] as? String == "••••wxyz" && made.json["api_key_state"] as? String == "set")
        let path = try #require(made.headers[.location])
        let steps: [(String, String, Int, String)] = [
            ("PATCH", #"{"name":"m"}"#, 200, "set"), ("PATCH", #"{"api_key":"••••wxyz"}"#, 400, "set"),
            ("PATCH", #"{"api_key":""}"#, 400, "set"), ("PATCH", #"{"api_key":"a b"}"#, 400, "set"),
            ("PATCH", #"{"api_key_state":"none"}"#, 400, "set"),
            (
                "PUT", #"{"name":"m","dialect":"openai","base_url":"https://A.example:443/v1","is_active":true}"#, 200,
                "set"
            ),
            ("PATCH", #"{"base_url":"https://b.example/v1"}"#, 200, "none"),
            ("PATCH", #"{"base_url":"https://c.example/v1","api_key":"\#(secret)"}"#, 200, "set"),
            ("PUT", #"{"name":"m","dialect":"openai","base_url":"https://d.example","is_active":true}"#, 200, "none"),
            ("PATCH", #"{"api_key":"\#(secret)"}"#, 200, "set"), ("PATCH", #"{"api_key":null}"#, 200, "none"),
        ]
        var shown = made.text
        for (method, body, status, state) in steps {
            let answer = try await stage.ask(method, path, token: token, body: body)
            #expect(answer.status == status, "\(body) \(answer.text)")
            let read = try await stage.ask("GET", path, token: token)
            #expect(read.json["api_key_state"] as? String == state, "\(body)")
            #expect((read.json["api_key"] is NSNull) == (state == "none"))
            shown += answer.text + read.text
        }
        #expect(!shown.contains(secret) && !stage.log.lines.contains { "\($0)".contains(secret) })
    }

    @Test("asking a provider is for administrators, in our words, and in the audit")
    func asking() async throws {
        let stage = try await AdministrationStage()
        let id = try #require(try await stage.catalog.target(of: "/api/admin/providers"))
        for role in [Role.user, .auditor] {
            let token = try await stage.access(role)
            for route in ["test", "sync-models"] {
                let answer = try await stage.ask("POST", "/api/admin/providers/\(id)/\(route)/", token: token)
                #expect(answer.status == 403 && stage.catalog.lookups.isEmpty)
            }
        }
        let token = try await stage.access(.admin)
        let before = try stage.catalog.leaves
        let test = try await stage.ask("POST", "/api/admin/providers/\(id)/test/", token: token)
        #expect(test.status == 200 && test.json["ok"] as? Bool == false)
        #expect(test.json["problem"] as? String == "unknown_host" && test.json["status_code"] is NSNull)
        let sync = try await stage.ask("POST", "/api/admin/providers/\(id)/sync-models", token: token, body: "{}")
        #expect(sync.status == 200 && (sync.json["vanished"] as? [Any])?.isEmpty == true)
        #expect(stage.catalog.lookups == ["api.example.com", "api.example.com"])
        #expect(try stage.catalog.leaves == before + 2)
        #expect(try await stage.ask("POST", "/api/admin/providers/99/test/", token: token).status == 404)
    }

    // MARK: Prices

    @Test(
        "what is no price is told so",
        arguments: [
            (#""1,5""#, 400), (#""12abc""#, 400), (#""1e-7""#, 400), (#"" 1""#, 400), (#""١""#, 400), (#""-0""#, 400),
            (#""-1""#, 400), (#""0.0000000001""#, 400), (#""0.0000000000001""#, 400), (#""1.""#, 400), (#"".5""#, 400),
            (#""+1""#, 400), (#""0x1""#, 400), (#""1_000""#, 400), (#""NaN""#, 400), (#""""#, 400), ("0.1", 400),
            ("1", 400), ("[]", 400), ("true", 400), (#""1000""#, 400), (#""0.0000000000""#, 400), (#""1.01""#, 422),
            ("null", 422), (#""00.1""#, 201),
            (#""0""#, 201), (#""0.000000001""#, 201), (#""1""#, 201), (#""0.0015""#, 201),
        ]
    )
    func prices(text: String, status: Int) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        _ = try await stage.catalog.target(of: "/api/admin/models")
        let body = #"{"model":1,"input_price_per_1k":\#(text),"output_price_per_1k":"0.1"}"#
        let answer = try await stage.ask("POST", "/api/admin/prices/", token: token, body: body)
        #expect(answer.status == status, "\(text) \(answer.text)")
        if status != 201 { #expect(Set(answer.json.keys) == ["input_price_per_1k"], "\(answer.text)") }
        let model = try await stage.ask(
            "PATCH",
            "/api/admin/models/1/",
            token: token,
            body: #"{"input_price_per_1k":\#(text)}"#
        )
        #expect(model.status == (status == 201 ? 200 : status), "\(text) \(model.text)")
    }

    @Test("a price comes with what a call costs at it, cannot be changed, and a high one has to be meant")
    func sampleBill() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        _ = try await stage.catalog.target(of: "/api/admin/models")
        let rates =
            #""model":1,"input_price_per_1k":"2.5","output_price_per_1k":"10","cached_input_price_per_1k":"1.25","price_per_call":"0.01""#
        let high = try await stage.ask("POST", "/api/admin/prices", token: token, body: "{\(rates)}")
        #expect(high.status == 422 && Self.refusal(high, "input_price_per_1k"))
        let made = try await stage.ask(
            "POST",
            "/api/admin/prices",
            token: token,
            body: "{\(rates),\"allow_high_price\":true}"
        )
        #expect(made.status == 201 && made.json["is_current"] as? Bool == true, "\(made.text)")
        #expect(made.json["input_price_per_1k"] as? String == "2.50" && made.json["reasoning_price_per_1k"] is NSNull)
        let bill = try #require(made.json["sample_bill"] as? [String: Any])
        let lines = try #require(bill["lines"] as? [[String: Any]])
        #expect(lines.map { $0["amount"] as? String } == ["2.50", "1.25", "5.00"])
        #expect(lines.map { $0["tokens"] as? Int } == [1_000, 1_000, 500])
        #expect(bill["total"] as? String == "8.76" && bill["price_per_call"] as? String == "0.01")
        let path = try #require(made.headers[.location])
        for method in ["PUT", "PATCH"] {
            #expect(try await stage.ask(method, path, token: token, body: "{}").status == 405)
        }
        let gone = try await stage.ask("DELETE", path, token: token)
        #expect(gone.status == 409 && gone.code == "has_begun")
        let past = try await stage.ask(
            "POST",
            "/api/admin/prices",
            token: token,
            body:
                #"{"model":1,"input_price_per_1k":"1","output_price_per_1k":"1","effective_from":"2020-01-01T00:00:00Z"}"#
        )
        #expect(past.status == 422 && Self.refusal(past, "effective_from"))
        let list = try await stage.ask(
            "GET",
            "/api/admin/prices/?model=1&effective_at=2027-01-01T00:00:00Z",
            token: token
        )
        #expect(list.json["count"] as? Int == 1)
    }

    // MARK: Models and groups

    @Test(
        "what a model is made of is named and checked",
        arguments: [
            (#"{"name":"n","provider":1,"context_length":10}"#, 201, nil),
            (
                #"{"name":"n","provider":1,"context_length":10,"upstream_model":"u","input_price_per_1k":"0","output_price_per_1k":"0"}"#,
                201, nil
            ),
            (#"{"name":"n","provider":1,"context_length":10,"input_price_per_1k":"0"}"#, 422, "output_price_per_1k"),
            (#"{"name":"n","provider":1,"context_length":10,"price_per_call":"1"}"#, 422, "input_price_per_1k"),
            (
                #"{"name":"n","provider":1,"context_length":10,"cost_input_price_per_1k":"0"}"#, 422,
                "cost_output_price_per_1k"
            ),
            (#"{"name":"n","provider":9,"context_length":10}"#, 422, "provider"),
            (#"{"name":"n","provider":1,"context_length":10,"max_output_tokens":11}"#, 422, "max_output_tokens"),
            (#"{"name":"m","provider":1,"context_length":10}"#, 409, "name"),
            (#"{"provider":1,"context_length":10}"#, 400, "name"),
            (#"{"name":"n","context_length":10}"#, 400, "provider"),
            (#"{"name":"n","provider":1}"#, 400, "context_length"),
            (#"{"name":"n","provider":1,"context_length":0}"#, 400, "context_length"),
            (#"{"name":"n","provider":1,"context_length":1e3}"#, 400, "context_length"),
            (#"{"name":"n","provider":"1","context_length":10}"#, 400, "provider"),
            (#"{"name":"n","provider":1,"context_length":10,"capabilities":["Vision"]}"#, 400, "capabilities"),
            (#"{"name":"n","provider":1,"context_length":10,"capabilities":["a\"b"]}"#, 400, "capabilities"),
            (#"{"name":"n","provider":1,"context_length":10,"capabilities":"vision"}"#, 400, "capabilities"),
            (#"{"name":"n","provider":1,"context_length":10,"routes":[]}"#, 400, "routes"),
            (#"{"name":"n","provider":1,"context_length":10,"id":7}"#, 400, "id"),
            (#"{"name":"n","provider":1,"context_length":10,"weight":7}"#, 400, "weight"),
        ] as [(String, Int, String?)]
    )
    func models(body: String, status: Int, member: String?) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        _ = try await stage.catalog.target(of: "/api/admin/models")
        let answer = try await stage.ask("POST", "/api/admin/models/", token: token, body: body)
        #expect(answer.status == status, "\(answer.text)")
        if let member {
            #expect(Self.refusal(answer, member), "\(answer.text)")
        } else {
            let read = try await stage.ask("GET", try #require(answer.headers[.location]), token: token)
            #expect(read.text == answer.text && read.json["provider_name"] as? String == "main")
            let hasPrice = body.contains("price")
            #expect((read.json["price"] is NSNull) != hasPrice && (read.json["cost_input_price_per_1k"] is NSNull))
        }
    }

    @Test("PUT of one price is a whole price, PATCH of one changes one")
    func wholePrices() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        _ = try await stage.catalog.target(of: "/api/admin/models")
        let path = "/api/admin/models/1/"
        let whole =
            #""name":"m","provider":1,"upstream_model":"m-up","display_name":"M","description":"","capabilities":["vision"],"context_length":4096,"max_output_tokens":1024,"default_output_tokens":1024,"prompt_overhead_tokens":512,"is_active":true"#
        let steps: [(String, String, Int, String, String?)] = [
            ("PATCH", #"{"cached_input_price_per_1k":"0.01"}"#, 200, "0.15", "0.01"),
            ("PATCH", #"{"input_price_per_1k":"0.2"}"#, 200, "0.20", "0.01"),
            ("PUT", "{\(whole)}", 200, "0.20", "0.01"),
            ("PUT", "{\(whole),\"input_price_per_1k\":\"0.3\"}", 422, "0.20", "0.01"),
            (
                "PUT", "{\(whole),\"input_price_per_1k\":\"0.3\",\"output_price_per_1k\":\"0.3\"}", 200, "0.30", nil
            ),
            ("PUT", #"{"name":"m"}"#, 400, "0.30", nil),
        ]
        let start = try await stage.ask("PATCH", path, token: token, body: #"{"input_price_per_1k":"0.15"}"#)
        #expect(start.status == 200)
        for (method, body, status, input, cached) in steps {
            let answer = try await stage.ask(method, path, token: token, body: body)
            #expect(answer.status == status, "\(body) \(answer.text)")
            let read = try await stage.ask("GET", path, token: token)
            #expect(read.json["input_price_per_1k"] as? String == input, "\(body)")
            #expect(read.json["cached_input_price_per_1k"] as? String == cached, "\(body)")
        }
        let list = try await stage.ask("GET", "/api/admin/prices/?model=1", token: token)
        #expect(list.json["count"] as? Int == 5, "each change is a version, and nothing else is")
    }

    @Test(
        "a group's factor is exact, and its models exist",
        arguments: [
            (#""1.0""#, 201, "1.0"), (#""0""#, 201, "0.0"), (#""0.8512""#, 201, "0.8512"),
            (#""999.9999""#, 201, "999.9999"),
            (#""0.85123""#, 400, nil), (#""-1""#, 400, nil), (#""1,5""#, 400, nil), (#""1e1""#, 400, nil),
            ("1.0", 400, nil),
            (#""1000.1""#, 400, nil), (#""""#, 400, nil), ("null", 400, nil),
        ] as [(String, Int, String?)]
    )
    func groups(multiplier: String, status: Int, shown: String?) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        _ = try await stage.catalog.target(of: "/api/admin/models")
        let body = #"{"name":"g","models":[1],"price_multiplier":\#(multiplier)}"#
        let answer = try await stage.ask("POST", "/api/admin/model-groups/", token: token, body: body)
        #expect(
            answer.status == status && answer.json["price_multiplier"] as? String == shown || status == 400,
            "\(answer.text)"
        )
        if status == 201 {
            #expect(answer.json["model_names"] as? [String] == ["m"])
            let path = try #require(answer.headers[.location])
            let unknown = try await stage.ask("PATCH", path, token: token, body: #"{"models":[1,99]}"#)
            #expect(unknown.status == 422 && Self.refusal(unknown, "models"))
            #expect(try await stage.ask("DELETE", path, token: token).status == 204)
            #expect(try await stage.ask("GET", path, token: token).json["is_active"] as? Bool == false)
        }
    }

    // MARK: Import

    /// Two entries as LiteLLM's table has them (MIT licence), one with the debris of a float.
    private static let table = #"""
        {"sample_spec":{"input_cost_per_token":"per token"},
         "m-up":{"cache_read_input_token_cost":1.25e-06,"input_cost_per_token":2.5e-06,"input_cost_per_token_batches":1.25e-06,
                 "max_tokens":16384,"mode":"chat","output_cost_per_token":1e-05},
         "debris":{"input_cost_per_token":3.0000000000000004e-07,"output_cost_per_token":1e-06,"mode":"chat"}}
        """#

    @Test("an import tells first, changes when asked, and refuses what nobody agreed to")
    func imports() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        _ = try await stage.catalog.target(of: "/api/admin/models")
        func ask(_ more: String) async throws -> (Answer, [String: Any]) {
            let answer = try await stage.ask(
                "POST",
                "/api/admin/prices/import/",
                token: token,
                body: #"{"table":\#(Self.table)\#(more)}"#
            )
            return (answer, (answer.json["models"] as? [[String: Any]])?.first ?? [:])
        }
        let before = try stage.catalog.leaves
        let (told, row) = try await ask("")
        #expect(told.status == 200 && told.json["applied"] as? Int == 0, "\(told.text)")
        #expect(row["verdict"] as? String == "changed" && row["entry"] as? String == "m-up")
        #expect((row["found"] as? [String: Any])?["cached_input_price_per_1k"] as? String == "0.00125")
        let table = try #require(told.json["table"] as? [String: Any])
        #expect(table["entries"] as? Int == 2 && table["clean"] as? Int == 1)
        #expect(table["findings"] as? [String: Int] == ["needs_rounding": 1])
        #expect(try stage.catalog.leaves == before)

        #expect(try await ask(#","apply":true"#).0.json["applied"] as? Int == 1)
        #expect(try await ask(#","apply":true"#).1["verdict"] as? String == "unchanged")
        #expect(try stage.catalog.leaves == before + 1)
        let (refused, debris) = try await ask(#","apply":true,"models":{"m":"debris"}"#)
        #expect(refused.json["applied"] as? Int == 0 && debris["verdict"] as? String == "refused")
        #expect(
            try await ask(#","apply":true,"models":{"m":"debris"},"accept":["rounding"]"#).0.json["applied"] as? Int
                == 1
        )
        let model = try await stage.ask("GET", "/api/admin/models/1/", token: token)
        #expect(model.json["input_price_per_1k"] as? String == "0.0003")

        for (more, member) in [
            (#","accept":["everything"]"#, "accept"), (#","models":["m"]"#, "models"),
            (#","models":{"m":1}"#, "models"),
            (#","apply":"yes""#, "apply"), (#","tables":{}"#, "tables"),
        ] {
            let answer = try await ask(more).0
            #expect(answer.status == 400 && Self.refusal(answer, member), "\(more)")
        }
        let wrong = try await stage.ask(
            "POST",
            "/api/admin/prices/import",
            token: token,
            body: #"{"table":{"m":[1]}}"#
        )
        #expect(wrong.status == 400 && Self.refusal(wrong, "table"))
    }

    @Test("a table may be larger than other bodies, up to its own bound")
    func largeTables() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        for (bytes, status) in [(100_000, 200), (PriceTable.largestBytes + 1, 413)] {
            let body = #"{"table":{}}"# + String(repeating: " ", count: bytes)
            let answer = try await stage.ask("POST", "/api/admin/prices/import/", token: token, body: body)
            #expect(answer.status == status)
        }
    }
}
