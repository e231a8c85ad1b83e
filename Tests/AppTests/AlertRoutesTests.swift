import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Admin

@Suite("alert routes") struct AlertRoutesTests {
    private static let secret = "whsec_" + Data((0..<32).map { UInt8($0 * 7) }).base64EncodedString()
    private static let hook =
        #"{"name":"n","kind":"webhook","url":"https://n.example/hook?key=canary-url-token","secret":"\#(secret)"}"#

    /// As ``UserRoutesTests`` has them; `{id}` is a channel's or an alert's that is there.
    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/alerts", .auditor, nil, 200),
        ("GET", "/api/admin/alerts/{id}", .auditor, nil, 200),
        ("POST", "/api/admin/alerts/{id}/acknowledge", .admin, #"{"reason":"r"}"#, 200),
        ("GET", "/api/admin/alert-rules", .auditor, nil, 200),
        ("PATCH", "/api/admin/alert-rules", .admin, #"{"failure_percent":40}"#, 200),
        ("GET", "/api/admin/alert-channels", .auditor, nil, 200),
        ("POST", "/api/admin/alert-channels", .admin, hook, 201),
        ("GET", "/api/admin/alert-channels/{id}", .auditor, nil, 200),
        ("PUT", "/api/admin/alert-channels/{id}", .admin, #"{"name":"m","is_active":true}"#, 200),
        ("PATCH", "/api/admin/alert-channels/{id}", .admin, #"{"language":"zh-CN"}"#, 200),
        ("POST", "/api/admin/alert-channels/{id}/test", .admin, nil, 200),
        ("DELETE", "/api/admin/alert-channels/{id}", .admin, nil, 204),
        ("GET", "/api/me/alerts", .user, nil, 200),
        ("GET", "/api/me/alert-preferences", .user, nil, 200),
        ("PATCH", "/api/me/alert-preferences", .user, #"{"by_mail":false}"#, 200),
    ]

    private static func channel(_ stage: BooksStage, _ token: String, _ body: String = hook) async throws -> Int {
        let answer = try await stage.ask("POST", "/api/admin/alert-channels/", token: token, body: body)
        return try #require(answer.json["id"] as? Int, "\(answer.text)")
    }

    @Test("each role may do what it may and nothing else", arguments: Role.allCases)
    func matrix(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        try await stage.raise(1, of: .user)
        let existing = Self.hook.replacing(#""n""#, with: #""there""#)
        #expect(try await Self.channel(stage, try await stage.access(.admin), existing) == 1)
        for route in Self.routes {
            let path = route.path.replacing("{id}", with: "1")
            #expect(try await stage.ask(route.method, path, body: route.body).status == 401)
            let answer = try await stage.ask(route.method, path + "/", token: token, body: route.body)
            let may = role.covers(route.least ?? .user)
            #expect(answer.status == (may ? route.status : 403), "\(route.method) \(path) \(answer.text)")
            #expect(!answer.text.contains("canary"), "\(route.method) \(path)")
            guard route.path.contains("{id}"), may else { continue }
            let missing = try await stage.ask(
                route.method,
                route.path.replacing("{id}", with: "9999"),
                token: token,
                body: route.body
            )
            #expect(missing.status == 404, "\(route.method) \(path)")
        }
    }

    /// Bodies, and what comes of them: the status, and the member that is wrong.
    private static let channels: [(body: String, status: Int, member: String?)] = [
        (hook, 201, nil),
        (#"{"name":"n","kind":"webhook","url":"https://n.example/"}"#, 422, "secret"),
        (#"{"name":"n","kind":"webhook","secret":"\#(secret)"}"#, 422, "url"),
        (#"{"name":"n","kind":"webhook","url":"https://n.example/","secret":""}"#, 400, "secret"),
        (#"{"name":"n","kind":"webhook","url":"https://n.example/","secret":"changeme"}"#, 422, "secret"),
        (
            #"{"name":"n","kind":"webhook","url":"https://n.example/","secret":"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
            422, "secret"
        ),
        (#"{"name":"n","kind":"slack","url":"https://n.example/","secret":"\#(secret)"}"#, 422, "secret"),
        (#"{"name":"n","kind":"slack","url":"https://n.example/"}"#, 201, nil),
        (#"{"name":"n","kind":"feishu","url":"https://n.example/","secret":"aaaaaaaaaaaa"}"#, 422, "secret"),
        (
            #"{"name":"n","kind":"dingtalk","url":"https://n.example/?access_token=x","secret":"SEC0123456789"}"#,
            201, nil
        ),
        (#"{"name":"n","kind":"wecom","url":"https://n.example/","audience":"owners"}"#, 422, "audience"),
        (#"{"name":"n","kind":"wecom","url":"https://n.example/","mail_host":"h"}"#, 422, "mail_host"),
        (#"{"name":"n","kind":"wecom","url":"http://169.254.169.254/"}"#, 422, "url"),
        (#"{"name":"n","kind":"wecom","url":"http://n.example:6379/"}"#, 422, "url"),
        (#"{"name":"n","kind":"wecom","url":"ftp://n.example/"}"#, 422, "url"),
        (#"{"name":"n","kind":"pager","url":"https://n.example/"}"#, 400, "kind"),
        (
            #"{"name":"n","kind":"email","mail_host":"mail.example","mail_from":"a@x.example","mail_recipients":["b@x.example"]}"#,
            201, nil
        ),
        (
            #"{"name":"n","kind":"email","mail_host":"mail.example","mail_from":"a@x.example","audience":"owners"}"#,
            201, nil
        ),
        (
            #"{"name":"n","kind":"email","mail_host":"mail.example","mail_from":"a@x.example"}"#, 422,
            "mail_recipients"
        ),
        (
            #"{"name":"n","kind":"email","mail_host":"mail.example","mail_from":"a@x\r\n.example","audience":"owners"}"#,
            400, "mail_from"
        ),
        (
            #"{"name":"n","kind":"email","mail_host":"mail.example","mail_port":6379,"mail_from":"a@x.example","audience":"owners"}"#,
            422, "mail_host"
        ),
        (
            #"{"name":"n","kind":"email","mail_host":"169.254.169.254","mail_from":"a@x.example","audience":"owners"}"#,
            422, "mail_host"
        ),
        (
            #"{"name":"n","kind":"email","mail_host":"mail.example","mail_from":"a@x.example","audience":"owners","mail_authorities":"x"}"#,
            422, "mail_authorities"
        ),
        (#"{"name":"n","kind":"slack","url":"https://n.example/","kinds":["quarantine","nothing"]}"#, 400, "kinds"),
    ]

    // One stage for all: each has threads of its own.
    @Test("a channel's members go together, lead where they may, and have secrets that are some")
    func create() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.admin)
        for (index, row) in Self.channels.enumerated() {
            let body = row.body.replacing(#""name":"n""#, with: #""name":"n\#(index)""#)
            let answer = try await stage.ask("POST", "/api/admin/alert-channels/", token: token, body: body)
            #expect(answer.status == row.status, "\(body) \(answer.text)")
            if let member = row.member {
                #expect(Set(answer.json.keys) == [member], "\(body) \(answer.text)")
            } else {
                let id = try #require(answer.json["id"] as? Int)
                let again = try await stage.ask("GET", "/api/admin/alert-channels/\(id)/", token: token)
                #expect(again.text == answer.text && !answer.text.contains("canary"))
                let twice = try await stage.ask("POST", "/api/admin/alert-channels/", token: token, body: body)
                #expect(twice.status == 409)
            }
        }
    }

    @Test("what changes of a channel is in the audit log by its members' names; its secret goes with its address")
    func audit() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.admin)
        let path = "/api/admin/alert-channels/\(try await Self.channel(stage, token))/"
        func patch(_ body: String) async throws -> AdministrationStage.Answer {
            try await stage.ask("PATCH", path, token: token, body: body)
        }
        #expect(try await patch(#"{"is_active":true}"#).json["secret_state"] as? String == "set")
        #expect(
            try await patch(#"{"url":"https://n.example/hook?key=canary-url-token"}"#).json["secret_state"] as? String
                == "set"
        )
        let moved = try await patch(#"{"url":"https://other.example/"}"#)
        #expect(moved.json["secret_state"] as? String == "none")
        #expect(
            try await patch(#"{"url":"https://third.example/","secret":"\#(Self.secret)"}"#).json["secret_state"]
                as? String == "set"
        )
        #expect(try await patch(#"{"kind":"slack"}"#).status == 400)
        let tested = try await stage.ask("POST", path + "test/", token: token)
        #expect(tested.json["ok"] as? Bool == false && tested.json["problem"] as? String == "unknown_host")
        let acts = try await stage.administration.acts.acts(
            {
                var query = ActQuery()
                query.kind = "alert_channel"
                return query
            }()
        ).items.map { "\($0.act) \($0.fields.joined(separator: " "))" }
        #expect(
            acts == [
                "alert_channel tested ", "alert_channel updated url secret", "alert_channel updated url secret",
                "alert_channel created ",
            ]
        )
    }

    @Test("the history is sliced and filtered; an alert is acknowledged once; users see what is theirs")
    func history() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.admin)
        try await stage.raise(5, of: .user)
        try await stage.raise(2, of: .auditor)
        let first = try await stage.ask("GET", "/api/admin/alerts/?page_size=4&kind=quota_threshold", token: token)
        let results = try #require(first.json["results"] as? [[String: Any]])
        #expect(results.compactMap { $0["id"] as? Int } == [7, 6, 5, 4])
        let next = try #require(first.json["next"] as? String)
        let second = try await stage.ask(
            "GET",
            String(next.drop { $0 != "?" }).isEmpty ? next : "/api/admin/alerts/" + next.drop { $0 != "?" },
            token: token
        )
        #expect((second.json["results"] as? [[String: Any]])?.compactMap { $0["id"] as? Int } == [3, 2, 1])
        let done = try await stage.ask(
            "POST",
            "/api/admin/alerts/3/acknowledge/",
            token: token,
            body: #"{"reason":"called them"}"#
        )
        #expect(done.json["acknowledge_reason"] as? String == "called them")
        let again = try await stage.ask(
            "POST",
            "/api/admin/alerts/3/acknowledge/",
            token: token,
            body: #"{"reason":"again"}"#
        )
        #expect(again.status == 409 && again.code == "acknowledged")
        let open = try await stage.ask(
            "GET",
            "/api/admin/alerts/?is_acknowledged=false&least_severity=warning",
            token: token
        )
        #expect((open.json["results"] as? [[String: Any]])?.count == 6)
        let own = try await stage.ask("GET", "/api/me/alerts/", token: try await stage.access(.user))
        #expect((own.json["results"] as? [[String: Any]])?.compactMap { $0["id"] as? Int } == [5, 4, 3, 2, 1])
        let chinese = try await stage.ask(
            "GET",
            "/api/admin/alerts/1/",
            token: token,
            headers: [("Accept-Language", "zh-CN")]
        )
        #expect(chinese.json["title"] as? String == "已用 80%：配额 default，用户 user@example.com。")
        let english = try await stage.ask("GET", "/api/admin/alerts/1/", token: token)
        #expect(english.json["text"] as? String == "Used $0.00000000008 of $0.0000000001.")
    }

    @Test("rules have bounds")
    func rules() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.admin)
        let rows = [
            (#"{"threshold_percents":[101]}"#, 400), (#"{"threshold_percents":[]}"#, 200),
            (#"{"expiry_hours":[0]}"#, 400), (#"{"unusual_spend_floor":"-1"}"#, 400),
            (#"{"failure_percent":0}"#, 400), (#"{"least_failures":5,"unusual_spend_factor":2}"#, 200),
            (#"{"threshold_percents":[1,2,3,4,5,6,7,8,9,10,11]}"#, 400),
        ]
        for (body, status) in rows {
            let answer = try await stage.ask("PATCH", "/api/admin/alert-rules/", token: token, body: body)
            #expect(answer.status == status, "\(body) \(answer.text)")
        }
    }
}
