import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Admin

@Suite("quota routes", .serialized) struct QuotaRoutesTests {
    /// As ``UserRoutesTests`` has them: each route, who may use it, and what it answers for a quota that is there.
    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/quotas", .auditor, nil, 200),
        ("POST", "/api/admin/quotas", .admin, #"{"user":4,"model_group":2,"total_quota":"1"}"#, 201),
        ("GET", "/api/admin/quotas/{id}", .auditor, nil, 200),
        (
            "PUT", "/api/admin/quotas/{id}", .admin,
            #"{"total_quota":"1","expires_at":null,"is_active":true,"reason":"r"}"#, 200
        ),
        ("PATCH", "/api/admin/quotas/{id}", .admin, #"{"is_active":true}"#, 200),
        ("DELETE", "/api/admin/quotas/{id}", .admin, nil, 204),
        ("POST", "/api/admin/quotas/{id}/top-up", .admin, #"{"amount":"1","reason":"r"}"#, 200),
        ("POST", "/api/admin/quotas/{id}/reduce", .admin, #"{"amount":"1","reason":"r"}"#, 200),
        ("POST", "/api/admin/quotas/{id}/expire", .admin, #"{"reason":"r"}"#, 200),
        ("POST", "/api/admin/quotas/{id}/refund", .admin, refund, 422),
        ("GET", "/api/me/quotas", .user, nil, 200),
        ("GET", "/api/me/quotas/{id}", .user, nil, 200),
        ("GET", "/api/me/models", .user, nil, 200),
    ]
    private static let refund =
        #"{"request_id":"0191c7a4-5f3e-7c11-9a55-0c8f4d2b7e60","amount":"1","reason":"r"}"#

    @Test(
        "each role may do what it may and nothing else; under /api/me others' ids are not there",
        arguments: Role.allCases
    )
    func matrix(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        let other = try await stage.quota(of: role == .user ? .auditor : .user)
        for (index, route) in Self.routes.enumerated() {
            let own = try await stage.quota(of: role, name: "own \(index)")
            stage.clock.advance(seconds: 1)
            let path = route.path.replacing("{id}", with: "\(own)")
            #expect(try await stage.ask(route.method, path, body: route.body).status == 401)
            let answer = try await stage.ask(route.method, path + "/", token: token, body: route.body)
            let may = role.covers(route.least ?? .user)
            #expect(answer.status == (may ? route.status : 403), "\(route.method) \(path) \(answer.text)")
            guard route.path.contains("{id}") else { continue }
            let places = ["9999"] + (route.path.hasPrefix("/api/me") ? ["\(other)"] : [])
            let missing = try await places.asyncMap {
                try await stage.ask(
                    route.method,
                    route.path.replacing("{id}", with: $0),
                    token: token,
                    body: route.body
                )
            }
            #expect(missing.allSatisfy { $0.status == (may ? 404 : 403) && $0.text == missing[0].text }, "\(path)")
        }
        try stage.expectProven()
    }

    @Test(
        "what a quota is made of is named and checked",
        arguments: [
            (
                #"{"user":4,"model_group":1,"total_quota":"1.50","name":" N ","expires_at":"2030-01-01T00:00:00Z"}"#,
                201, nil
            ),
            (#"{"user":4,"model_group":1,"total_quota":"0"}"#, 201, nil),
            (#"{"user":4,"model_group":1,"total_quota":"9000000"}"#, 201, nil),
            (#"{"user":4,"model_group":1,"total_quota":"9000000.000000000001"}"#, 422, "total_quota"),
            (#"{"user":4,"model_group":1,"total_quota":"-1"}"#, 400, "total_quota"),
            (#"{"user":4,"model_group":1,"total_quota":1.5}"#, 400, "total_quota"),
            (#"{"user":4,"model_group":1,"total_quota":"1,5"}"#, 400, "total_quota"),
            (#"{"user":4,"model_group":1,"total_quota":"1e3"}"#, 400, "total_quota"),
            (#"{"user":4,"model_group":1,"total_quota":"0.0000000000001"}"#, 400, "total_quota"),
            (#"{"user":4,"model_group":1}"#, 400, "total_quota"),
            (#"{"user":4,"total_quota":"1"}"#, 400, "model_group"),
            (#"{"model_group":1,"total_quota":"1"}"#, 400, "user"),
            (#"{"user":"4","model_group":1,"total_quota":"1"}"#, 400, "user"),
            (#"{"user":99,"model_group":1,"total_quota":"1"}"#, 422, "user"),
            (#"{"user":4,"model_group":99,"total_quota":"1"}"#, 422, "model_group"),
            (#"{"user":4,"model_group":1,"total_quota":"1","expires_at":"2020-01-01T00:00:00Z"}"#, 422, "expires_at"),
            (#"{"user":4,"model_group":1,"total_quota":"1","expires_at":"tomorrow"}"#, 400, "expires_at"),
            (#"{"user":4,"model_group":1,"total_quota":"1","used_quota":"0"}"#, 400, "used_quota"),
            (#"{"user":4,"model_group":1,"total_quota":"1","is_active":true}"#, 400, "is_active"),
            (#"{"user":4,"model_group":1,"total_quota":"1","funded":"1"}"#, 400, "funded"),
            (#"{"user":4,"model_group":1,"total_quota":"1","name":"taken"}"#, 409, "name"),
        ] as [(String, Int, String?)]
    )
    func create(body: String, status: Int, member: String?) async throws {
        let stage = try await BooksStage()
        _ = try await stage.quota(of: .user, name: "taken")
        let token = try await stage.access(.admin)
        let answer = try await stage.ask("POST", "/api/admin/quotas/", token: token, body: body)
        #expect(answer.status == status, "\(answer.text)")
        if let member {
            #expect(Set(answer.json.keys) == [member] && answer.json[member] is [String], "\(answer.text)")
        } else {
            let id = try #require(answer.json["id"] as? Int)
            #expect(answer.headers[.location] == "/api/admin/quotas/\(id)/")
            #expect(try await stage.ask("GET", "/api/admin/quotas/\(id)/", token: token).text == answer.text)
        }
        try stage.expectProven()
    }

    @Test("money moves with a reason; a refund of a call is given once")
    func movements() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.admin)
        let path = "/api/admin/quotas/\(try await stage.quota(of: .user, total: "1.00"))/"
        let call = try await stage.call(of: .user, charge: 250_000_000_000)
        let cases: [(String, String, String, Int, String)] = [
            ("PATCH", "", #"{"total_quota":"2.00"}"#, 422, "reason"),
            ("PATCH", "", #"{"total_quota":"1.00"}"#, 200, "0.25 0.00 0.75"),
            ("PATCH", "", #"{"total_quota":"2.00","reason":"more"}"#, 200, "0.25 0.00 1.75"),
            ("POST", "top-up/", #"{"amount":"0.50","reason":"more"}"#, 200, "0.25 0.00 2.25"),
            ("POST", "top-up/", #"{"amount":"0.50"}"#, 400, "reason"),
            ("POST", "top-up/", #"{"amount":"0","reason":"r"}"#, 422, "amount"),
            ("POST", "top-up/", #"{"amount":"-1","reason":"r"}"#, 400, "amount"),
            ("POST", "top-up/", #"{"amount":"9000000","reason":"r"}"#, 422, "amount"),
            ("POST", "top-up/", #"{"amount":"1","reason":" "}"#, 400, "reason"),
            ("POST", "reduce/", #"{"amount":"0.25","reason":"less"}"#, 200, "0.25 0.00 2.00"),
            ("POST", "refund/", #"{"request_id":"ID","amount":"0.26","reason":"r"}"#, 409, "exceeds_captured"),
            ("POST", "refund/", #"{"request_id":"ID","amount":"0.20","reason":"r"}"#, 200, "0.05 0.00 2.20"),
            ("POST", "refund/", #"{"request_id":"ID","amount":"0.20","reason":"r"}"#, 409, "exceeds_captured"),
            ("POST", "refund/", #"{"request_id":"x","amount":"0.20","reason":"r"}"#, 400, "request_id"),
            ("POST", "expire/", #"{"reason":"over"}"#, 200, "0.05 0.00 0.00"),
            ("POST", "top-up/", #"{"amount":"0.50","reason":"more"}"#, 409, "ended"),
            ("PATCH", "", #"{"expires_at":null,"total_quota":"3","reason":"anew"}"#, 200, "0.00 0.00 3.00"),
            ("PUT", "", #"{"expires_at":null,"total_quota":"3.00","is_active":false}"#, 200, "0.00 0.00 0.00"),
        ]
        for (method, place, body, status, expected) in cases {
            stage.clock.advance(seconds: 1)
            let asked = body.replacing("ID", with: call.description)
            let answer = try await stage.ask(method, path + place, token: token, body: asked)
            #expect(answer.status == status, "\(place) \(body) \(answer.text)")
            if status == 200 {
                let pots = ["used_quota", "held_quota", "remaining_quota"].map { answer.json[$0] as? String ?? "" }
                #expect(pots.joined(separator: " ") == expected, "\(place) \(body)")
            } else {
                #expect(answer.json[expected] is [String] || answer.code == expected, "\(place) \(body) \(answer.text)")
            }
        }
        let detail = try await stage.ask("GET", path, token: token).json
        let entries = try #require(detail["entries"] as? [[String: Any]])
        let kinds = entries.compactMap { $0["kind"] as? String }
        #expect(
            kinds == [
                "deactivation", "opening", "expiry", "refund", "reduction", "top_up", "top_up", "opening",
            ]
        )
        #expect(entries[3]["request_id"] as? String == call.description && entries[3]["actor"] as? String == "user 2")
        try stage.expectProven()
    }

    // MARK: Asked for again

    @Test("with a key a change is made once, however often and at once it is asked for")
    func repeated() async throws {
        let stage = try await BooksStage()
        let path = "/api/admin/quotas/\(try await stage.quota(of: .user, total: "1.00"))"
        let half = #"{"amount":"0.50","reason":"r"}"#
        @Sendable func ask(
            _ place: String,
            _ body: String,
            by token: String,
            key: String? = "a"
        ) async throws -> AdministrationStage.Answer {
            let fields = key.map { [(name: "Idempotency-Key", value: $0)] } ?? []
            return try await stage.ask("POST", path + place, token: token, body: body, headers: fields)
        }
        let first = try await stage.access(.admin)
        let answers = try await withThrowingTaskGroup(of: AdministrationStage.Answer.self) { group in
            for _ in 0..<16 { group.addTask { try await ask("/top-up/", half, by: first) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 200 && $0.json["remaining_quota"] as? String == "1.50" })
        #expect(answers.count { $0.headers[Self.replayed] == "true" } == 15)
        #expect(Set(answers.map { "\($0.text) \($0.headers[.eTag] ?? "")" }).count == 1)

        // Much later, in other words and though the quota has changed: as it was told then.
        stage.clock.advance(seconds: 86_000)
        let later = try await stage.access(.admin)
        let other = try await ask("/top-up/", #"{"amount":"1","reason":"r"}"#, by: later, key: nil)
        #expect(other.json["remaining_quota"] as? String == "2.50")
        let late = try await ask("/top-up", #" {"reason" : "\u0072", "amount":"0.50"}"#, by: later)
        #expect(late.status == 200 && late.text == answers[0].text)
        for (place, body) in [
            ("/top-up/", #"{"amount":"0.51","reason":"r"}"#), ("/top-up/", #"{"amount":"0.50","reason":"s"}"#),
            ("/reduce/", half),
        ] {
            let answer = try await ask(place, body, by: later)
            #expect(answer.status == 422 && answer.json["Idempotency-Key"] is [String], "\(answer.text)")
        }
        // Another's key of that name is another key, and after a day it is free again.
        let theirs = try await ask("/top-up/", half, by: try await stage.access(.superAdmin))
        #expect(theirs.json["remaining_quota"] as? String == "3.00" && theirs.headers[Self.replayed] == nil)
        stage.clock.advance(seconds: 400)
        let anew = try await ask("/top-up/", half, by: later)
        #expect(anew.json["remaining_quota"] as? String == "3.50" && anew.headers[Self.replayed] == nil)
        try stage.expectProven()
    }

    @Test("what was refused may be asked for again; a grant and a refund are made once too")
    func repeatedOthers() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.admin)
        func ask(_ path: String, _ body: String, key: String) async throws -> AdministrationStage.Answer {
            try await stage.ask(
                "POST",
                "/api/admin/quotas/" + path,
                token: token,
                body: body,
                headers: [("Idempotency-Key", key)]
            )
        }
        let new = #"{"user":4,"model_group":1,"total_quota":"1","name":"n"}"#
        let made = try await ask("", new, key: "grant")
        let twice = try await ask("", new, key: "grant")
        #expect(made.status == 201 && twice.status == 201 && twice.text == made.text)
        #expect(twice.headers[.location] == made.headers[.location] && twice.headers[.eTag] == made.headers[.eTag])
        let id = try #require(made.json["id"] as? Int)
        let path = "\(id)/"
        let large = #"{"amount":"9000000","reason":"r"}"#
        for _ in 0..<2 { #expect(try await ask(path + "top-up/", large, key: "b").status == 422) }
        #expect(try await ask(path + "top-up/", #"{"amount":"1","reason":"r"}"#, key: "b").status == 200)

        let call = try await stage.call(of: .user, charge: 250_000_000_000)
        let refund = #"{"request_id":"\#(call)","amount":"0.10","reason":"r"}"#
        for _ in 0..<3 {
            let answer = try await ask(path + "refund/", refund, key: "c")
            #expect(answer.status == 200 && answer.json["used_quota"] as? String == "0.15", "\(answer.text)")
        }
        stage.clock.advance(seconds: 1)
        for name in ["expire", "expire"] {
            #expect(try await ask(path + name + "/", #"{"reason":"r"}"#, key: "d").status == 200)
        }
        try stage.expectProven()
    }

    @Test(
        "what is no key is refused by name, and nothing is done",
        arguments: ["", " ", "a b", "é", String(repeating: "k", count: 201), "twice"]
    )
    func badKeys(key: String) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.admin)
        let path = "/api/admin/quotas/\(try await stage.quota(of: .user, total: "1.00"))/"
        let answer = try await stage.ask(
            "POST",
            path + "top-up/",
            token: token,
            body: #"{"amount":"1","reason":"r"}"#,
            headers: Array(repeating: ("Idempotency-Key", key), count: key == "twice" ? 2 : 1)
        )
        #expect(answer.status == 400 && answer.json["Idempotency-Key"] is [String], "\(answer.text)")
        #expect(try await stage.ask("GET", path, token: token).json["total_quota"] as? String == "1.00")
    }

    private static let replayed = HTTPField.Name("Idempotency-Replayed")!
}
