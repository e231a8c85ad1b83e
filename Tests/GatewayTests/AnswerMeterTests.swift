import NIOCore
import Testing

@testable import Gateway

@Suite("output that passes what is held")
struct AnswerMeterTests {
    private func meter(events: Int, bytes: Int, _ bound: OutputBound) throws -> AnswerMeter {
        var meter = AnswerMeter()
        meter.expectStream(
            stripsUsage: false,
            choices: 1,
            prompts: 1,
            eventByteLimit: 1 << 20,
            outputBound: bound
        )
        for index in 0..<events {
            let text = String(repeating: "x", count: bytes / events + (index < bytes % events ? 1 : 0))
            meter.hold(ByteBuffer(string: "data: {\"choices\":[{\"text\":\"\(text)\"}]}\n\n"))
        }
        _ = try meter.meterHeld()
        return meter
    }

    @Test(
        "an event is a token or more, a token at most 128 bytes, and a prompt that comes back is neither",
        arguments: [
            (10, 82, 100, 0, false), (10, 83, 100, 0, true), (10, 1, 5_376, 0, false), (10, 1, 5_377, 0, true),
            (10, 1, 5_377, 1, false), (10, 1, 11_376, 1_000, false), (10, 1, 11_377, 1_000, true),
            (10, 182, 200, 100, false), (10, 183, 200, 100, true), (1 << 32, 200, 200_000, 0, false),
        ] as [(Int64, Int, Int, Int64, Bool)]
    )
    func isBeyond(limit: Int64, events: Int, bytes: Int, echo: Int64, expected: Bool) throws {
        let bound = OutputBound(tokens: limit, choices: 1, echoBytes: echo)
        #expect(try meter(events: events, bytes: bytes, bound).isBeyondHold == expected)
    }
}
