import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Admin

@Suite("quota routes") struct QuotaRoutesTests {
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
}

extension Array {
    fileprivate func asyncMap<Value>(_ change: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await change(element)) }
        return values
    }
}
