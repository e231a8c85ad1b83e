import Domain
import Testing

@testable import Admin

@Suite("kept bodies over the API") struct BodyRoutesTests {
    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/requests/{request_id}/body", .auditor, nil, 200),
        ("DELETE", "/api/admin/requests/{request_id}/body", .admin, nil, 204),
        ("GET", "/api/me/requests/{request_id}/body", .user, nil, 200),
        ("GET", "/api/admin/bodies", .auditor, nil, 200),
    ]

    private static let stream =
        "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"one \"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\",\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\n"

    @Test("each role sees what it may, each look is noted, and erasing is for administrators", arguments: Role.allCases)
    func matrix(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        let stranger: Role = role == .user ? .auditor : .user
        for owner in [role, stranger] { _ = try await stage.quota(of: owner) }
        let own = try await stage.call(of: role, charge: 1_000_000)
        let other = try await stage.call(of: stranger, charge: 1_000_000, random: 2)
        for id in [own, other] {
            await stage.keep(id, .full, request: "CANARY prompt", answer: Self.stream, isStreamed: true)
        }
        func path(_ area: String, _ id: CallID) -> String { "/api/\(area)/requests/\(id)/body/" }
        func views() async throws -> [ActRecord] {
            var query = ActQuery()
            query.kind = "body"
            return try await stage.administration.acts.acts(query).items
        }
        #expect(try await stage.ask("GET", path("me", own)).status == 401)
        let mine = try await stage.ask("GET", path("me", own), token: token)
        #expect(mine.status == 200 && mine.text.contains("CANARY prompt"))
        #expect(try await views().map(\.fields) == [[own.description]])
        let theirs = try await stage.ask("GET", path("me", other), token: token)
        let nobodys = try await stage.ask("GET", path("me", CallID(high: 1, low: 1)), token: token)
        #expect(theirs.status == 404 && theirs.text == nobodys.text)
        let asAuditor = try await stage.ask("GET", path("admin", other), token: token)
        #expect(asAuditor.status == (role.covers(.auditor) ? 200 : 403))
        #expect(try await views().count == (role.covers(.auditor) ? 2 : 1), "what was refused was not seen")
        #expect(
            try await stage.ask("GET", "/api/admin/bodies/", token: token).status == (role.covers(.auditor) ? 200 : 403)
        )
        let erased = try await stage.ask("DELETE", path("admin", own), token: token)
        #expect(erased.status == (role.covers(.admin) ? 204 : 403))
        #expect(try await stage.ask("DELETE", path("me", own), token: token).status == 405)
        let after = try await stage.ask("GET", path("me", own), token: token)
        #expect(role.covers(.admin) ? after.code == "body_erased" : after.status == 200)
        let detail = try await stage.ask("GET", "/api/me/requests/\(own)/", token: token)
        #expect(detail.json.keys.contains("body") && !detail.text.contains("CANARY"))
        let logged = stage.log.lines.map { "\($0.message) \($0.metadata)" }.joined()
        #expect(!logged.contains("CANARY"))
    }

    @Test("an answer is shown as it came and put together; metadata is shown as it is; what there is, is told beside")
    func shown() async throws {
        let stage = try await BooksStage()
        _ = try await stage.quota(of: .user)
        let token = try await stage.access(.auditor)
        let full = try await stage.call(of: .user, charge: 1_000_000)
        let bare = try await stage.call(of: .user, charge: 1_000_000, random: 2)
        let missing = try await stage.call(of: .user, charge: 1_000_000, random: 3)
        await stage.keep(full, .full, request: "CANARY prompt", answer: Self.stream, isStreamed: true)
        await stage.keep(bare, .metadata, request: "CANARY prompt", answer: "{}", isStreamed: true)
        func ask(_ id: CallID, _ end: String = "body/") async throws -> AdministrationStage.Answer {
            try await stage.ask("GET", "/api/admin/requests/\(id)/\(end)", token: token)
        }
        let answer = try await ask(full).json
        let response = try #require(answer["response"] as? [String: Any])
        #expect(response["text"] as? String == Self.stream && response["is_exact"] as? Bool == true)
        #expect(response["is_truncated"] as? Bool == true && response["bytes"] as? Int == Self.stream.utf8.count + 1)
        let assembled = try #require(answer["assembled"] as? [String: Any])
        let choice = try #require((assembled["choices"] as? [[String: Any]])?.first)
        #expect(choice["content"] as? String == "one two" && choice["finish_reason"] as? String == "stop")
        #expect((choice["tool_calls"] as? [[String: Any]])?.first?["name"] as? String == "f")
        #expect(assembled["usage"] as? String == #"{"prompt_tokens":1}"#)
        #expect(try await ask(bare).text.contains(#""assembled":null"#))
        let none = try await ask(missing)
        #expect(none.status == 404 && none.code == "body_not_captured")
        #expect(try await ask(missing, "").text.contains(#""body":null"#))
        let standing = try #require(try await ask(full, "").json["body"] as? [String: Any])
        #expect(standing["capture"] as? String == "full" && standing["kept_until"] as? String == "2026-08-23T09:30:00Z")
        stage.clock.advance(seconds: 31 * 86_400)
        let later = try await stage.access(.auditor)
        let over = try await stage.ask("GET", "/api/admin/requests/\(full)/body/", token: later)
        #expect(over.status == 404 && over.code == "body_expired")
    }

    @Test("bytes that are no text are shown as far as they are")
    func inexact() {
        let part = BodyAnswer.Part(CapturedBody(bytes: [0x61, 0xFF, 0x62], wholeBytes: 3, isTruncated: false))
        #expect(part.text == "a\u{FFFD}b" && !part.isExact)
    }

    @Test("administrators say what is kept of a key's calls; its user sees it and changes nothing of it")
    func keys() async throws {
        let stage = try await BooksStage()
        let (admin, user) = (try await stage.access(.admin), try await stage.access(.user))
        let made = try await stage.ask("POST", "/api/me/keys/", token: user, body: #"{"name":"k"}"#)
        let id = try #require(made.json["id"] as? Int)
        #expect(made.text.contains(#""capture":null"#))
        let set = try await stage.ask("PATCH", "/api/admin/keys/\(id)/", token: admin, body: #"{"capture":"metadata"}"#)
        #expect(set.status == 200 && set.json["capture"] as? String == "metadata")
        let shown = try await stage.ask("GET", "/api/me/keys/\(id)/", token: user)
        #expect(shown.json["capture"] as? String == "metadata")
        for body in [#"{"capture":"off"}"#, #"{"capture":null}"#, #"{"capture":"metadata"}"#] {
            #expect(try await stage.ask("PATCH", "/api/me/keys/\(id)/", token: user, body: body).status == 400)
        }
        let renamed = try await stage.ask("PATCH", "/api/me/keys/\(id)/", token: user, body: #"{"name":"n"}"#)
        #expect(renamed.status == 200 && renamed.json["capture"] as? String == "metadata")
        for (body, status) in [(#"{"capture":"all"}"#, 400), (#"{"capture":1}"#, 400), (#"{"capture":null}"#, 200)] {
            #expect(try await stage.ask("PATCH", "/api/admin/keys/\(id)/", token: admin, body: body).status == status)
        }
        let acts = try await stage.administration.acts.acts(ActQuery()).items
        #expect(acts.filter { $0.fields == ["capture"] }.count == 2)
    }
}
