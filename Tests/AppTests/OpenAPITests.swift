import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Admin

@Suite("the OpenAPI document, versions and languages")
struct OpenAPITests {
    @Test("names every operation that is served, and nothing else")
    func complete() async throws {
        let stage = try await AdministrationStage()
        let answer = try await stage.ask("GET", "/openapi.json")
        #expect(answer.status == 200 && answer.json["openapi"] as? String == "3.1.0")
        let paths = try #require(answer.json["paths"] as? [String: [String: Any]])
        let described = paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } }
        let served = stage.administration.operations.all.map { "\($0.method.rawValue) \($0.path)/" }
        #expect(Set(described) == Set(served) && described.count == served.count)
        let names = paths.values.flatMap { methods in
            methods.values.compactMap { ($0 as? [String: Any])?["operationId"] as? String }
        }
        #expect(Set(names).count == served.count, "each has a name of its own")
        for operation in stage.administration.operations.all {
            #expect(operation.summary.hasSuffix(".") && operation.path.hasPrefix("/api/"), "\(operation.path)")
        }
    }

    @Test("is readable without a script or anything from elsewhere")
    func page() async throws {
        let stage = try await AdministrationStage()
        let answer = try await stage.ask("GET", "/docs/")
        #expect(answer.status == 200 && answer.headers[.contentType] == "text/html; charset=utf-8")
        #expect(!answer.text.contains("<script") && !answer.text.contains("src="))
        for operation in stage.administration.operations.all {
            #expect(answer.text.contains("<code>\(operation.path)/</code>"), "\(operation.path)")
        }
        #expect(try await stage.ask("POST", "/docs", body: "{}").status == 405)
    }

    @Test("a change is tied to the version that was read")
    func versions() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.admin)
        let path = "/api/admin/users/\(stage.id(.user))/"
        let read = try await stage.ask("GET", path, token: token)
        let tag = try #require(read.headers[.eTag])
        func rename(_ name: String, if match: String?) async throws -> AdministrationStage.Answer {
            try await stage.ask(
                "PATCH",
                path,
                token: token,
                body: #"{"name":"\#(name)"}"#,
                headers: match.map { [("If-Match", $0)] } ?? []
            )
        }
        let first = try await rename("One", if: tag)
        #expect(first.status == 200 && first.headers[.eTag] != tag)
        let late = try await rename("Two", if: tag)
        #expect(late.status == 412 && late.code == "changed_meanwhile")
        // Also where nothing would change, and for tags of another make.
        for match in [tag, "W/\(tag)", "\"\"", "\"x\"", "x", "\"-1\"", "\"99999999999999999999\""] {
            #expect(try await rename("One", if: match).status == 412, "\(match)")
        }
        #expect(try await stage.ask("DELETE", path, token: token, headers: [("If-Match", tag)]).status == 412)
        #expect(try await rename("Three", if: "\"1\", \(try #require(first.headers[.eTag]))").status == 200)
        #expect(try await rename("Four", if: "*").status == 200)
        #expect(try await rename("Five", if: nil).status == 200)
    }

    @Test(
        "is told in the language that is liked best",
        arguments: [
            (nil, "en"), ("", "en"), ("zh", "zh-CN"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("en-US,en;q=0.9", "en"),
            ("en;q=0.1, zh-Hant;q=0.2", "zh-CN"), ("fr, de;q=0.5", "en"), ("fr, zh;q=0.5", "zh-CN"), ("*", "en"),
            ("zh;q=0", "en"), ("zh;q=x", "en"), (";;;,,,=q", "en"), ("ZH-cn", "zh-CN"),
        ] as [(String?, String)]
    )
    func languages(accept: String?, language: String) async throws {
        let stage = try await AdministrationStage()
        let answer = try await stage.ask(
            "POST",
            "/api/auth/login/",
            body: "{}",
            headers: accept.map { [("Accept-Language", $0)] } ?? []
        )
        #expect(answer.status == 400 && answer.headers[.contentLanguage] == language)
        let message = (answer.json["email"] as? [String])?.first
        #expect(message == (language == "en" ? "This field is required." : "必填字段。"))
    }

    @Test("a sentence keeps its values in every language")
    func messages() {
        let message: Message = "\("PUT") is not allowed at \("/x"); use \("GET")."
        #expect(message.description == "PUT is not allowed at /x; use GET.")
        #expect(message.text(in: .chinese) == "不支持 PUT（路径 /x），请使用 GET。")
        #expect(("Nobody translated \(7)." as Message).text(in: .chinese) == "Nobody translated 7.")
        for (english, chinese) in ChineseMessages.all {
            #expect(english.ranges(of: "{}").count == chinese.ranges(of: "{}").count, "\(english)")
        }
    }
}
