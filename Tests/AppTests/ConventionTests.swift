import Domain
import HTTPTypes
import Testing

@testable import Admin

/// What holds for every operation, asked of each in the operations' own list.
@Suite("the conventions, operation by operation", .serialized) struct ConventionTests {
    private struct Asked {
        let stage: BooksStage
        let token: String

        init() async throws {
            stage = try await BooksStage()
            token = try await stage.access(.superAdmin)
        }

        /// A row of the caller's own.
        func place(_ operation: Operation) async throws -> String {
            try await stage.place(operation.path, of: .superAdmin)
        }

        func ask(
            _ operation: Operation,
            _ place: String,
            body: String? = nil,
            type: String? = "application/json",
            headers: AdministrationStage.Fields = []
        ) async throws -> AdministrationStage.Answer {
            try await stage.ask(
                operation.method.rawValue,
                place,
                token: token,
                body: body,
                type: type,
                headers: headers
            )
        }
    }

    private static func takesParameter(_ name: String, _ operation: Operation) -> Bool {
        operation.query.contains { $0.name == name }
    }

    @Test("what may be asked at a path is told by OPTIONS and by 405; HEAD is GET without its body")
    func methods() async throws {
        let asked = try await Asked()
        let operations = asked.stage.administration.operations.all
        for path in Set(operations.map(\.path)) {
            let place = try await asked.stage.place(path, of: .superAdmin)
            let served = operations.filter { $0.path == path }.map(\.method.rawValue)
            let allowed = Set(served + (served.contains("GET") ? ["HEAD"] : []) + ["OPTIONS"])
            let options = try await asked.stage.ask("OPTIONS", place + "/")
            #expect(options.status == 204 && options.text.isEmpty, "\(path)")
            #expect(Set(options.headers[.allow]?.split(separator: ",").map { String($0).trimmed } ?? []) == allowed)
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"]
            where !allowed.contains(method) {
                let answer = try await asked.stage.ask(method, place, token: asked.token, body: "{}")
                #expect(answer.status == 405 && answer.headers[.allow] == options.headers[.allow], "\(method) \(path)")
                #expect(method == "HEAD" ? answer.text.isEmpty : answer.code == "method_not_allowed")
            }
            if served.contains("GET") {
                let get = try await asked.stage.ask("GET", place, token: asked.token)
                let head = try await asked.stage.ask("HEAD", place + "/", token: asked.token)
                #expect(get.status == 200 && head.status == 200 && head.text.isEmpty, "\(path) \(get.text)")
                #expect(head.headers[.contentType] == get.headers[.contentType])
            }
        }
    }

    @Test("a body is JSON, of an object, by its type, not packed, and bounded")
    func bodies() async throws {
        let asked = try await Asked()
        for operation in asked.stage.administration.operations.all {
            guard let body = operation.body else { continue }
            let place = try await asked.place(operation)
            let before = try asked.stage.acts()
            let large = #"{"name":""# + String(repeating: "x", count: body.largestBytes) + #""}"#
            let cases: [(body: String, type: String?, fields: AdministrationStage.Fields, status: Int, code: String)] =
                [
                    (large, "application/json", [], 413, "body_too_large"),
                    ("{}", "text/plain", [], 415, "unsupported_media_type"),
                    ("{}", nil, [], 415, "unsupported_media_type"),
                    ("{}", "application/json; charset=gbk", [], 415, "unsupported_media_type"),
                    ("{}", "application/json", [("Content-Encoding", "gzip")], 415, "unsupported_media_type"),
                    ("{", "application/json", [], 400, "parse_error"),
                    ("[]", "application/json", [], 400, "parse_error"),
                    (#"{"a":1,"\u0061":1}"#, "application/json", [], 400, "parse_error"),
                    ("{}\u{0}", "application/json", [], 400, "parse_error"),
                ]
            for (body, type, fields, status, code) in cases {
                let answer = try await asked.ask(operation, place, body: body, type: type, headers: fields)
                let told = "\(operation.method) \(operation.path) \(body.prefix(20)) \(answer.text)"
                #expect(answer.status == status && answer.code == code, "\(told)")
            }
            #expect(try asked.stage.acts() == before, "\(operation.path)")
        }
    }

    @Test("a change of what has changed since it was read is 412, however If-Match is written")
    func versions() async throws {
        let asked = try await Asked()
        // What is kept of a body never changes, so that it has no version.
        let changing = asked.stage.administration.operations.all.filter {
            [.put, .patch, .delete].contains($0.method) && !$0.path.hasSuffix("/body")
        }
        #expect(changing.count > 15)
        for operation in changing {
            let place = try await asked.place(operation)
            let body = RouteTable.body(operation.method.rawValue, operation.path)
            let before = try asked.stage.acts()
            for match in [#""1""#, #"W/"1""#, "1", #""""#, #""x", "-1""#, #""9223372036854775808""#] {
                let answer = try await asked.ask(operation, place, body: body, headers: [("If-Match", match)])
                #expect(
                    answer.status == 412 && answer.code == "changed_meanwhile",
                    "\(operation.method) \(operation.path) \(match) \(answer.text)"
                )
            }
            #expect(try asked.stage.acts() == before, "\(operation.path)")
        }
    }

