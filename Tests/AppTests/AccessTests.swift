import Domain
import HTTPTypes
import Testing

@testable import Admin

/// Each test goes through the operations' own list, so that one that is added is asked too.
@Suite("who may ask what, operation by operation", .serialized) struct AccessTests {
    private static func isGuarded(_ operation: Operation) -> Bool { operation.access != .anyone }

    /// A path with ids in it that may be anybody's: who may not ask learns nothing of them.
    private static func anyPlace(_ operation: Operation) -> String {
        operation.path.replacing("{id}", with: "1").replacing("{request_id}", with: CallID(high: 1, low: 1).description)
    }

    @Test("whoever is not signed in, or not any more, is told so alike by every operation, and nothing happens")
    func signedOut() async throws {
        let stage = try await BooksStage()
        func made(_ role: Role, _ name: String) async throws -> (id: UserID, token: String) {
            let new = NewAccount(
                email: "\(name)@example.com",
                name: name,
                role: role,
                passwordHash: FakePasswords.hashed(AdministrationStage.password)
            )
            let user = try await stage.administration.accounts.create(new, by: .command("test"))
            let answer = try await stage.ask(
                "POST",
                "/api/auth/login/",
                body: AdministrationStage.credentials(new.email)
            )
            return (user.id, try #require(answer.json["access"] as? String))
        }
        func change(_ user: UserID, _ edit: (inout AccountChanges) -> Void) async throws {
            var changes = AccountChanges()
            edit(&changes)
            _ = try await stage.administration.accounts.update(user, changes, if: .none, by: .command("test"))
        }
        let old = try await made(.superAdmin, "old")
        stage.clock.advance(seconds: AccessTokens.lifetimeSeconds + AccessTokens.leewaySeconds)
        let left = try await made(.superAdmin, "left")
        #expect(try await stage.ask("POST", "/api/auth/logout/", token: left.token).status == 204)
        let disabled = try await made(.superAdmin, "disabled")
        try await change(disabled.id) { $0.isActive = false }
        let promoted = try await made(.admin, "promoted")
        try await change(promoted.id) { $0.role = .superAdmin }
        let renewed = try await made(.superAdmin, "renewed")
        try await change(renewed.id) { $0.passwordHash = FakePasswords.hashed("another long password") }
        let tokens = ["garbage", old.token, left.token, disabled.token, promoted.token, renewed.token]

        let before = try stage.acts()
        var told: Set<String> = []
        for operation in stage.administration.operations.all where Self.isGuarded(operation) {
            for path in [Self.anyPlace(operation), Self.anyPlace(operation) + "/"] {
                let nobody = try await stage.ask(operation.method.rawValue, path, body: "{")
                #expect(nobody.status == 401 && nobody.code == "not_authenticated", "\(operation.method) \(path)")
                #expect(nobody.headers[.wwwAuthenticate] == "Bearer")
                for (index, token) in tokens.enumerated() {
                    let answer = try await stage.ask(operation.method.rawValue, path, token: token, body: "{")
                    #expect(answer.status == 401 && answer.code == "token_not_valid", "\(index) \(path)")
                    told.insert(answer.whole)
                }
            }
        }
        #expect(told.count == 1)
        #expect(try stage.acts() == before)
    }

    @Test("a role that is too low is told so before anything is read, whatever is named", arguments: Role.allCases)
    func tooLow(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        let before = try stage.acts()
        var told: Set<String> = []
        for operation in stage.administration.operations.all {
            guard case .atLeast(let least) = operation.access, !role.covers(least) else { continue }
            let path = Self.anyPlace(operation)
            for asked in [path, path + "/", path + "?unknown=1", path.replacing("/1", with: "/999999")] {
                for body in ["{}", "{", RouteTable.body(operation.method.rawValue, operation.path)] {
                    let answer = try await stage.ask(operation.method.rawValue, asked, token: token, body: body)
                    #expect(answer.status == 403 && answer.code == "permission_denied", "\(operation.method) \(asked)")
                    told.insert(answer.whole)
                }
            }
        }
        #expect(told.count == (role == .superAdmin ? 0 : 1))
        #expect(try stage.acts() == before)
    }

    @Test("what is missing and what is another's are one answer, to the last header", arguments: Role.allCases)
    func missing(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        let stranger: Role = role == .auditor ? .user : .auditor
        var told: Set<String> = []
        for operation in stage.administration.operations.all where operation.path.contains("{") {
            guard case .atLeast(let least) = operation.access, role.covers(least) else { continue }
            let body = RouteTable.body(operation.method.rawValue, operation.path)
            let absent = operation.path.replacing("{id}", with: "999999")
                .replacing("{request_id}", with: CallID(high: 1, low: 1).description)
            var places = [absent, operation.path.replacing("{id}", with: "x").replacing("{request_id}", with: "x")]
            if operation.path.hasPrefix("/api/me/") {
                places.append(try await stage.place(operation.path, of: stranger))
            }
            let before = try stage.acts()
            for place in places {
                let answer = try await stage.ask(operation.method.rawValue, place + "/", token: token, body: body)
                #expect(answer.status == 404, "\(operation.method) \(place) \(answer.text)")
                told.insert(answer.whole)
            }
            #expect(try stage.acts() == before)
        }
        #expect(told.count == 1, "\(told)")
        try stage.expectProven()
    }

    /// By what is asked, not by how long it takes: the same statements in the same order take the same time on any machine.
    @Test("what is missing and what is another's ask the same of the database", arguments: Role.allCases)
    func sameWork(role: Role) async throws {
        let stage = try await BooksStage()
        let token = try await stage.access(role)
        let stranger: Role = role == .auditor ? .user : .auditor
        let asked = stage.administration.operations.all.filter {
            $0.path.contains("{") && $0.path.hasPrefix("/api/me/") && Self.isGuarded($0)
        }
        #expect(asked.count > 5)
        for operation in asked {
            let body = RouteTable.body(operation.method.rawValue, operation.path)
            let absent = operation.path.replacing("{id}", with: "999999")
                .replacing("{request_id}", with: CallID(high: 1, low: 1).description)
            let anothers = try await stage.place(operation.path, of: stranger)
            var works: [[String]] = []
            for place in [absent, anothers] {
                _ = stage.statements.take()
                let answer = try await stage.ask(operation.method.rawValue, place + "/", token: token, body: body)
                #expect(answer.status == 404)
                works.append(stage.statements.take())
            }
            #expect(works[0] == works[1] && !works[0].isEmpty, "\(operation.method) \(operation.path)")
        }
    }

    @Test("every route of the design is there, by its name")
    func design() async throws {
        let stage = try await BooksStage()
        let routes = Set(stage.administration.operations.all.map { "\($0.method.rawValue) \($0.path)/" })
        let design = """
            POST /api/auth/login/ POST /api/auth/logout/ POST /api/auth/refresh-key/
            GET /api/admin/users/ POST /api/admin/users/ PUT /api/admin/users/{id}/ DELETE /api/admin/users/{id}/
            POST /api/admin/users/{id}/reset-key/
            GET /api/admin/providers/ POST /api/admin/providers/ PUT /api/admin/providers/{id}/
            POST /api/admin/providers/{id}/sync-models/
            GET /api/admin/models/ POST /api/admin/models/ PUT /api/admin/models/{id}/
            GET /api/admin/model-groups/ POST /api/admin/model-groups/ PUT /api/admin/model-groups/{id}/
            GET /api/admin/quotas/ POST /api/admin/quotas/ PUT /api/admin/quotas/{id}/
            GET /api/admin/stats/overview/ GET /api/admin/stats/users/{id}/requests/ GET /api/admin/stats/billing/
            """
        let words = design.split { $0 == " " || $0 == "\n" }
        for index in stride(from: 0, to: words.count, by: 2) {
            #expect(routes.contains("\(words[index]) \(words[index + 1])"))
        }
        for (method, path) in [("POST", "/chat/completions"), ("GET", "/models"), ("GET", "/usage")] {
            let place = try #require(APIPath.belowV1("/api/v1" + path))
            #expect(APIPath.methods(below: place)?.contains(method) == true)
        }
    }
}
