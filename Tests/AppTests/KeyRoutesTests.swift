import Domain
import Testing

@testable import Admin

@Suite("key routes", .serialized) struct KeyRoutesTests {
    private static let whole =
        #"{"name":"N","allowed_models":null,"allowed_addresses":["10.0.0.0/8"],"expires_at":null,"spending_limit":"1","requests_per_minute":5,"tokens_per_minute":null,"concurrent_calls":null,"capture":"full"}"#

    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/keys", .auditor, nil, 200),
        ("POST", "/api/admin/keys", .admin, #"{"user":4,"name":"new"}"#, 201),
        ("GET", "/api/admin/keys/{id}", .auditor, nil, 200), ("PUT", "/api/admin/keys/{id}", .admin, whole, 200),
        ("PATCH", "/api/admin/keys/{id}", .admin, #"{"expires_at":null}"#, 200),
        ("POST", "/api/admin/keys/{id}/rotate", .admin, nil, 200), ("DELETE", "/api/admin/keys/{id}", .admin, nil, 204),
        ("GET", "/api/me/keys", .user, nil, 200), ("POST", "/api/me/keys", .user, #"{"name":"mine"}"#, 201),
        ("GET", "/api/me/keys/{id}", .user, nil, 200),
        (
            "PUT", "/api/me/keys/{id}", .user,
            whole.replacing("\"N\"", with: "\"M\"").replacing(#","capture":"full""#, with: ""), 200
        ),
        ("PATCH", "/api/me/keys/{id}", .user, #"{"expires_at":null}"#, 200),
        ("POST", "/api/me/keys/{id}/rotate", .user, #"{"grace_seconds":60}"#, 200),
        ("DELETE", "/api/me/keys/{id}", .user, nil, 204), ("POST", "/api/me/playground-key", .user, nil, 201),
        ("GET", "/api/admin/requests", .auditor, nil, 200),
        ("GET", "/api/admin/requests/export.csv", .auditor, nil, 200),
        ("GET", "/api/admin/requests/export.jsonl", .auditor, nil, 200),
        ("GET", "/api/admin/requests/live", .auditor, nil, 200), ("GET", "/api/me/requests/live", .user, nil, 200),
        ("GET", "/api/admin/requests/{request_id}", .auditor, nil, 200),
        ("GET", "/api/me/requests", .user, nil, 200), ("GET", "/api/me/requests/export.csv", .user, nil, 200),
        ("GET", "/api/me/requests/export.jsonl", .user, nil, 200),
        ("GET", "/api/me/requests/{request_id}", .user, nil, 200), ("GET", "/api/admin/audit-log", .auditor, nil, 200),
    ]

    @Test(
        "each role may do what it may and nothing else; under /api/me others' keys and calls are not there",
        arguments: Role.allCases
    )
    func matrix(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        let stranger: Role = role == .user ? .auditor : .user
        for owner in [role, stranger] { _ = try await stage.quota(of: owner) }
        func key(_ owner: Role, _ name: String) async throws -> String {
            var changes = KeyChanges()
            changes.name = name
            let new = try await stage.administration.keys.create(
                changes,
                of: UserID(stage.id(owner)),
                by: .command("test")
            )
            return new.key.id.description
        }
        let ownCall = try await stage.call(of: role, charge: 1_000_000).description
        let otherCall = try await stage.call(of: stranger, charge: 1_000_000, random: 2).description
        let otherKey = try await key(stranger, "theirs")
        for (index, route) in Self.routes.enumerated() {
            let ownKey = try await key(role, "own \(index)")
            func path(_ key: String, _ call: String) -> String {
                route.path.replacing("{id}", with: key).replacing("{request_id}", with: call) + "/"
            }
            #expect(try await stage.ask(route.method, path(ownKey, ownCall), body: route.body).status == 401)
            let answer = try await stage.ask(route.method, path(ownKey, ownCall), token: token, body: route.body)
            let may = role.covers(route.least ?? .user)
            #expect(answer.status == (may ? route.status : 403), "\(route.method) \(route.path) \(answer.text)")
            if route.path.hasPrefix("/api/me") {
                #expect(!answer.text.contains("provider") && !answer.text.contains(otherCall), "\(route.path)")
            }
            guard route.path.contains("{") else { continue }
            var places = [("9999", CallID(high: 1, low: 1).description)]
            if route.path.hasPrefix("/api/me") { places.append((otherKey, otherCall)) }
            var texts: Set<String> = []
            for (key, call) in places {
                let missing = try await stage.ask(route.method, path(key, call), token: token, body: route.body)
                #expect(missing.status == (may ? 404 : 403), "\(route.path)")
                texts.insert(missing.text)
            }
            #expect(texts.count == 1)
        }
        try stage.expectProven()
    }

    @Test("a cursor or a filter that names another's rows shows nothing of them")
    func others() async throws {
        let stage = try await BooksStage()
        for owner in [Role.user, .auditor] { _ = try await stage.quota(of: owner) }
        let theirs = try await stage.call(of: .auditor, key: 7, charge: 1_000_000, random: 2).description
        stage.clock.advance(seconds: 1)
        let own = try await stage.call(of: .user, key: 8, charge: 1_000_000, random: 3).description
        let token = try await stage.access(.user)
        for (query, found) in [
            ("", [own]), ("cursor=\(theirs)", []), ("cursor=~\(theirs)", [own]), ("key=7", []), ("key=8", [own]),
            ("search=\(theirs)", []), ("search=client-2", []), ("search=client-3", [own]),
        ] {
            let list = try await stage.ask("GET", "/api/me/requests/?\(query)", token: token)
            let results = try #require(list.json["results"] as? [[String: Any]], "\(query) \(list.text)")
            #expect(results.compactMap { $0["request_id"] as? String } == found, "\(query)")
            let export = query.replacing("cursor=\(theirs)", with: "").replacing("cursor=~\(theirs)", with: "")
            let lines = try await stage.ask("GET", "/api/me/requests/export.jsonl?\(export)", token: token)
            #expect(lines.status == 200 && !lines.text.contains(theirs), "\(query)")
        }
    }

    @Test(
        "what a key is made of is named and checked",
        arguments: [
            (#"{"name":"k"}"#, 201, nil),
            (
                #"{"name":"k","allowed_models":["m",1],"expires_at":"2030-01-01T00:00:00Z","spending_limit":"1.5"}"#,
                201, nil
            ),
            (#"{"name":"k","allowed_models":[]}"#, 201, nil),
            // Theirs, but not this user's.
            (#"{"name":"k","allowed_models":["other"]}"#, 422, "allowed_models"),
            (#"{"name":"k","allowed_models":[99]}"#, 422, "allowed_models"),
            (#"{"name":"k","allowed_models":[1.5]}"#, 400, "allowed_models"),
            (#"{"name":"k","allowed_models":"m"}"#, 400, "allowed_models"),
            (#"{"name":"k","expires_at":"2020-01-01T00:00:00Z"}"#, 422, "expires_at"),
            (#"{"name":"k","spending_limit":"-1"}"#, 400, "spending_limit"),
            (#"{"name":"k","allowed_addresses":["10.0.0.0/8","2001:DB8::1"],"concurrent_calls":3}"#, 201, nil),
            (#"{"name":"k","allowed_addresses":["10.1.2.3/8"]}"#, 422, "allowed_addresses"),
            (#"{"name":"k","allowed_addresses":["example.com"]}"#, 422, "allowed_addresses"),
            (#"{"name":"k","tokens_per_minute":0}"#, 400, "tokens_per_minute"),
            (#"{"name":"k","user":1}"#, 400, "user"), (#"{"name":"k","is_active":true}"#, 400, "is_active"),
            (#"{"name":"k","digest":"x"}"#, 400, "digest"), (#"{}"#, 400, "name"),
            // Whether calls are recorded is not for their users to say.
            (#"{"name":"k","capture":"off"}"#, 400, "capture"),
            (#"{"name":"k","api_key":"sk-audit-x"}"#, 400, "api_key"), (#"{"name":"taken"}"#, 409, "name"),
        ] as [(String, Int, String?)]
    )
    func create(body: String, status: Int, member: String?) async throws {
        let stage = try await BooksStage()
        _ = try await stage.quota(of: .user)
        let token = try await stage.access(.user)
        _ = try await stage.ask("POST", "/api/me/keys/", token: token, body: #"{"name":"taken"}"#)
        let answer = try await stage.ask("POST", "/api/me/keys/", token: token, body: body)
        #expect(answer.status == status, "\(answer.text)")
        if let member {
            #expect(answer.json[member] is [String], "\(answer.text)")
            return
        }
        let secret = try #require(answer.json["api_key"] as? String)
        let id = try #require(answer.json["id"] as? Int)
        let shown = try await stage.ask("GET", "/api/me/keys/\(id)/", token: token)
        #expect(secret.hasPrefix("sk-audit-") && secret.utf8.count == 41 && !shown.text.contains(secret))
        let logged = stage.log.lines.map { "\($0.message) \($0.metadata)" }.joined()
        #expect(!logged.contains(secret))
    }

    @Test("the playground's key is shown whole once, is one's own and is told from others in lists")
    func playground() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.user)
        var ids: Set<Int> = []
        var secrets: Set<String> = []
        for body in [nil, "{}"] {
            let made = try await stage.ask("POST", "/api/me/playground-key/", token: token, body: body)
            #expect(made.status == 201 && Set(made.json.keys) == ["id", "api_key", "expires_at"], "\(made.text)")
            let end = Instant(microseconds: stage.clock.now.microseconds + 15 * 60 * 1_000_000)
            #expect(made.json["expires_at"] as? String == end.description)
            ids.insert(try #require(made.json["id"] as? Int))
            secrets.insert(try #require(made.json["api_key"] as? String))
        }
        let id = try #require(ids.first)
        #expect(ids.count == 1 && secrets.count == 2 && secrets.allSatisfy { $0.hasPrefix("sk-audit-") })
        for place in ["/api/me/keys/", "/api/admin/keys/?user=\(stage.id(.user))"] {
            let reader = place.hasPrefix("/api/me") ? token : try await stage.access(.auditor)
            let list = try await stage.ask("GET", place, token: reader)
            let row = try #require((list.json["results"] as? [[String: Any]])?.first, "\(list.text)")
            #expect(row["name"] as? String == "Playground" && row["is_playground"] as? Bool == true)
            for secret in secrets { #expect(!list.text.contains(secret)) }
        }
        let changed = try await stage.ask("PATCH", "/api/me/keys/\(id)/", token: token, body: #"{"expires_at":null}"#)
        #expect(changed.status == 409 && changed.text.contains("playground_key"), "\(changed.text)")
    }

    @Test("an export is safe to open, exact, and noted; what another wrote never begins a formula")
    func exports() async throws {
        let stage = try await BooksStage()
        _ = try await stage.quota(of: .user)
        let call = try await stage.call(of: .user, charge: 2_000_000)
        let token = try await stage.access(.auditor)
        let csv = try await stage.ask("GET", "/api/admin/requests/export.csv", token: token)
        let lines = csv.text.split(separator: "\r\n")
        #expect(lines.count == 2 && lines[1].hasPrefix("\(call),"))
        #expect(lines[1].contains(",0.000002,") && lines[1].contains("\"'=cmd|' /C calc'!A0\""))
        let json = try await stage.ask("GET", "/api/admin/requests/export.jsonl?user=99", token: token)
        #expect(json.status == 200 && json.text.isEmpty)
        let log = try await stage.ask("GET", "/api/admin/audit-log/?kind=requests", token: token)
        #expect(
            (log.json["results"] as? [[String: Any]])?.compactMap { $0["actor"] as? String } == ["user 3", "user 3"]
        )
        let emails = (log.json["results"] as? [[String: Any]])?.compactMap { $0["actor_email"] as? String } ?? []
        #expect(emails.count == 2 && Set(emails).count == 1 && emails[0].contains("@"))
        #expect(
            CSV.line(["=1", "+1", "-1", "@x", "\tx", "\rx", "a,b", "a\"b", "a"].map { .text($0) } + [.plain("-1.50")])
                == "\"'=1\",\"'+1\",\"'-1\",\"'@x\",\"'\tx\",\"'\rx\",\"a,b\",\"a\"\"b\",a,-1.50\r\n"
        )
        for query in [
            "cursor=x", "cursor=~", "from=today", "state=done", "flag=x", "status_code=1e3", "min_cost=1,5", "user=0",
            "page_size=201", "page_size=0",
        ] {
            #expect(try await stage.ask("GET", "/api/admin/requests/?\(query)", token: token).status == 400, "\(query)")
        }
    }
}
