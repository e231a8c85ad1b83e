import Domain
import HTTPTypes
import Logging
import Testing

@testable import Admin

@Suite("sessions") struct SessionRoutesTests {
    private typealias Stage = AdministrationStage

    // MARK: Login

    @Test("a login gives tokens and the user", arguments: Role.allCases)
    func login(role: Role) async throws {
        let stage = try await AdministrationStage()
        let answer = try await stage.ask("POST", "/api/auth/login/", body: Stage.credentials(Stage.email(role)))
        #expect(answer.status == 200 && Set(answer.json.keys) == ["access", "refresh", "user"])
        let user = try #require(answer.json["user"] as? [String: Any])
        #expect(
            Set(user.keys) == [
                "id", "email", "name", "role", "is_super_admin", "is_active", "api_key", "requests_per_minute",
                "tokens_per_minute", "concurrent_calls", "created_at", "updated_at",
            ]
        )
        #expect(user["role"] as? String == role.rawValue)
        #expect(user["is_super_admin"] as? Bool == (role == .superAdmin))
        #expect(user["created_at"] as? String == "2026-07-24T09:30:00Z")
        #expect(answer.headers[.cacheControl] == "no-store" && answer.cookies.isEmpty)
    }

    @Test("an email is trimmed and has no capitals")
    func spelling() async throws {
        let stage = try await AdministrationStage()
        let body = Stage.credentials("  Admin@Example.COM ")
        #expect(try await stage.ask("POST", "/api/auth/login", body: body).status == 200)
    }

    @Test("unknown, wrong and inactive are one answer for the same work")
    func wrongCredentials() async throws {
        let stage = try await AdministrationStage()
        stage.books.add(email: "nologin@example.com", role: .user, passwordHash: nil)
        stage.books.setInactive(Stage.email(.auditor))
        var texts: Set<String> = []
        let cases = [
            (Stage.email(.admin), "wrong password"), ("nobody@example.com", Stage.password),
            (Stage.email(.auditor), Stage.password), ("nologin@example.com", Stage.password),
        ]
        for (index, (email, password)) in cases.enumerated() {
            let answer = try await stage.ask("POST", "/api/auth/login/", body: Stage.credentials(email, password))
            #expect(answer.status == 401 && answer.code == "invalid_credentials")
            #expect(answer.headers[.wwwAuthenticate] == "Bearer")
            texts.insert(answer.text)
            #expect(stage.passwords.count == index + 1)
            #expect(stage.books.failures.count == index + 1)
        }
        #expect(texts.count == 1)
        #expect(stage.books.failures.map { $0.user != nil } == [true, false, true, true])
        #expect(Set(stage.books.failures.map(\.address)) == ["127.0.0.1"])
    }

    @Test(
        "a body that is none is refused, never with 500",
        arguments: [
            ("{}", 400, ["email", "password"]), (#"{"email":1,"password":null}"#, 400, ["email", "password"]),
            (#"{"email":"a@b","password":["x"]}"#, 400, ["password"]),
            (#"{"email":"a@b\u0000","password":"x"}"#, 400, ["email"]),
            (#"{"email":"a@b","password":"x","is_super_admin":true}"#, 400, ["is_super_admin"]),
            (#"{"email":"a@b","email":"c@d","password":"x"}"#, 400, ["detail"]), ("", 400, ["detail"]),
            ("[]", 400, ["detail"]), ("{", 400, ["detail"]), ("null", 400, ["detail"]),
            (#"{"email":"a@b","password":"\#(String(repeating: "x", count: 5_000))"}"#, 400, ["password"]),
            (#"{"email":"a@b","password":"\#(String(repeating: "x", count: 70_000))"}"#, 413, ["detail"]),
        ] as [(String, Int, [String])]
    )
    func badBodies(body: String, status: Int, members: [String]) async throws {
        let stage = try await AdministrationStage()
        let answer = try await stage.ask("POST", "/api/auth/login/", body: body)
        #expect(answer.status == status)
        #expect(members.allSatisfy { answer.json[$0] != nil }, "\(answer.text)")
        #expect(stage.passwords.count == 0)
    }

    @Test(
        "a body is JSON in UTF-8 by its type too",
        arguments: [
            ("application/json", 401), ("application/json; charset=utf-8", 401),
            ("Application/JSON;charset=\"UTF-8\"", 401),
            ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/json; charset=latin1", 415),
            ("multipart/form-data; boundary=x", 415), ("application/jsonx", 415), (nil, 415),
        ] as [(String?, Int)]
    )
    func contentTypes(type: String?, status: Int) async throws {
        let stage = try await AdministrationStage()
        let body = Stage.credentials("nobody@example.com")
        #expect(try await stage.ask("POST", "/api/auth/login/", body: body, type: type).status == status)
    }

    @Test("a compressed body is refused; a length beyond the limit is, before it is read")
    func bodyFields() async throws {
        let stage = try await AdministrationStage()
        let body = Stage.credentials("nobody@example.com")
        let compressed = try await stage.ask(
            "POST",
            "/api/auth/login/",
            body: body,
            headers: [("Content-Encoding", "gzip")]
        )
        let long = try await stage.ask("POST", "/api/auth/login/", body: body, headers: [("Content-Length", "65537")])
        #expect(compressed.status == 415 && long.status == 413)
    }

    @Test(
        "passwords cross no network in plain text",
        arguments: [
            ("127.0.0.1", "localhost:8080", [], 200, 200), ("::1", "[::1]:8080", [], 200, 200),
            ("::ffff:127.0.0.1", "127.0.0.1", [], 200, 200), ("203.0.113.7", "localhost", [], 403, 200),
            ("203.0.113.7", "localhost", ["X-Forwarded-Proto: https"], 403, 200), (nil, "localhost", [], 403, 200),
            ("127.0.0.1", "audit.example.com", [], 403, 200),
            ("127.0.0.1", "audit.example.com", ["X-Forwarded-Proto: https"], 200, 200),
            ("127.0.0.1", "localhost", ["X-Forwarded-Proto: http"], 403, 200),
            ("127.0.0.1", "localhost", ["X-Forwarded-For: 203.0.113.7"], 403, 200),
            ("127.0.0.1", "localhost", ["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], 403, 200),
            ("2001:db8::1", "localhost", [], 403, 200),
        ] as [(String?, String, [String], Int, Int)]
    )
    func transport(address: String?, host: String, fields: [String], strict: Int, insecure: Int) async throws {
        for (allows, status) in [(false, strict), (true, insecure)] {
            let stage = try await AdministrationStage(allowsInsecureHTTP: allows)
            let answer = try await stage.ask(
                "POST",
                "/api/auth/login/",
                body: Stage.credentials(Stage.email(.admin)),
                headers: fields.map { line in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return (String(parts[0]), String(parts[1].dropFirst()))
                },
                from: address,
                host: host
            )
            #expect(answer.status == status)
            if status == 403 {
                #expect(answer.code == "insecure_transport" && stage.passwords.count == 0)
                #expect(answer.text.contains("insecure_http"))
            }
        }
    }

    @Test(
        "a proxy that is trusted is believed about protocol and address; nobody else is",
        arguments: [
            ("10.0.0.1", ["X-Forwarded-Proto: https", "X-Forwarded-For: 6.6.6.6, 203.0.113.7"], 200, "203.0.113.7"),
            ("10.0.0.1", ["X-Forwarded-Proto: https"], 200, "10.0.0.1"), ("10.0.0.1", [], 403, nil),
            ("10.0.0.1", ["X-Forwarded-Proto: http", "X-Forwarded-For: 127.0.0.1"], 403, nil),
            ("11.0.0.1", ["X-Forwarded-Proto: https", "X-Forwarded-For: 127.0.0.1"], 403, nil),
            ("127.0.0.1", ["X-Forwarded-Proto: https", "X-Forwarded-For: 203.0.113.7"], 200, "127.0.0.1"),
        ] as [(String, [String], Int, String?)]
    )
    func trustedProxies(peer: String, fields: [String], status: Int, address: String?) async throws {
        let stage = try await AdministrationStage(trustedProxies: ["10.0.0.0/16"])
        let answer = try await stage.ask(
            "POST",
            "/api/auth/login/",
            body: Stage.credentials(Stage.email(.admin)),
            headers: fields.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), String(parts[1].dropFirst()))
            },
            from: peer
        )
        #expect(answer.status == status)
        #expect(stage.books.sessionAddresses == (address.map { [$0] } ?? []))
    }

    @Test("guessing is slowed down for the guesser alone, without a check")
    func throttle() async throws {
        let stage = try await AdministrationStage(allowsInsecureHTTP: true)
        let email = Stage.email(.admin)
        let wrong = Stage.credentials(email, "wrong password")
        for _ in 0..<5 {
            #expect(try await stage.ask("POST", "/api/auth/login/", body: wrong, from: "203.0.113.7").status == 401)
        }
        // Also the right one has to wait, or it would be told from wrong ones.
        let right = Stage.credentials(email)
        let answer = try await stage.ask("POST", "/api/auth/login/", body: right, from: "203.0.113.7")
        #expect(answer.status == 429 && answer.headers[.retryAfter] == "1" && answer.code == "throttled")
        #expect(stage.passwords.count == 5)
        #expect(try await stage.ask("POST", "/api/auth/login/", body: right, from: "203.0.113.8").status == 200)
        stage.clock.advance(seconds: 1)
        #expect(try await stage.ask("POST", "/api/auth/login/", body: right, from: "203.0.113.7").status == 200)
        #expect(try await stage.ask("POST", "/api/auth/login/", body: wrong, from: "203.0.113.7").status == 401)
    }

    @Test("many guesses at once are no way around it")
    func throttleTogether() async throws {
        let stage = try await AdministrationStage()
        let wrong = Stage.credentials(Stage.email(.admin), "wrong password")
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 {
                group.addTask { try await stage.ask("POST", "/api/auth/login/", body: wrong).status }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [401: 5, 429: 195] && stage.passwords.count == 5)
    }

    @Test("an IPv6 network is one guesser")
    func throttleNetwork() async throws {
        let stage = try await AdministrationStage(allowsInsecureHTTP: true)
        let wrong = Stage.credentials(Stage.email(.admin), "wrong password")
        for index in 0..<5 {
            _ = try await stage.ask("POST", "/api/auth/login/", body: wrong, from: "2001:db8::\(index)")
        }
        #expect(try await stage.ask("POST", "/api/auth/login/", body: wrong, from: "2001:db8::99").status == 429)
        #expect(try await stage.ask("POST", "/api/auth/login/", body: wrong, from: "2001:db8:0:1::99").status == 401)
    }

    @Test("no answer about a password counts as none")
    func unavailable() async throws {
        let stage = try await AdministrationStage()
        let body = Stage.credentials(Stage.email(.admin))
        stage.passwords.setBusy(true)
        for _ in 0..<9 {
            let answer = try await stage.ask("POST", "/api/auth/login/", body: body)
            #expect(answer.status == 503 && answer.headers[.retryAfter] == "1")
        }
        stage.passwords.setBusy(false)
        stage.books.setDown(true)
        for _ in 0..<9 {
            let answer = try await stage.ask("POST", "/api/auth/login/", body: body)
            #expect(answer.status == 503 && !answer.text.contains("db-7"))
        }
        #expect(stage.log.lines.contains { $0.metadata["cause"]?.contains("db-7") == true })
        stage.books.setDown(false)
        #expect(try await stage.ask("POST", "/api/auth/login/", body: body).status == 200)
    }

    // MARK: Refresh and end

    private func refresh(_ stage: AdministrationStage, _ token: String) async throws -> AdministrationStage.Answer {
        try await stage.ask("POST", "/api/auth/refresh/", body: #"{"refresh":"\#(token)"}"#)
    }

    @Test("a refresh token is traded once; a second time ends the session")
    func rotation() async throws {
        let stage = try await AdministrationStage()
        let first = try await stage.logIn(.admin)
        let answer = try await refresh(stage, first.refresh)
        #expect(answer.status == 200 && Set(answer.json.keys) == ["access", "refresh"])
        let access = try #require(answer.json["access"] as? String)
        let second = try #require(answer.json["refresh"] as? String)
        #expect(second != first.refresh)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: access).status == 200)

        let again = try await refresh(stage, first.refresh)
        #expect(again.status == 401 && again.code == "refresh_not_valid")
        #expect(stage.log.lines.contains { $0.level == .warning && $0.metadata["user"] == "\(stage.id(.admin))" })
        #expect(try await refresh(stage, second).status == 401)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: access).status == 401)
    }

    @Test("what is no refresh token is 401, what is no text 400")
    func refreshInput() async throws {
        let stage = try await AdministrationStage()
        let pair = try await stage.logIn(.admin)
        for token in ["", "x", pair.access, pair.refresh + "A", String(pair.refresh.dropLast()), pair.refresh + "="] {
            #expect(try await refresh(stage, token).status == 401)
        }
        #expect(try await stage.ask("POST", "/api/auth/refresh/", body: "{}").status == 401)
        for body in [#"{"refresh":null}"#, #"{"refresh":1}"#, #"{"refresh":"x","sid":1}"#] {
            #expect(try await stage.ask("POST", "/api/auth/refresh/", body: body).status == 400)
        }
        #expect(try await stage.ask("GET", "/api/auth/me/", token: pair.refresh).status == 401)
        #expect(try await refresh(stage, pair.refresh).status == 200)
    }

    @Test("a logout, a change of role, of activity, of password hold at the next request")
    func ends() async throws {
        for end in 0..<4 {
            let stage = try await AdministrationStage()
            let pair = try await stage.logIn(.auditor)
            #expect(try await stage.ask("GET", "/api/admin/users/", token: pair.access).status == 200)
            switch end {
            case 0: #expect(try await stage.ask("POST", "/api/auth/logout/", token: pair.access).status == 204)
            case 1: stage.books.setRole(of: Stage.email(.auditor), to: .user)
            case 2: stage.books.setInactive(Stage.email(.auditor))
            default:
                let body = #"{"password":"another long password","current_password":"\#(Stage.password)"}"#
                #expect(try await stage.ask("PATCH", "/api/auth/me/", token: pair.access, body: body).status == 200)
            }
            #expect(try await stage.ask("GET", "/api/admin/users/", token: pair.access).status == 401)
            #expect(try await refresh(stage, pair.refresh).status == 401)
        }
    }

    @Test("an access token ends after ten minutes, its session after fourteen days")
    func expiry() async throws {
        let stage = try await AdministrationStage()
        let pair = try await stage.logIn(.user)
        stage.clock.advance(seconds: 631)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: pair.access).status == 401)
        let fresh = try await refresh(stage, pair.refresh)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: fresh.json["access"] as? String).status == 200)
        stage.clock.advance(seconds: 14 * 86_400 - 631)
        #expect(try await stage.ask("GET", "/api/auth/me/", token: fresh.json["access"] as? String).status == 401)
    }

    // MARK: Me

    @Test(
        "what users change of themselves is named",
        arguments: [
            (#"{"name":"  New name "}"#, 200, nil), ("{}", 200, nil), (#"{"name":""}"#, 400, "name"),
            (#"{"name":"a\u0000"}"#, 400, "name"), (#"{"name":"a\nb"}"#, 400, "name"), (#"{"name":7}"#, 400, "name"),
            (#"{"name":"\#(String(repeating: "n", count: 101))"}"#, 400, "name"),
            (#"{"email":"x@y"}"#, 400, "email"), (#"{"role":"super_admin"}"#, 400, "role"),
            (#"{"is_super_admin":true}"#, 400, "is_super_admin"), (#"{"is_active":true}"#, 400, "is_active"),
            (#"{"id":1}"#, 400, "id"), (#"{"quota":"5"}"#, 400, "quota"), (#"{"user_id":5}"#, 400, "user_id"),
            (#"{"created_at":"2020-01-01T00:00:00Z"}"#, 400, "created_at"),
            (#"{"password":"a long new password"}"#, 400, "current_password"),
            (#"{"password":"a long new password","current_password":"wrong"}"#, 422, "current_password"),
            (#"{"password":"short","current_password":"correct horse battery"}"#, 400, "password"),
            (#"{"password_hash":"x"}"#, 400, "password_hash"),
        ] as [(String, Int, String?)]
    )
    func changeMe(body: String, status: Int, member: String?) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.user)
        let answer = try await stage.ask("PATCH", "/api/auth/me/", token: token, body: body)
        #expect(answer.status == status, "\(answer.text)")
        if let member { #expect(answer.json[member] is [String] && stage.books.changes.isEmpty) }
        if body.contains("New name") { #expect(answer.json["name"] as? String == "New name") }
    }

    @Test("a stolen session does not guess the password either")
    func currentPassword() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.user)
        let body = #"{"password":"a long new password","current_password":"wrong"}"#
        for _ in 0..<5 {
            #expect(try await stage.ask("PATCH", "/api/auth/me/", token: token, body: body).status == 422)
        }
        #expect(try await stage.ask("PATCH", "/api/auth/me/", token: token, body: body).status == 429)
    }

    @Test("users renew their own key, and see it once", arguments: Role.allCases)
    func refreshKey(role: Role) async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(role)
        for body in [nil, "{}"] as [String?] {
            let answer = try await stage.ask("POST", "/api/auth/refresh-key/", token: token, body: body)
            #expect(answer.status == 200 && Set(answer.json.keys) == ["api_key"])
        }
        let other = try await stage.ask("POST", "/api/auth/refresh-key/", token: token, body: #"{"user_id":1}"#)
        #expect(other.status == 400)
        let user = stage.id(role)
        #expect(stage.books.changes == Array(repeating: "user \(user) renewed the key of \(user)", count: 2))
    }

    // MARK: Cookies

    /// A browser's sign-in: its cookies, and what its page sends along.
    private func browser(_ stage: AdministrationStage, _ role: Role) async throws -> (
        cookies: [String: String], csrf: String
    ) {
        let answer = try await stage.ask(
            "POST",
            "/api/auth/login/",
            body: Stage.credentials(Stage.email(role)),
            headers: [("X-TokenAudit-Cookies", "1"), ("Sec-Fetch-Site", "same-origin")]
        )
        #expect(answer.status == 200 && Set(answer.json.keys) == ["user"])
        #expect(!answer.text.contains(try #require(answer.cookies[CookieJar.access])))
        for line in answer.headers[values: .setCookie] {
            #expect(line.contains("; Path=/;") && line.contains("; Secure") && line.hasSuffix("; SameSite=Strict"))
            #expect(!line.contains("Domain") && line.contains("; HttpOnly") != line.hasPrefix(CookieJar.csrf))
        }
        return (answer.cookies, try #require(answer.cookies[CookieJar.csrf]))
    }

    private func line(_ cookies: [String: String]) -> String {
        cookies.map { "\($0)=\($1)" }.joined(separator: "; ")
    }

    @Test(
        "what a cookie allows, only our own page may ask for",
        arguments: [
            (["Sec-Fetch-Site: same-origin"], true, 200), (["Origin: http://localhost"], true, 200),
            (["Origin: https://localhost"], true, 200),
            // The browser's own word counts where a proxy has changed the host.
            (["Origin: https://audit.example.com", "Sec-Fetch-Site: same-origin"], true, 200),
            ([], true, 403), (["Sec-Fetch-Site: cross-site"], true, 403), (["Sec-Fetch-Site: same-site"], true, 403),
            (["Sec-Fetch-Site: none"], true, 403), (["Origin: null"], true, 403),
            (["Origin: http://localhost.evil.example"], true, 403), (["Origin: http://localhost:9"], true, 403),
            (["Origin: http://localhost", "Origin: http://evil.example"], true, 403),
            (["Origin: http://localhost", "Sec-Fetch-Site: cross-site"], true, 403),
            (["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"], true, 403),
            (["Sec-Fetch-Site: same-origin"], false, 403),
        ] as [([String], Bool, Int)]
    )
    func csrf(fields: [String], hasToken: Bool, status: Int) async throws {
        let stage = try await AdministrationStage()
        let (cookies, csrf) = try await browser(stage, .user)
        var headers: Stage.Fields = fields.map { field in
            let parts = field.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), String(parts[1].dropFirst()))
        }
        headers.append(("Cookie", line(cookies)))
        if hasToken { headers.append(("X-CSRF-Token", csrf)) }
        let body = #"{"name":"Changed"}"#
        let answer = try await stage.ask("PATCH", "/api/auth/me/", body: body, headers: headers)
        #expect(answer.status == status)
        if status == 403 { #expect(answer.code == "csrf_failed" && stage.books.changes.isEmpty) }
        // Reading needs neither: another site cannot see the answer.
        #expect(try await stage.ask("GET", "/api/auth/me/", headers: [("Cookie", line(cookies))]).status == 200)
        #expect(try await stage.ask("HEAD", "/api/auth/me/", headers: [("Cookie", line(cookies))]).status == 200)
        for path in ["/api/auth/refresh/", "/api/auth/logout/", "/api/auth/refresh-key/"] where status == 403 {
            #expect(try await stage.ask("POST", path, headers: headers).status == 403)
        }
    }

    @Test("a CSRF token has to be the cookie's own")
    func csrfToken() async throws {
        let stage = try await AdministrationStage()
        let (cookies, csrf) = try await browser(stage, .user)
        var planted = cookies
        planted[CookieJar.csrf] = nil
        for (cookie, token) in [
            (line(cookies), csrf + "x"), (line(cookies), ""), (line(planted), csrf), (line(planted), ""),
            (line(planted) + "; \(CookieJar.csrf)=", ""),
            (line(cookies) + "; \(CookieJar.csrf)=planted", "planted"),
        ] {
            let answer = try await stage.ask(
                "POST",
                "/api/auth/refresh-key/",
                headers: [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin"), ("X-CSRF-Token", token)]
            )
            #expect(answer.status == 403)
        }
    }

    @Test("another site signs nobody in")
    func loginFromElsewhere() async throws {
        let stage = try await AdministrationStage()
        for field in [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example"), ("X-Other", "1")] {
            let answer = try await stage.ask(
                "POST",
                "/api/auth/login/",
                body: Stage.credentials(Stage.email(.user)),
                headers: [("X-TokenAudit-Cookies", "1"), field]
            )
            #expect(answer.status == 403 && answer.cookies.isEmpty)
        }
    }

    @Test("who asks for cookies in other words is not handed tokens", arguments: ["0", "true", "", "1, 1"])
    func cookiesMisspelt(value: String) async throws {
        let stage = try await AdministrationStage()
        let headers: Stage.Fields = [("X-TokenAudit-Cookies", value), ("Sec-Fetch-Site", "same-origin")]
        let body = Stage.credentials(Stage.email(.user))
        let answer = try await stage.ask("POST", "/api/auth/login/", body: body, headers: headers)
        #expect(answer.status == 400 && answer.cookies.isEmpty && answer.json["X-TokenAudit-Cookies"] is [String])
    }

    @Test("a browser renews and ends its session by cookie")
    func cookieLife() async throws {
        let stage = try await AdministrationStage()
        let (cookies, csrf) = try await browser(stage, .user)
        func own(_ cookies: [String: String], _ csrf: String) -> Stage.Fields {
            [("Cookie", line(cookies)), ("Sec-Fetch-Site", "same-origin"), ("X-CSRF-Token", csrf)]
        }
        let renewed = try await stage.ask("POST", "/api/auth/refresh/", headers: own(cookies, csrf))
        #expect(renewed.status == 200 && renewed.json.isEmpty)
        let next = renewed.cookies
        #expect(next[CookieJar.refresh] != cookies[CookieJar.refresh])
        let out = try await stage.ask("POST", "/api/auth/logout/", headers: own(next, next[CookieJar.csrf] ?? ""))
        #expect(out.status == 204 && out.cookies == [CookieJar.access: "", CookieJar.refresh: "", CookieJar.csrf: ""])
        #expect(try await stage.ask("GET", "/api/auth/me/", headers: own(next, csrf)).status == 401)
        let again = try await stage.ask("POST", "/api/auth/refresh/", headers: own(next, next[CookieJar.csrf] ?? ""))
        #expect(again.status == 401 && again.cookies[CookieJar.refresh] == "")
    }

    @Test("a bearer's word goes before a cookie's")
    func bearerFirst() async throws {
        let stage = try await AdministrationStage()
        let (cookies, _) = try await browser(stage, .superAdmin)
        let headers: Stage.Fields = [("Cookie", line(cookies))]
        #expect(try await stage.ask("GET", "/api/auth/me/", token: "x", headers: headers).status == 401)
        let token = try await stage.access(.user)
        let answer = try await stage.ask("GET", "/api/auth/me/", token: token, headers: headers)
        #expect(answer.json["role"] as? String == "user")
        let two: Stage.Fields = [("Authorization", "Bearer \(token)")]
        #expect(try await stage.ask("GET", "/api/auth/me/", token: token, headers: two).status == 401)
        #expect(
            try await stage.ask("GET", "/api/auth/me/", headers: [("Authorization", "Basic \(token)")]).status == 401
        )
    }
}
