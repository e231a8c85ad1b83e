import Domain
import Foundation
import Fuzzing
import Synchronization
import Testing

@testable import Admin

@Suite("Fuzz: the administration")
struct FuzzAdministration {
    @Test("bodies are read as RFC 8259 says, but for what is refused on purpose")
    func bodies() async throws {
        try await Fuzzer(
            "admin-json",
            seeds: [
                #"{"email":"a@b","name":"é\u00e9\ud83d\ude00","is_active":true,"role":null}"#, "[1,-0.5e+3,[],{}]",
                #"{"a":{"b":[{"c":"\\\/\b\f\n\r\t"}]}}"#, "\"\"", " null ", #"{"a":1,"\u0061":2}"#,
            ],
            words: [
                "\\u", "\\ud83d", "\\ude00", "\\u0000", "\"", "\\", "{", "}", "[", "]", ":", ",", "true", "null", "-",
                "0", "1e", "e+", ".5", "[[[[[[[[", "\u{FEFF}", "é", "e\u{301}",
            ],
            largestBytes: 512
        ) { run in
            let reference = ReferenceJSON.parse(run.input)
            do throws(JSONReader.Problem) {
                let item = try JSONReader.read(run.input)
                run.note("read")
                guard let reference, reference.excesses.isDisjoint(with: [.loneSurrogate, .duplicateName]) else {
                    throw JSONReader.Problem(reason: "nothing that should be read")
                }
                if !Self.isSame(item, reference.value) { throw JSONReader.Problem(reason: "another value") }
            } catch {
                run.note(String(error.reason.prefix { !$0.isNumber }))
                try run.expect(!["nothing that should be read", "another value"].contains(error.reason), error.reason)
                guard let reference, reference.excesses.isDisjoint(with: [.loneSurrogate, .duplicateName]) else {
                    return
                }
                // Names that Unicode holds for one are one here.
                let isOnPurpose = ["it is nested too deep", "a member is given twice"].contains(error.reason)
                try run.expect(isOnPurpose, "refused though it is JSON: \(error.reason)")
            }
        }.run()
    }

    private static func isSame(_ item: JSONItem, _ reference: ReferenceJSON) -> Bool {
        switch (item, reference) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left.utf8.elementsEqual(right)
        case (.string(let left), .string(let right)): left.unicodeScalars.map(\.value) == right
        case (.array(let left), .array(let right)): left.count == right.count && zip(left, right).allSatisfy(isSame)
        case (.object(let left), .object(let right)):
            left.count == right.count
                && right.allSatisfy { member in
                    let name = String(String.UnicodeScalarView(member.name.compactMap(Unicode.Scalar.init)))
                    return left[name].map { isSame($0, member.value) } ?? false
                }
        default: false
        }
    }

    @Test("no body and no query of a list is answered 500, and none without a good token does anything")
    func requests() async throws {
        let stage = try await AdministrationStage()
        let token = try await stage.access(.auditor)
        let admin = try await stage.access(.admin)
        try await Fuzzer(
            "admin-requests",
            seeds: [
                "page=2&page_size=3&search=a%25&ordering=-created_at&role=user&is_active=true",
                #"{"email":"a@b","name":"N","role":"auditor","is_active":true,"password":"twelve chars"}"#,
                #"{"email":"a@b","password":"twelve chars"}"#, #"{"refresh":"x"}"#, "{}",
            ],
            words: [
                "&", "=", "page=", "page_size=", "search=", "ordering=", "%00", "%", "+", "-", "{", "}", "\"", ":", ",",
                "null", "true", "super_admin", "is_super_admin", "\\u0000", "@", "99999999999999999999", "[]",
            ],
            largestBytes: 512,
            waits: true
        ) { run in
            let text = run.text
            let query = text.filter { $0.isASCII && $0 > " " && $0 != "#" }
            let body = run.input
            let statuses = Self.wait {
                [
                    try await stage.ask("GET", "/api/admin/users/?\(query)", token: token).status,
                    try await stage.ask("PATCH", "/api/admin/users/4/", token: admin, bytes: body).status,
                    try await stage.ask("POST", "/api/auth/refresh/", bytes: body).status,
                    try await stage.ask("POST", "/api/admin/users/", token: query, bytes: body).status,
                ]
            }
            for status in statuses { run.note(status) }
            try run.expect(statuses.count == 4, "no answer")
            try run.expect([200, 400, 404].contains(statuses[0]), "the list: \(statuses[0])")
            try run.expect([200, 400, 403].contains(statuses[1]), "a change: \(statuses[1])")
            try run.expect([400, 401].contains(statuses[2]), "a refresh: \(statuses[2])")
            try run.expect(statuses[3] == 401, "no token: \(statuses[3])")
        }.run()
    }

    @Test("of all tokens near a good one only it is taken")
    func tokens() async throws {
        let stage = try await AdministrationStage()
        let good = try await stage.access(.superAdmin)
        try await Fuzzer(
            "access-tokens",
            seeds: [good, good.split(separator: ".").dropLast().joined(separator: ".") + ".", ".."],
            words: [".", "=", "-", "_", "+", "eyJhbGciOiJub25lIn0", "A", "\u{0}", "é"],
            largestBytes: 4_200,
            waits: true
        ) { run in
            let text = run.text
            let isTaken = Self.wait { [try await stage.tokens.check(text, at: stage.clock.now)] }.count == 1
            run.note(isTaken ? "taken" : "refused")
            run.note(text.utf8.count { $0 == UInt8(ascii: ".") })
            try run.expect(isTaken == text.utf8.elementsEqual(good.utf8), "taken: \(isTaken)")
        }.run()
    }

    /// Has a fuzzer's thread wait for what is asynchronous; empty if it throws.
    private static func wait<Value: Sendable>(_ body: @escaping @Sendable () async throws -> [Value]) -> [Value] {
        let found = Found<Value>()
        let done = DispatchSemaphore(value: 0)
        Task {
            let values = try? await body()
            found.values.withLock { $0 = values ?? [] }
            done.signal()
        }
        done.wait()
        return found.values.withLock { $0 }
    }

    private final class Found<Value: Sendable>: Sendable {
        let values = Mutex<[Value]>([])
    }
}
