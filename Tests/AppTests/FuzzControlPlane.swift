import Domain
import Foundation
import Fuzzing
import HTTPTypes
import Synchronization
import Testing

@Suite("Fuzz: the control plane's paths")
struct FuzzControlPlane {
    @Test("any target and key get an answer in JSON with a status that was meant")
    func targets() async throws {
        try await Fuzzer(
            "control-targets",
            seeds: [
                "/v1/usage?limit=20&request_id=0191c7a4-5f3e-7c11-9a55-0c8f4d2b7e60", "/v1/models/meta/llama",
                "/api/v1/models/",
                "/healthz", "/readyz?x", "/v1/chat/completions", "/", "/v1/usage?limit=%31%30&limit=5",
            ],
            words: [
                "/", "//", "/v1", "/api", "/usage", "/models", "?", "&", "=", "limit=", "request_id=", "%2F", "%00",
                "%", "%zz", "+", "#",
                "..", ";", "http://x", "*", "\u{301}", "é", "1000", "1001", "0", "{id}", ":id", "**",
            ],
            largestBytes: 300,
            waits: true
        ) { run in
            // What the codec lets through of a target.
            let target = String(decoding: run.input.filter { $0 > 0x20 && $0 != 0x7F }, as: UTF8.self)
            let key = run.random.oneIn(4) ? nil : Stage.key
            let outcome = Outcome()
            let done = DispatchSemaphore(value: 0)
            Task {
                let answer = try? await ControlPlaneTests().ask(.get, target, key: key)
                outcome.found.withLock { $0 = answer.map { ($0.status, $0.json.isEmpty) } }
                done.signal()
            }
            done.wait()
            guard let (status, isEmpty) = outcome.found.withLock({ $0 }) else {
                throw FuzzFailure(property: "no answer, or one that is not JSON")
            }
            run.note(status)
            run.note(target.utf8.count { $0 == UInt8(ascii: "/") })
            try run.expect([200, 400, 401, 404, 405].contains(status), "status \(status)")
            try run.expect(!isEmpty, "an empty answer of status \(status)")
        }.run()
    }
}

/// What a task tells the thread that waits for it.
private final class Outcome: Sendable {
    let found = Mutex<(status: Int, isEmpty: Bool)?>(nil)
}