    @Test("every operation that says it can be asked again reads the key for that")
    func idempotencyKeys() async throws {
        let asked = try await Asked()
        let repeatable = asked.stage.administration.operations.all.filter(\.isRepeatable)
        #expect(repeatable.count == 5)
        for operation in repeatable {
            let place = try await asked.place(operation)
            let body = RouteTable.body(operation.method.rawValue, operation.path)
            let before = try asked.stage.acts()
            let answer = try await asked.ask(operation, place, body: body, headers: [("Idempotency-Key", "a b")])
            #expect(answer.status == 400 && answer.json["Idempotency-Key"] is [String], "\(place) \(answer.text)")
            #expect(try asked.stage.acts() == before)
        }
    }

    @Test("parameters that nobody declared, or that come twice, are refused by name")
    func parameters() async throws {
        let asked = try await Asked()
        for operation in asked.stage.administration.operations.all {
            let place = try await asked.place(operation)
            let body = RouteTable.body(operation.method.rawValue, operation.path)
            let before = try asked.stage.acts()
            for name in ["unknown", "user_id", "is_super_admin", "_"] {
                let answer = try await asked.ask(operation, place + "/?\(name)=1", body: body)
                #expect(answer.status == 400, "\(operation.method) \(operation.path)?\(name) \(answer.text)")
                #expect(answer.json[name] is [String])
            }
            for parameter in operation.query {
                let answer = try await asked.ask(operation, place + "?\(parameter.name)=&\(parameter.name)=")
                // What is wrong with a page alone is that it is not there.
                let isNamed =
                    parameter.name == "page" ? answer.code == "invalid_page" : answer.json[parameter.name] is [String]
                #expect(answer.status == (parameter.name == "page" ? 404 : 400) && isNamed, "\(parameter.name)")
            }
            #expect(try asked.stage.acts() == before, "\(operation.path)")
        }
    }

