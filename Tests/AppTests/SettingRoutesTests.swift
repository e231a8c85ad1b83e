import Domain
import Gateway
import HTTPTypes
import Storage
import Testing

@testable import Admin
@testable import tokenaudit

@Suite("settings over the API") struct SettingRoutesTests {
    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/settings", .auditor, nil, 200),
        ("PATCH", "/api/admin/settings", .superAdmin, #"{"bodies.capture":"full"}"#, 200),
    ]

    private static let path = "/api/admin/settings/"

    private static func setting(_ name: String, _ answer: AdministrationStage.Answer) throws -> [String: Any] {
        let all = try #require(answer.json["settings"] as? [[String: Any]])
        return try #require(all.first { $0["name"] as? String == name })
    }

    @Test("auditors read them all, super admins alone change them", arguments: Role.allCases)
    func matrix(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        let list = try await stage.ask("GET", Self.path, token: token)
        #expect(list.status == (role.covers(.auditor) ? 200 : 403))
        let changed = try await stage.ask("PATCH", Self.path, token: token, body: #"{"bodies.capture":"full"}"#)
        #expect(changed.status == (role == .superAdmin ? 200 : 403))
        if role.covers(.auditor) {
            let all = try #require(list.json["settings"] as? [[String: Any]])
            #expect(all.compactMap { $0["name"] as? String } == SettingKey.all.map(\.path))
            let database = try Self.setting("database", list)
            #expect(database["is_secret"] as? Bool == true && !list.text.contains("sqlite:data"))
        }
    }

    @Test("a change is noted by its names, tied to the version that was read, and taken back with null")
    func change() async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.superAdmin)
        func patch(_ body: String, if tag: String? = nil) async throws -> AdministrationStage.Answer {
            try await stage.ask(
                "PATCH",
                Self.path,
                token: token,
                body: body,
                headers: tag.map { [("If-Match", $0)] } ?? []
            )
        }
        let first = try await stage.ask("GET", Self.path, token: token)
        let tag = try #require(first.headers[.eTag])
        let changed = try await patch(#"{"bodies.capture":"full","bodies.retention":"7d"}"#, if: tag)
        #expect(changed.status == 200 && changed.headers[.eTag] != tag)
        let capture = try Self.setting("bodies.capture", changed)
        #expect(capture["value"] as? String == "full" && capture["origin"] as? String == "database")
        #expect(capture["default"] as? String == "off" && capture["is_live"] as? Bool == true)
        #expect(try Self.setting("bodies.retention", changed)["value"] as? String == "604800s")
        #expect(try await patch(#"{"bodies.capture":"off"}"#, if: tag).status == 412)
        #expect(try await patch(#"{"bodies.capture":"full"}"#).headers[.eTag] == changed.headers[.eTag], "as it was")
        let back = try await patch(#"{"bodies.capture":null,"bodies.retention":null}"#, if: changed.headers[.eTag])
        #expect(try Self.setting("bodies.capture", back)["origin"] as? String == "default")
        #expect(back.headers[.eTag] != changed.headers[.eTag] && back.headers[.eTag] != tag)
        var query = ActQuery()
        query.kind = "setting"
        let acts = try await stage.administration.acts.acts(query).items
        #expect(
            acts.map(\.fields) == [["bodies.capture", "bodies.retention"], ["bodies.capture", "bodies.retention"]]
        )
    }

    @Test(
        "what is no value, or none that may change now, is refused by name",
        arguments: [
            (#"{"bodies.capture":"all"}"#, 422, "bodies.capture"), (#"{"bodies.capture":true}"#, 400, "bodies.capture"),
            (#"{"bodies.retention":"1s"}"#, 422, "bodies.retention"),
            (#"{"bodies.max_bytes":"1e9"}"#, 422, "bodies.max_bytes"),
            (#"{"requests.retention":"12h"}"#, 422, "requests.retention"),
            (#"{"requests.retention":"for ever"}"#, 422, "requests.retention"),
            (#"{"listen":"0.0.0.0:1"}"#, 400, "listen"), (#"{"master_key_file":"x"}"#, 400, "master_key_file"),
            (#"{"bodies.capture":"full","bodies.held":"1GiB"}"#, 400, "bodies.held"),
        ]
    )
    func refused(body: String, status: Int, member: String) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(.superAdmin)
        let answer = try await stage.ask("PATCH", Self.path, token: token, body: body)
        #expect(answer.status == status && answer.json[member] is [String], "\(answer.text)")
        let list = try await stage.ask("GET", Self.path, token: token)
        #expect(try Self.setting("bodies.capture", list)["value"] as? String == "off", "nothing of it was taken")
    }

    @Test("what a file, a variable or a flag sets goes before, and where that is is told")
    func pinned() async throws {
        let loaded = try SettingsLoader(
            environment: ["TOKENAUDIT_BODIES_CAPTURE": "metadata"],
            flags: ["bodies.max_bytes": "64KiB"],
            file: nil
        ).load()
        let stage = try await BooksStage(loaded: loaded)
        let token = try await stage.access(.superAdmin)
        let answer = try await stage.ask("PATCH", Self.path, token: token, body: #"{"bodies.capture":"off"}"#)
        #expect(answer.status == 409 && answer.text.contains("TOKENAUDIT_BODIES_CAPTURE"), "\(answer.text)")
        let list = try await stage.ask("GET", Self.path, token: token)
        let capture = try Self.setting("bodies.capture", list)
        #expect(capture["origin"] as? String == "environment" && capture["value"] as? String == "metadata")
        #expect(try Self.setting("bodies.max_bytes", list)["origin"] as? String == "flag")
        #expect(try Self.setting("bodies.max_bytes", list)["place"] as? String == "--set bodies.max_bytes")
    }

    @Test("a running server follows the database, but for what is pinned or none of its settings")
    func follows() throws {
        struct Sink: BodySink { func keep(_ call: CapturedCall) {} }
        let log = RecordedLog()
        let loaded = try SettingsLoader(environment: [:], flags: ["bodies.capture": "off"], file: nil).load()
        let live = LiveSettings(loaded, capture: BodyCapture(sink: Sink(), budgetBytes: 1), logger: log.logger)
        #expect(live.bodiesKeptSeconds == 30 * 86_400)
        let version = Instant(microseconds: 5)
        live.follow(
            StoredSettings(
                values: ["bodies.retention": "2d", "bodies.capture": "full", "listen": "x:1", "new.one": "1"],
                updatedAt: version
            )
        )
        #expect(live.bodiesKeptSeconds == 2 * 86_400)
        let shown = live.records(StoredSettings(values: ["bodies.capture": "full"], updatedAt: version))
        #expect(shown.first { $0.name == "bodies.capture" }?.value == "off")
        #expect(log.lines.filter { $0.message == "a setting of the database is none of this version's" }.count == 2)
        live.follow(StoredSettings(values: ["bodies.retention": "never"], updatedAt: version))
        #expect(live.bodiesKeptSeconds == 30 * 86_400)
        #expect(live.rawUsageKeptSeconds == nil)
        for (text, seconds) in [("90d", 7_776_000), ("forever", nil), ("1d", 86_400)] as [(String, Int64?)] {
            live.follow(StoredSettings(values: ["requests.retention": text], updatedAt: version))
            #expect(live.rawUsageKeptSeconds == seconds)
        }
    }
}
