import Domain
import Foundation
import Testing

@testable import Storage

/// What bodies take. Prints figures, so it runs only where asked for:
/// `TOKENAUDIT_COST=1 swift test -c release -Xswiftc -enable-testing --filter BodyCost`.
@Suite("what bodies cost", .enabled(if: ProcessInfo.processInfo.environment["TOKENAUDIT_COST"] == "1"))
struct BodyCost {
    private static let words = [
        "the", "quota", "of", "a", "model", "is", "held", "before", "it", "answers", "and", "what", "was", "asked",
        "costs", "no", "more", "than", "that", "tokens", "prices", "users", "every", "call", "ends", "with", "its",
        "bill",
    ]

    /// Text that is neither random nor repeated.
    private static func prose(_ bytes: Int, seed: UInt64) -> String {
        var state = seed
        var text = ""
        while text.utf8.count < bytes {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text += words[Int(state >> 33) % words.count] + " "
        }
        return text
    }

    /// A streamed answer of so many events, as OpenAI sends them.
    private static func stream(_ events: Int, seed: UInt64) -> String {
        prose(events * 6, seed: seed).split(separator: " ").prefix(events).map { word in
            #"data: {"id":"chatcmpl-9xK2","object":"chat.completion.chunk","created":1795417581,"model":"gpt-4o","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" \#(word)"},"logprobs":null,"finish_reason":null}]}"#
        }.joined(separator: "\n\n")
    }

    @Test("bytes and time a call, in batches")
    func write() async throws {
        for (name, request, events) in [("2 KB, 200 events", 2_000, 200), ("20 KB, 1,000 events", 20_000, 1_000)] {
            let stage = try BodyStage()
            defer { stage.remove() }
            let count = 400
            let calls = (0..<count).map { number in
                stage.captured(
                    stage.id(UInt64(number)),
                    request: Self.prose(request, seed: UInt64(number)),
                    answer: Self.stream(events, seed: UInt64(number) + 7)
                )
            }
            let whole = calls.reduce(0) { sum, call in
                let (request, answer) = call.read()
                return sum + request.bytes.count + answer.bytes.count
            }
            let start = ContinuousClock.now
            await stage.keep(calls)
            let spent = (ContinuousClock.now - start) / count
            let figures = try await stage.store.figures()
            print(
                "\(name): \(whole / count) bytes a call, stored \(figures.storedBytes / Int64(count)), \(spent) a call"
            )
        }
    }
}
