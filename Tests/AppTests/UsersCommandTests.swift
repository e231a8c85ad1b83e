import ArgumentParser
import Domain
import Foundation
import Storage
import Testing

@testable import tokenaudit

@Suite("users") struct UsersCommandTests {
    @Test("the first administrator is made from an empty folder, and can sign in; a second time is refused")
    func createAdmin() async throws {
        let folder = NSTemporaryDirectory() + "tokenaudit-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = folder + "/password"
        try "correct horse battery\n".write(toFile: file, atomically: true, encoding: .utf8)
        let database = "sqlite:\(folder)/data/books.sqlite"
        let arguments = ["--email", "Root@Example.com", "--name", "Root", "--password-file", file]
        func command() throws -> UsersCommand.CreateAdmin {
            try UsersCommand.CreateAdmin.parse(arguments + ["--database", database])
        }
        try await command().run()
        let books = try SQLiteDatabase(path: "\(folder)/data/books.sqlite")
        let desk = ControlDesk(writer: books, reader: books, clock: Clock.now)
        let login = try #require(try await SessionTable(desk: desk).login(email: "root@example.com"))
        #expect(login.role == .superAdmin && login.isActive)
        #expect(await Passwords().matches("correct horse battery", stored: login.passwordHash) == true)
        do {
            try await command().run()
            Issue.record("made twice")
        } catch let problem as InputProblem {
            #expect(problem.description.contains("there is such a user already"))
        }
        // No key was made, so no master key was needed.
        #expect(!FileManager.default.fileExists(atPath: folder + "/data/master.key"))
        #expect(try LedgerVerifier.verify(books).isProven)
        try books.close()
    }

    @Test(
        "what cannot be is a mistake of use",
        arguments: [
            [], ["--email", ""], ["--email", "root"], ["--email", "a@b@c"], ["--email", "a b@example.com"],
            ["--email", "a@example.com", "--name", "a\nb"], ["--email", "a@example.com", "--password", "secret"],
            ["--email", "a@example.com", "--password-file", ""],
        ]
    )
    func usage(arguments: [String]) {
        do {
            _ = try UsersCommand.CreateAdmin.parse(arguments)
            Issue.record("accepted")
        } catch { #expect(UsersCommand.CreateAdmin.exitCode(for: error).rawValue == 64) }
    }

    @Test(
        "a new password is long enough and can be typed",
        arguments: [
            ("correct horse", true), ("пароль пароль", true), (String(repeating: "x", count: 1_024), true),
            ("eleven char", false), ("", false), ("twelve\tchars", false),
            (String(repeating: "x", count: 1_025), false),
        ]
    )
    func passwords(password: String, isGood: Bool) {
        #expect((try? NewPassword.check(password, source: "test")) == (isGood ? password : nil))
    }
}
