import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Admin

@Suite("users") struct UserRoutesTests {
    private typealias Stage = AdministrationStage

    // MARK: Who may what

    private static let routes = ownRoutes + CatalogStage.routes

    /// Each route, the least role that may use it, and what it answers then.
    static let ownRoutes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("POST", "/api/auth/login", nil, #"{"email":"nobody@example.com","password":"x"}"#, 401),
        ("POST", "/api/auth/refresh", nil, #"{"refresh":"x"}"#, 401),
        ("POST", "/api/auth/logout", .user, nil, 204),
        ("GET", "/api/auth/me", .user, nil, 200),
        ("PATCH", "/api/auth/me", .user, #"{"name":"New"}"#, 200),
        ("POST", "/api/auth/refresh-key", .user, nil, 200),
        ("GET", "/api/admin/users", .auditor, nil, 200),
        ("POST", "/api/admin/users", .admin, #"{"email":"new@example.com","name":"New"}"#, 201),
        ("GET", "/api/admin/users/{id}", .auditor, nil, 200),
        (
            "PUT", "/api/admin/users/{id}", .admin,
            #"{"email":"x@example.com","name":"X","role":"user","is_active":true,\#(rates)}"#, 200
        ),
        ("PATCH", "/api/admin/users/{id}", .admin, #"{"name":"New"}"#, 200),
        ("DELETE", "/api/admin/users/{id}", .admin, nil, 204),
        ("POST", "/api/admin/users/{id}/reset-key", .admin, nil, 200),
        ("GET", "/api/admin/stats/overview", .auditor, nil, 200),
        ("GET", "/api/admin/stats/users/{id}/requests", .auditor, nil, 200),
        ("GET", "/api/admin/stats/billing", .auditor, nil, 200),
        ("GET", "/api/me/stats/overview", .user, nil, 200),
        ("GET", "/api/me/stats/billing", .user, nil, 200),
        ("GET", "/api/admin/stats/flow", .auditor, nil, 200), ("GET", "/api/me/stats/flow", .user, nil, 200),
    ]

    /// What PUT wants of a rate limit.
    private static let rates = #""requests_per_minute":null,"tokens_per_minute":9,"concurrent_calls":null"#

    @Test("every route names who may use it, and is in a table")
    func everyRoute() async throws {
        let stage = try await AdministrationStage()
        let served = Set(stage.administration.operations.all.map { "\($0.method.rawValue) \($0.path) \($0.access)" })
        let known = RouteTable.all.map { route in
            "\(route.method) \(route.path) \(route.least.map(Operation.Access.atLeast) ?? .anyone)"
        }
        #expect(served == Set(known))
        for operation in stage.administration.operations.all where operation.path.hasPrefix("/api/admin") {
            guard case .atLeast(let role) = operation.access else {
                Issue.record("\(operation.path) is open")
                continue
            }
            #expect(role.covers(operation.method == .get ? .auditor : .admin))
        }
    }

    @Test("each role may do what it may, with and without a slash, and nothing else", arguments: Role.allCases)
    func matrix(role: Role) async throws {
        for slash in ["", "/"] {
            for route in Self.routes {
                let stage = try await AdministrationStage()
                let target = stage.books.add(email: "target@example.com", role: .user, passwordHash: nil)
                let id = try await stage.catalog.target(of: route.path) ?? target.id.rawValue
                let path = route.path.replacing("{id}", with: "\(id)") + slash
                let nobody = try await stage.ask(route.method, path, body: route.body)
                #expect(nobody.status == (route.least == nil ? route.status : 401), "\(route.method) \(path)")
                if route.least != nil { #expect(nobody.headers[.wwwAuthenticate] == "Bearer") }
                let token = try await stage.access(role)
                let before = stage.books.changes
                let (leaves, lookups) = (try stage.catalog.leaves, stage.catalog.lookups)
                let answer = try await stage.ask(route.method, path, token: token, body: route.body)
                let may = route.least.map { role.covers($0) } ?? true
                #expect(answer.status == (may ? route.status : 403), "\(role) \(route.method) \(path)")
                if !may {
                    #expect(answer.code == "permission_denied" && stage.books.changes == before)
                    #expect(try stage.catalog.leaves == leaves && stage.catalog.lookups == lookups)
                    // Whether an id exists is not told to those who may not ask.
                    let other = route.path.replacing("{id}", with: "999") + slash
                    let missing = try await stage.ask(route.method, other, token: token, body: route.body)
                    #expect(missing.status == 403 && missing.text == answer.text)
                }
            }
        }
    }

    @Test("only a super admin makes, changes, resets or removes super admins")
    func superAdmins() async throws {
        let attempts: [(String, String, String?)] = [
            ("POST", "", #"{"email":"new@example.com","name":"New","role":"super_admin"}"#),
            ("POST", "", #"{"email":"new@example.com","name":"New","is_super_admin":true}"#),
            ("PATCH", "/SELF", #"{"role":"super_admin"}"#), ("PATCH", "/SELF", #"{"is_super_admin":true}"#),
            ("PATCH", "/USER", #"{"role":"super_admin"}"#),
            (
                "PUT", "/USER",
                #"{"email":"u@example.com","name":"U","is_super_admin":true,"is_active":true,\#(Self.rates)}"#
            ),
            ("PATCH", "/SUPER", #"{"name":"X"}"#), ("PATCH", "/SUPER", #"{"role":"user"}"#),
            ("PATCH", "/SUPER", #"{"password":"a password of mine"}"#), ("PATCH", "/SUPER", "{}"),
            (
                "PUT", "/SUPER",
                #"{"email":"s@example.com","name":"S","role":"super_admin","is_active":true,\#(Self.rates)}"#
            ),
            ("DELETE", "/SUPER", nil), ("POST", "/SUPER/reset-key", nil),
        ]
        for (method, place, body) in attempts {
            for (role, isAllowed) in [(Role.admin, false), (.superAdmin, true)] {
                let stage = try await AdministrationStage()
                let other = stage.books.add(email: "other@example.com", role: .superAdmin, passwordHash: nil)
                let path =
                    "/api/admin/users"
                    + place.replacing("SELF", with: "\(stage.id(role))")
                    .replacing("USER", with: "\(stage.id(.user))").replacing("SUPER", with: "\(other.id)")
                let token = try await stage.access(role)
                let answer = try await stage.ask(method, path + "/", token: token, body: body)
                if isAllowed {
                    #expect((200...204).contains(answer.status), "\(method) \(path) \(body ?? "")")
                } else {
                    #expect(
                        answer.status == 403 && answer.code == "permission_denied",
                        "\(method) \(path) \(body ?? "")"
                    )
                    #expect(stage.books.changes.isEmpty)
                }
            }
        }
    }

    @Test("the last super admin stays")
    func lastSuperAdmin() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.superAdmin)
        let path = "/api/admin/users/\(stage.id(.superAdmin))/"
        for (method, body) in [
            ("DELETE", nil), ("PATCH", #"{"role":"admin"}"#), ("PATCH", #"{"is_super_admin":false}"#),
            ("PATCH", #"{"is_active":false}"#),
        ] as [(String, String?)] {
            let answer = try await stage.ask(method, path, token: token, body: body)
            #expect(answer.status == 409 && answer.code == "last_super_admin")
        }
    }

    // MARK: Writing

    @Test(
        "what a user is made of is named and checked",
        arguments: [
            (#"{"email":" New@Example.com ","name":" N ","role":"auditor","password":"twelve chars"}"#, 201, nil),
            (#"{"email":"n@x.y","name":"N"}"#, 201, nil),
            (#"{"email":"n@x.y","name":"N","is_super_admin":false}"#, 201, nil),
            (#"{"email":"n@x.y","name":"N","is_super_admin":true,"role":"super_admin"}"#, 201, nil),
            (#"{"name":"N"}"#, 400, "email"), (#"{"email":"n@x.y"}"#, 400, "name"),
            (#"{"email":"n","name":"N"}"#, 400, "email"), (#"{"email":"n@","name":"N"}"#, 400, "email"),
            (#"{"email":"n@x@y","name":"N"}"#, 400, "email"), (#"{"email":"n x@y","name":"N"}"#, 400, "email"),
            (#"{"email":"n\r\nx@y","name":"N"}"#, 400, "email"), (#"{"email":"né@y","name":"N"}"#, 400, "email"),
            (#"{"email":"\#(String(repeating: "n", count: 253))@y","name":"N"}"#, 400, "email"),
            (#"{"email":"n\u0000@y","name":"N"}"#, 400, "email"), (#"{"email":["n@y"],"name":"N"}"#, 400, "email"),
            (#"{"email":"n@y","name":"\u0000"}"#, 400, "name"), (#"{"email":"n@y","name":"  "}"#, 400, "name"),
            (#"{"email":"n@y","name":"\#(String(repeating: "中", count: 100))"}"#, 201, nil),
            (#"{"email":"n@y","name":"\#(String(repeating: "中", count: 101))"}"#, 400, "name"),
            (#"{"email":"n@y","name":"N","role":"root"}"#, 400, "role"),
            (#"{"email":"n@y","name":"N","role":null}"#, 400, "role"),
            (#"{"email":"n@y","name":"N","is_super_admin":"true"}"#, 400, "is_super_admin"),
            (#"{"email":"n@y","name":"N","is_super_admin":1}"#, 400, "is_super_admin"),
            (#"{"email":"n@y","name":"N","is_super_admin":true,"role":"user"}"#, 422, "is_super_admin"),
            (#"{"email":"n@y","name":"N","password":"eleven char"}"#, 400, "password"),
            (#"{"email":"n@y","name":"N","password":"\#(String(repeating: "x", count: 1_025))"}"#, 400, "password"),
            (#"{"email":"n@y","name":"N","id":7}"#, 400, "id"),
            (#"{"email":"n@y","name":"N","created_at":"2020-01-01T00:00:00Z"}"#, 400, "created_at"),
            (#"{"email":"n@y","name":"N","updated_at":null}"#, 400, "updated_at"),
            (#"{"email":"n@y","name":"N","api_key":"sk-audit-x"}"#, 400, "api_key"),
            (#"{"email":"n@y","name":"N","quota":"1000000"}"#, 400, "quota"),
            (#"{"email":"n@y","name":"N","user_id":1}"#, 400, "user_id"),
            (#"{"email":"n@y","name":"N","password_hash":"x"}"#, 400, "password_hash"),
            (#"{"email":"n@y","name":"N","is_active":true}"#, 400, "is_active"),
            (#"{"email":"user@example.com","name":"N"}"#, 409, "email"),
            (#"{"email":"USER@example.com","name":"N"}"#, 409, "email"),
            (#"{"email":"n@y","name":"N","name":"M"}"#, 400, "detail"), ("", 400, "detail"), ("[1]", 400, "detail"),
        ] as [(String, Int, String?)]
    )
    func create(body: String, status: Int, member: String?) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.superAdmin)
        let answer = try await stage.ask("POST", "/api/admin/users/", token: token, body: body)
        #expect(answer.status == status, "\(answer.text)")
        if let member {
            #expect(answer.json[member] != nil && stage.books.changes.isEmpty, "\(answer.text)")
            if member != "detail" { #expect(Set(answer.json.keys) == [member] && answer.json[member] is [String]) }
        } else {
            let id = try #require(answer.json["id"] as? Int)
            #expect(answer.headers[.location] == "/api/admin/users/\(id)/")
            let read = try await stage.ask("GET", "/api/admin/users/\(id)/", token: token)
            #expect(read.text == answer.text)
        }
        if body.contains("New@Example") {
            #expect(answer.json["email"] as? String == "new@example.com" && answer.json["name"] as? String == "N")
            #expect(stage.books.passwordHash("new@example.com") == FakePasswords.hashed("twelve chars"))
        }
    }

    @Test("all that is wrong is told at once")
    func severalProblems() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        let body = #"{"email":"x","role":"root","password":"short","quota":1}"#
        let answer = try await stage.ask("POST", "/api/admin/users/", token: token, body: body)
        #expect(answer.status == 400 && Set(answer.json.keys) == ["email", "name", "role", "password", "quota"])
    }

    @Test(
        "PUT is whole, PATCH is not",
        arguments: [
            ("PUT", #"{"email":"u@x.y","name":"U","role":"auditor","is_active":false,\#(rates)}"#, 200, nil),
            ("PUT", #"{"email":"u@x.y","name":"U","role":"auditor","is_active":false}"#, 400, "tokens_per_minute"),
            ("PATCH", #"{"tokens_per_minute":0}"#, 400, "tokens_per_minute"),
            ("PATCH", #"{"concurrent_calls":1000000000001}"#, 400, "concurrent_calls"),
            ("PATCH", #"{"requests_per_minute":"5"}"#, 400, "requests_per_minute"),
            (
                "PUT",
                #"{"email":"u@x.y","name":"U","is_super_admin":false,"is_active":true,"password":"twelve chars",\#(rates)}"#,
                200, nil
            ),
            ("PUT", #"{"name":"U","role":"user","is_active":true,\#(rates)}"#, 400, "email"),
            ("PUT", #"{"email":"u@x.y","role":"user","is_active":true,\#(rates)}"#, 400, "name"),
            ("PUT", #"{"email":"u@x.y","name":"U","is_active":true,\#(rates)}"#, 400, "role"),
            ("PUT", #"{"email":"u@x.y","name":"U","role":"user",\#(rates)}"#, 400, "is_active"),
            ("PUT", "{}", 400, "email"),
            ("PATCH", "{}", 200, nil), ("PATCH", #"{"is_active":false}"#, 200, nil),
            ("PATCH", #"{"is_active":0}"#, 400, "is_active"), ("PATCH", #"{"role":"admin"}"#, 200, nil),
            ("PATCH", #"{"email":"admin@example.com"}"#, 409, "email"),
            ("PATCH", #"{"email":"USER@example.com"}"#, 200, nil),
            ("PATCH", #"{"id":1}"#, 400, "id"), ("PATCH", #"{"created_at":"x"}"#, 400, "created_at"),
            ("PATCH", #"{"quota":1}"#, 400, "quota"), ("PATCH", #"{"is_super_admin":null}"#, 400, "is_super_admin"),
        ] as [(String, String, Int, String?)]
    )
    func update(method: String, body: String, status: Int, member: String?) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        let path = "/api/admin/users/\(stage.id(.user))/"
        let answer = try await stage.ask(method, path, token: token, body: body)
        #expect(answer.status == status, "\(answer.text)")
        if let member { #expect(answer.json[member] is [String] && stage.books.changes.isEmpty, "\(answer.text)") }
    }

    @Test("one's own password changes only beside the current one", arguments: [Role.admin, .superAdmin])
    func ownPassword(role: Role) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(role)
        let body = #"{"password":"a long new password"}"#
        let own = try await stage.ask("PATCH", "/api/admin/users/\(stage.id(role))/", token: token, body: body)
        #expect(own.status == 422 && own.json["password"] is [String] && stage.books.changes.isEmpty)
        let path = "/api/admin/users/\(stage.id(.user))/"
        #expect(try await stage.ask("PATCH", path, token: token, body: body).status == 200)
        #expect(stage.books.passwordHash(Stage.email(.user)) == FakePasswords.hashed("a long new password"))
    }

    @Test("what is already so is no change, and ends no session")
    func noChange() async throws {
        let stage = try await AdministrationStage()
        let admin = try await stage.access(.admin)
        let user = try await stage.access(.user)
        let rates = #""requests_per_minute":null,"tokens_per_minute":null,"concurrent_calls":null"#
        let body = #"{"email":"user@example.com","name":"Name","role":"user","is_active":true,\#(rates)}"#
        let path = "/api/admin/users/\(stage.id(.user))/"
        #expect(try await stage.ask("PUT", path, token: admin, body: body).status == 200)
        #expect(stage.books.changes.isEmpty)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: user).status == 200)
    }

    @Test("a user's rate limit is written, shown and taken away; it ends no session, and nobody sets their own")
    func rateLimit() async throws {
        let stage = try await BooksStage()
        let (admin, user) = (try await stage.access(.admin), try await stage.access(.user))
        let new = #"{"email":"n@x.y","name":"N","tokens_per_minute":1000,"concurrent_calls":2}"#
        let made = try await stage.ask("POST", "/api/admin/users/", token: admin, body: new)
        #expect(made.status == 201 && made.json["tokens_per_minute"] as? Int == 1_000, "\(made.text)")
        #expect(made.json["concurrent_calls"] as? Int == 2 && made.json["requests_per_minute"] is NSNull)
        let path = "/api/admin/users/\(stage.id(.user))/"
        for (body, shown) in [
            (#"{"requests_per_minute":60,"tokens_per_minute":7}"#, [60, 7, nil]), (#"{"name":"Other"}"#, [60, 7, nil]),
            (#"{"requests_per_minute":null}"#, [nil, 7, nil]),
        ] as [(String, [Int?])] {
            let answer = try await stage.ask("PATCH", path, token: admin, body: body)
            let read = try await stage.ask("GET", path, token: admin)
            let rates = RateLimit.Measure.allCases.map { read.json[$0.rawValue] as? Int }
            #expect(answer.status == 200 && answer.text == read.text && rates == shown, "\(body)")
        }
        let own = try await stage.ask("GET", "/api/auth/me/", token: user)
        #expect(own.status == 200 && own.json["tokens_per_minute"] as? Int == 7)
        for measure in RateLimit.Measure.allCases.map(\.rawValue) {
            let answer = try await stage.ask("PATCH", "/api/auth/me/", token: user, body: #"{"\#(measure)":null}"#)
            #expect(answer.status == 400 && answer.json[measure] is [String])
        }
    }

    @Test("deleting deactivates, and a key's reset shows it once")
    func deleteAndReset() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        let path = "/api/admin/users/\(stage.id(.user))"
        let reset = try await stage.ask("POST", path + "/reset-key/", token: token)
        #expect(Set(reset.json.keys) == ["api_key"] && (reset.json["api_key"] as? String)?.count == 41)
        #expect(try await stage.ask("POST", path + "/reset-key/", token: token, body: #"{"name":"x"}"#).status == 400)
        let gone = try await stage.ask("DELETE", path, token: token)
        #expect(gone.status == 204 && gone.text.isEmpty)
        #expect(try await stage.ask("DELETE", path, token: token).status == 204)
        #expect(try await stage.ask("GET", path, token: token).json["is_active"] as? Bool == false)
    }

    @Test(
        "an id that names nobody is 404, however it is written",
        arguments: [
            "999", "0", "-1", "+1", "01", "x", "1x", "9223372036854775808", "99999999999999999999", "%31", "1%00",
            "1;2", "é",
        ]
    )
    func missing(id: String) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        var texts: Set<String> = []
        for (method, place) in [("GET", ""), ("PATCH", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/reset-key")] {
            let body = method == "GET" || method == "DELETE" ? nil : "{}"
            let answer = try await stage.ask(method, "/api/admin/users/\(id)\(place)/", token: token, body: body)
            #expect(answer.status == 404 && answer.code == "not_found")
            texts.insert(answer.text)
        }
        #expect(texts.count == 1)
    }

    // MARK: Lists

    private func list(
        _ stage: AdministrationStage,
        _ query: String,
        host: String? = "localhost:8080",
        headers: AdministrationStage.Fields = []
    ) async throws -> AdministrationStage.Answer {
        let token = try await stage.access(.auditor)
        return try await stage.ask("GET", "/api/admin/users?\(query)", token: token, headers: headers, host: host)
    }

    @Test("pages follow one another by absolute links that keep the rest of the query")
    func pages() async throws {
        let stage = try await AdministrationStage()
        for index in 0..<7 { stage.books.add(email: "more\(index)@example.com", role: .user, passwordHash: nil) }
        let query = "search=more&page_size=3&role=user&is_active=true&ordering=-created_at"
        var seen: [Int] = []
        var next: String? = "http://localhost:8080/api/admin/users/?\(query)"
        var last: AdministrationStage.Answer?
        while let link = next {
            #expect(link.hasPrefix("http://localhost:8080/api/admin/users/?"))
            let answer = try await list(stage, String(link.split(separator: "?")[1]))
            #expect(answer.status == 200 && Set(answer.json.keys) == ["count", "next", "previous", "results"])
            #expect(answer.json["count"] as? Int == 7)
            seen += (answer.json["results"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? Int }
            next = answer.json["next"] as? String
            last = answer
        }
        #expect(seen == Array((5...11).reversed()))
        let previous = try #require(last?.json["previous"] as? String)
        #expect(previous == "http://localhost:8080/api/admin/users/?\(query)&page=2")
        let asked = try #require(stage.books.queries.last)
        #expect(asked.search == "more" && asked.role == .user && asked.isActive == true)
        #expect(
            asked.window.order == .createdAt && asked.window.isDescending && asked.window.offset == 6
                && asked.window.limit == 3
        )
    }

    @Test(
        "the first page is there when it is empty; others are not",
        arguments: [
            ("page=1&search=nobody", 200), ("page=2", 404), ("page=0", 404), ("page=-1", 404), ("page=x", 404),
            ("page=1.0", 404), ("page=%D9%A1", 404), ("page=9223372036854775807", 404), ("page=46116860184273879", 404),
            ("page=99999999999999999999", 404), ("page=1e9", 404), ("page=", 200),
        ]
    )
    func pageRange(query: String, status: Int) async throws {
        let answer = try await list(try await AdministrationStage(), query)
        #expect(answer.status == status, "\(answer.text)")
        if status == 404 { #expect(answer.json["detail"] as? String == "Invalid page.") }
    }

    @Test(
        "what a list is asked is read strictly",
        arguments: [
            ("page_size=200", nil), ("page_size=201", "page_size"), ("page_size=0", "page_size"),
            ("page_size=x", "page_size"), ("role=root", "role"), ("role=super_admin", nil),
            ("is_active=maybe", "is_active"),
            ("is_active=false", nil), ("ordering=password_hash", "ordering"), ("ordering=-", "ordering"),
            ("ordering=email,name", "ordering"), ("ordering=--id", "ordering"), ("ordering=-created_at", nil),
            ("search=%00", "search"), ("search=\(String(repeating: "a", count: 255))", "search"),
            ("search=%25_%27%3B--", nil), ("search=%FF", "non_field_errors"), ("search=%", "non_field_errors"),
            ("search=a&search=b", "search"), ("unknown=1", "unknown"), ("Role=user", "Role"), ("=1", ""), ("&&=&", nil),
            ("search", nil),
        ] as [(String, String?)]
    )
    func listQuery(query: String, member: String?) async throws {
        let stage = try await AdministrationStage()
        let answer = try await list(stage, query)
        #expect(answer.status == (member == nil ? 200 : 400), "\(answer.text)")
        if let member { #expect(answer.json[member] is [String]) }
        if query.contains("%27") { #expect(stage.books.queries.last?.search == "%_';--") }
    }

    @Test(
        "links are built only from a host that is one, with the scheme it was asked by",
        arguments: [
            ("localhost:8080", [], "http://localhost:8080/"), ("[::1]:8080", [], "http://[::1]:8080/"),
            ("Audit.example.com", ["X-Forwarded-Proto: https"], "https://audit.example.com/"),
            ("a?x", [], nil), ("a/b", [], nil), ("a b", [], nil), ("", [], nil), (nil, [], nil), ("user@host", [], nil),
            ("host:99999", [], nil), ("host:", [], nil), ("\"><script>", [], nil), ("é", [], nil), ("[::1", [], nil),
        ] as [(String?, [String], String?)]
    )
    func hosts(host: String?, fields: [String], prefix: String?) async throws {
        let stage = try await AdministrationStage()
        let headers = fields.map { (name: "X-Forwarded-Proto", value: String($0.split(separator: " ")[1])) }
        let answer = try await list(stage, "page_size=1", host: host, headers: headers)
        #expect(answer.status == (prefix == nil ? 400 : 200))
        if let prefix {
            #expect(answer.json["next"] as? String == prefix + "api/admin/users/?page_size=1&page=2")
        } else {
            #expect(answer.code == "invalid_host")
        }
    }

    // MARK: Around the routes

    @Test(
        "what may be asked is told by OPTIONS and by 405",
        arguments: [
            ("/api/auth/login/", "POST, OPTIONS"), ("/api/auth/me", "GET, HEAD, PATCH, OPTIONS"),
            ("/api/admin/users/", "GET, HEAD, POST, OPTIONS"),
            ("/api/admin/users/1/", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
            ("/api/admin/users/1/reset-key", "POST, OPTIONS"),
        ]
    )
    func methods(path: String, allow: String) async throws {
        let stage = try await AdministrationStage()
        let options = try await stage.ask("OPTIONS", path)
        #expect(options.status == 204 && options.headers[.allow] == allow)
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] where !allow.contains(method) {
            let answer = try await stage.ask(method, path, body: "{}")
            #expect(answer.status == 405 && answer.headers[.allow] == allow && answer.code == "method_not_allowed")
        }
    }

    @Test(
        "what is not there is 404",
        arguments: [
            "/api/auth", "/api/admin", "/api/admin/", "/api/admin/user", "/api/admin/users/1/2", "/api/Auth/login",
            "/api/admin/users/1/reset-key/x", "/api/admin/users/..", "/api/admin/users%2F1", "/api",
            "/api/auth/login;x",
        ]
    )
    func nothing(path: String) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.superAdmin)
        let answer = try await stage.ask("GET", path, token: token)
        #expect(answer.status == 404 && answer.json["detail"] is String)
    }

    @Test("without an administration there is nothing to ask")
    func absent() async throws {
        for path in ["/api/auth/login/", "/api/auth/me/", "/api/admin/users/", "/api/admin/users/1/"] {
            for method in [HTTPRequest.Method.get, .post, .options] {
                #expect(try await ControlPlaneTests().ask(method, path).status == 404)
            }
        }
    }

    @Test("a database that does not answer is 503, and why stays in the log")
    func unavailable() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.superAdmin)
        stage.books.setDown(true)
        for route in Self.routes where route.least != nil {
            let path = route.path.replacing("{id}", with: "1")
            let answer = try await stage.ask(route.method, path, token: token, body: route.body)
            #expect(answer.status == 503 && answer.headers[.retryAfter] == "1" && !answer.text.contains("db-7"))
        }
        #expect(stage.log.lines.contains { $0.metadata["cause"]?.contains("db-7") == true })
    }

    @Test("a hasher with a full queue is 503")
    func busy() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.superAdmin)
        stage.passwords.setBusy(true)
        let body = #"{"email":"n@x.y","name":"N","password":"twelve chars"}"#
        #expect(try await stage.ask("POST", "/api/admin/users/", token: token, body: body).status == 503)
        #expect(stage.books.changes.isEmpty)
    }

    @Test("no secret is in a log, nor in an answer that did not make it")
    func canaries() async throws {
        let stage = try await AdministrationStage()
        let pair = try await stage.logIn(.superAdmin)
        let user = stage.id(.user)
        var answers: [String] = []
        var keys: [String] = []
        for isDown in [false, true] {
            for route in Self.routes where route.path != "/api/auth/logout" {
                for body in [
                    route.body, #"{"password":"canary-password","x":"canary-field"}"#, #"{"password":"canary-"#,
                ] {
                    stage.books.setDown(isDown)
                    let path = route.path.replacing("{id}", with: "\(user)")
                    let answer = try await stage.ask(route.method, path, token: pair.access, body: body)
                    answers.append(answer.text)
                    if let key = answer.json["api_key"] as? String, key.hasPrefix("sk-audit-") { keys.append(key) }
                }
            }
        }
        stage.books.setDown(false)
        _ = try await stage.ask("POST", "/api/auth/refresh/", body: #"{"refresh":"\#(pair.refresh)"}"#)
        _ = try await stage.ask("POST", "/api/auth/refresh/", body: #"{"refresh":"\#(pair.refresh)"}"#)
        #expect(!keys.isEmpty)
        let logged = stage.log.lines.map { "\($0.message) \($0.metadata)" }.joined(separator: "\n")
        for secret in keys + [Stage.password, pair.access, pair.refresh, "canary-", "hashed:"] {
            #expect(!logged.contains(secret))
            #expect(answers.count { $0.contains(secret) } <= (keys.contains(secret) ? 1 : 0))
        }
    }
}