    @Test(
        "what somebody wrote comes back as it was, and never as a page",
        arguments: [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)",
            "{{constructor.constructor('alert(1)')()}}", "'-alert(1)-'", "\u{202E}evil\u{2066}", "<!--", "]]>",
            "</title><svg/onload=alert(1)>", "=cmd|' /C calc'!A0",
        ]
    )
    func scripts(text: String) async throws {
        let asked = try await Asked()
        let name = JSONItem.string(text).text
        for (path, body) in [
            ("users", #"{"email":"x@example.com","name":\#(name)}"#),
            ("keys", #"{"user":4,"name":\#(name)}"#), ("model-groups", #"{"name":\#(name),"description":\#(name)}"#),
            ("quotas", #"{"user":4,"model_group":1,"total_quota":"1","name":\#(name)}"#),
        ] {
            let made = try await asked.stage.ask("POST", "/api/admin/\(path)/", token: asked.token, body: body)
            #expect(made.status == 201 && made.json["name"] as? String == text, "\(made.text)")
        }
        let wrong = JSONItem.object([text: .null, "email": .string(text)]).text
        let refused = try await asked.stage.ask("POST", "/api/admin/users/", token: asked.token, body: wrong)
        #expect(refused.status == 400)
        for operation in asked.stage.administration.operations.all where operation.method == .get {
            let answer = try await asked.ask(operation, asked.place(operation))
            let type = answer.headers[.contentType] ?? ""
            #expect(answer.status == 200 && !type.contains("html") && !type.isEmpty, "\(operation.path) \(type)")
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        }
        let page = try await asked.stage.ask("GET", "/docs")
        #expect(!page.text.contains(text) && page.headers[.contentSecurityPolicy]?.contains("script-src") == false)
    }

    @Test("pages have bounds, the same everywhere")
    func pages() async throws {
        let asked = try await Asked()
        var count = 0
        for operation in asked.stage.administration.operations.all where Self.takesParameter("page_size", operation) {
            count += 1
            let place = try await asked.place(operation)
            for size in ["1", "200", ""] {
                #expect(try await asked.ask(operation, place + "?page_size=\(size)").status == 200, "\(place)")
            }
            for size in ["0", "201", "-1", "1.0", "x", "9223372036854775808", "%D9%A1"] {
                let answer = try await asked.ask(operation, place + "?page_size=\(size)")
                #expect(answer.status == 400 && answer.json["page_size"] is [String], "\(place) \(size)")
            }
            if Self.takesParameter("cursor", operation) {
                for cursor in ["x", "~", "~~1", "-1", "9223372036854775808", "%00"] {
                    let answer = try await asked.ask(operation, place + "?cursor=\(cursor)")
                    #expect(answer.status == 400 && answer.json["cursor"] is [String], "\(place) \(cursor)")
                }
            } else {
                for page in ["0", "-1", "x", "99999", "9223372036854775807", "9223372036854775808"] {
                    let answer = try await asked.ask(operation, place + "?page=\(page)")
                    #expect(answer.status == 404 && answer.code == "invalid_page", "\(place) \(page)")
                }
            }
        }
        #expect(count > 10)
    }

    @Test("refusals are told in Chinese where it is asked for, under the same codes and members")
    func languages() async throws {
        let asked = try await Asked()
        for operation in asked.stage.administration.operations.all {
            let place = try await asked.place(operation)
            let missing = operation.path.replacing("{id}", with: "999999").replacing("{request_id}", with: "x")
            var asks: [(place: String, body: String?, type: String)] = [
                (place + "?unknown=1", "{}", "application/json"), (missing, "{}", "application/json"),
            ]
            if operation.body != nil {
                asks += [
                    (place, #"{"unknown":1}"#, "application/json"), (place, "{", "application/json"),
                    (place, "{}", "text/plain"),
                ]
            }
            for ask in asks where ask.place != operation.path {
                let answers = try await ["en", "zh-CN,zh;q=0.9,en;q=0.8"].asyncMap { language in
                    try await asked.ask(
                        operation,
                        ask.place,
                        body: ask.body,
                        type: ask.type,
                        headers: [("Accept-Language", language)]
                    )
                }
                let (english, chinese) = (answers[0], answers[1])
                guard english.status >= 400 else { continue }
                let told = "\(operation.method) \(ask.place) \(chinese.text)"
                #expect(chinese.headers[.contentLanguage] == "zh-CN" && chinese.status == english.status, "\(told)")
                #expect(chinese.code == english.code && Set(chinese.json.keys) == Set(english.json.keys), "\(told)")
                #expect(Self.sentences(english).allSatisfy { !Self.isChinese($0) })
                #expect(Self.sentences(chinese).allSatisfy(Self.isChinese), "\(told)")
            }
            let nobody = try await asked.stage.ask(
                operation.method.rawValue,
                place,
                headers: [("Accept-Language", "zh")]
            )
            if nobody.status == 401 { #expect(Self.sentences(nobody).allSatisfy(Self.isChinese), "\(nobody.text)") }
        }
    }

    private static func sentences(_ answer: AdministrationStage.Answer) -> [String] {
        answer.json.flatMap { name, value in
            name == "code" ? [] : (value as? [String]) ?? (value as? String).map { [$0] } ?? []
        }
    }

    private static func isChinese(_ text: String) -> Bool {
        text.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
    }

    @Test(
        "a field of a request that is absurd changes nothing and is answered",
        arguments: [
            ("Accept-Language", String(repeating: "zh;q=0.1,", count: 7_000)),
            ("Accept-Language", "zh;q=nan,en;q=inf"), ("Accept-Language", "zh;q=1e999"),
            ("If-Match", String(repeating: "\"1\",", count: 10_000)), ("Idempotency-Key", "x"),
            ("X-HTTP-Method-Override", "DELETE"), ("X-Original-URL", "/api/admin/users/"),
            ("X-Rewrite-URL", "/api/admin/users/"), ("X-Forwarded-Host", "evil.example"),
            ("Cookie", String(repeating: "a=b; ", count: 10_000)), ("Range", "bytes=0-1"), ("Expect", "100-continue"),
        ]
    )
    func absurd(name: String, value: String) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.user)
        let plain = try await stage.ask("GET", "/api/auth/me/", token: token)
        let answer = try await stage.ask("GET", "/api/auth/me/", token: token, headers: [(name, value)])
        #expect(answer.whole == plain.whole)
        let refused = try await stage.ask("GET", "/api/admin/users/", token: token, headers: [(name, value)])
        #expect(refused.status == 403)
    }
}
