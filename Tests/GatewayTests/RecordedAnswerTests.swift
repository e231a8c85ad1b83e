import Domain
import FakeUpstream
import Foundation
import NIOCore
import Testing

@testable import Gateway

/// Answers of a real server, cut off or split at every single byte of head, framing and body on their way through.
@Suite("recorded answers at every byte offset", .serialized, .timeLimit(.minutes(1)))
struct RecordedAnswerTests {
    @Test("split anywhere, the client gets the same bytes and the bill says the same usage", arguments: Recorded.all)
    func split(recorded: Recorded) async throws {
        try await play(recorded, offsets: Array(0...recorded.wire.count)) { offset in
            // The pause makes two reads of two pieces.
            Script(
                framing: .raw,
                pieces: [
                    .init(ByteBuffer(bytes: recorded.wire[..<offset])),
                    .init(ByteBuffer(bytes: recorded.wire[offset...]), delayMilliseconds: 1),
                ]
            )
        } check: { offset, answer, settlement in
            #expect(answer.status == recorded.status && answer.isEnded, "split at \(offset)")
            #expect(answer.body == recorded.body, "split at \(offset)")
            recorded.expectWholeBill(settlement, "split at \(offset)")
        }
    }

    @Test("sent byte by byte, too", arguments: Recorded.all)
    func bytewise(recorded: Recorded) async throws {
        try await play(recorded, offsets: [0]) { _ in
            Script(framing: .raw, pieces: recorded.wire.map { Script.Piece(ByteBuffer(bytes: [$0])) })
        } check: { _, answer, settlement in
            #expect(answer.status == recorded.status && answer.isEnded && answer.body == recorded.body)
            recorded.expectWholeBill(settlement, "byte by byte")
        }
    }

    @Test(
        "cut off anywhere: whole events reach the client, nothing passes for the whole, no word is free",
        arguments: Recorded.all
    )
    func cut(recorded: Recorded) async throws {
        try await play(recorded, offsets: Array(0..<recorded.wire.count)) { offset in
            Script.cut(ByteBuffer(bytes: recorded.wire), after: offset)
        } check: { offset, answer, settlement in
            recorded.expectCut(at: offset, answer, settlement)
        }
    }

    /// Plays a script for each offset, 32 calls at a time on one gateway, and checks each answer beside its bill.
    private func play(
        _ recorded: Recorded,
        offsets: [Int],
        script: (Int) -> Script,
        check: @escaping @Sendable (Int, RawAnswer, Settlement) -> Void
    ) async throws {
        let upstream = try await FakeUpstream.start(records: false)
        for offset in offsets { upstream.script("at-\(offset)", script(offset)) }
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let answers = try await withThrowingTaskGroup(of: [(Int, RawAnswer)].self) { group in
                var answers: [(Int, RawAnswer)] = []
                for worker in 0..<min(32, offsets.count) {
                    group.addTask { try await recorded.ask(offsets.filter { $0 % 32 == worker }, port: gateway.port) }
                }
                for try await more in group { answers += more }
                return answers
            }
            var settlements: [String: Settlement] = [:]
            for settlement in gateway.journal.settlements {
                #expect(settlements.updateValue(settlement, forKey: settlement.call.id.description) == nil)
            }
            #expect(settlements.count == offsets.count && answers.count == offsets.count)
            for (offset, answer) in answers {
                let settlement = try #require(settlements[answer.id], "the bill of the answer at \(offset)")
                #expect(settlement.result.charge <= settlement.hold.amount)
                check(offset, answer, settlement)
            }
        }
        try await upstream.shutdown()
    }
}

/// An answer of a llama.cpp server with what was asked, and what each piece of it must lead to.
struct Recorded: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let path: String
    let question: String
    let status: Int
    /// With the framing that the recording tool had taken off.
    let wire: [UInt8]
    let headBytes: Int
    let body: [UInt8]
    let isStreamed: Bool
    /// As the recording reports it: prompt with cached, cached, completion. Nil: none, so an estimate is due.
    let usage: (prompt: Int64, cached: Int64, output: Int64)?

    static let all: [Recorded] = {
        let chat = #""messages":[{"role":"user","content":"Name three colours, please, and a reason for each."}]"#
        let usage = #""stream":true,"stream_options":{"include_usage":true}"#
        return [
            Recorded("chat", #"{"model":"scripted",\#(chat)}"#, (34, 0, 40)),
            Recorded(
                "completions",
                path: "/v1/completions",
                #"{"model":"scripted","prompt":"The sea and"}"#,
                (2, 0, 12)
            ),
            Recorded("chat-stream-usage", #"{"model":"scripted",\#(chat),\#(usage)}"#, (34, 5, 60)),
            Recorded("chat-stream-n2", #"{"model":"scripted","n":2,\#(chat),\#(usage)}"#, (34, 24, 12)),
            Recorded("error-400", #"{"model":"scripted",\#(chat)}"#, nil),
        ]
    }()

    private init(
        _ name: String,
        path: String = "/v1/chat/completions",
        _ question: String,
        _ usage: (Int64, Int64, Int64)?
    ) {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(
                path: "../DialectsTests/Recordings/llamacpp-\(name.hasPrefix("error") ? "" : "openai-")\(name).http"
            )
        let bytes = (try? Data(contentsOf: file)).map(Array.init) ?? []
        let separator = bytes[...].range(of: "\r\n\r\n") ?? bytes.count..<bytes.count
        let head = Array(bytes[..<separator.upperBound])
        headBytes = head.count
        isStreamed = String(decoding: head, as: UTF8.self).contains("chunked")
        let whole = bytes[separator.upperBound...]
        // Of two choices every token counts: which usage is whose shows by what came before it.
        let isInterleaved = name.hasSuffix("n2")
        body = isInterleaved ? Recorded.terse(whole) : isStreamed ? Recorded.shortened(whole) : Array(whole)
        status = name.hasPrefix("error") ? 400 : 200
        self.path = path
        self.question = question
        self.usage = usage
        testDescription = name
        wire = head + (isStreamed ? Recorded.chunked(body) : body)
    }

    /// The first and the last events; those in between are of one kind.
    private static func shortened(_ body: ArraySlice<UInt8>) -> [UInt8] {
        let ends = body.ranges(of: "\n\n").map(\.upperBound)
        guard ends.count > 10 else { return Array(body) }
        return Array(body[..<ends[1]] + body[ends[ends.count - 5]...])
    }

    /// All events, without the members that are the same in each.
    private static func terse(_ body: ArraySlice<UInt8>) -> [UInt8] {
        let same = #/,"created":\d+,"id":"[^"]*","model":"[^"]*","system_fingerprint":"[^"]*","object":"[^"]*"/#
        return Array(String(decoding: body, as: UTF8.self).replacing(same, with: "").utf8)
    }

    /// One chunk an event, as llama.cpp sends them.
    private static func chunked(_ body: [UInt8]) -> [UInt8] {
        var wire: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let end = rest.range(of: "\n\n")?.upperBound ?? rest.endIndex
            wire += Array("\(String(end - rest.startIndex, radix: 16))\r\n".utf8) + rest[..<end] + Array("\r\n".utf8)
            rest = rest[end...]
        }
        return wire + Array("0\r\n\r\n".utf8)
    }

    /// One call for each offset, on one connection as long as it lasts.
    func ask(_ offsets: [Int], port: Int) async throws -> [(Int, RawAnswer)] {
        var answers: [(Int, RawAnswer)] = []
        var client: RawClient?
        for offset in offsets {
            let open = if let client { client } else { try await RawClient.connect(port: port) }
            try await open.send(RawClient.post(path, headers: "x-script: at-\(offset)\r\n", body: question))
            let answer = RawAnswer(await open.take { RawAnswer($0).isEnded })
            answers.append((offset, answer))
            client = answer.isEnded ? open : nil
            if !answer.isEnded { try? await open.close() }
        }
        try? await client?.close()
        return answers
    }

    /// Input 0.15, cached 0.075, output 0.60 dollars a million tokens, in pico-dollars.
    private var charge: Int64? {
        usage.flatMap { usage in inputCharge.map { $0 + usage.output * 600_000 } }
    }

    private var inputCharge: Int64? { usage.map { ($0.prompt - $0.cached) * 150_000 + $0.cached * 75_000 } }

    func expectWholeBill(_ settlement: Settlement, _ where: String) {
        let result = settlement.result
        #expect(result.charge == Money(picoDollars: charge ?? 0), "\(`where`)")
        #expect(result.outcome == (usage == nil ? .voided : .captured) && result.flags.isEmpty, "\(`where`)")
        if let usage {
            #expect(result.usage[.input] == usage.prompt - usage.cached && result.usage[.output] == usage.output)
            #expect(result.usage[.cacheRead] == usage.cached)
        }
    }

    func expectCut(at offset: Int, _ answer: RawAnswer, _ settlement: Settlement) {
        let result = settlement.result
        guard isStreamed, offset >= headBytes else {
            // No piece of a whole answer is of use to anyone, and an error costs nothing however it ends.
            #expect(answer.status == 502 && answer.isEnded, "cut at \(offset)")
            #expect(result.outcome == .voided && result.charge == .zero, "cut at \(offset)")
            return
        }
        let received = RawAnswer.unchunked(wire[headBytes..<offset]).body
        let events = received[...].ranges(of: "\n\n")
        let whole = Array(received[..<(events.last?.upperBound ?? 0)])
        #expect(answer.status == 200)
        if whole.count == body.count {
            #expect(answer.body == body && answer.isEnded, "cut at \(offset)")
        } else {
            #expect(!answer.isEnded && Array(answer.body.prefix(whole.count)) == whole, "cut at \(offset)")
            let rest = String(decoding: answer.body.dropFirst(whole.count), as: UTF8.self)
            #expect(rest.hasPrefix(#"data: {"error":"#) && rest.contains("upstream_interrupted"), "cut at \(offset)")
        }
        #expect(result.outcome == .captured, "cut at \(offset)")
        let stated = whole[...].ranges(of: #""usage""#).count
        if stated > 0, stated == body[...].ranges(of: #""usage""#).count {
            #expect(result.charge == Money(picoDollars: charge ?? 0) && !result.flags.contains(.estimated))
        } else {
            // The first choice's usage holds the whole prompt and its own tokens only.
            let input = stated > 0 ? inputCharge ?? 0 : settlement.call.estimatedInputPrice.picoDollars
            #expect(result.flags == [.estimated, .upstreamBroken], "cut at \(offset)")
            #expect(
                result.charge.picoDollars >= input + Int64(events.count - stated) * 600_000,
                "cut at \(offset)"
            )
        }
    }
}

/// An answer as its bytes say it.
struct RawAnswer: Sendable {
    let status: Int
    let id: String
    let body: [UInt8]
    /// Its framing says that nothing is missing.
    let isEnded: Bool

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let separator = bytes[...].range(of: "\r\n\r\n") ?? bytes.count..<bytes.count
        let lines = String(decoding: bytes[..<separator.lowerBound], as: UTF8.self).split(separator: "\r\n")
        func header(_ name: String) -> Substring? {
            lines.first { $0.lowercased().hasPrefix(name + ": ") }?.dropFirst(name.count + 2)
        }
        status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        id = header("x-request-id").map(String.init) ?? ""
        let rest = bytes[separator.upperBound...]
        if header("transfer-encoding") == "chunked" {
            (body, isEnded) = RawAnswer.unchunked(rest)
        } else {
            body = Array(rest)
            isEnded = header("content-length").flatMap { Int($0) } == body.count
        }
    }

    /// What of a chunked body has come, as far as it has come.
    static func unchunked(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], isEnded: Bool) {
        var body: [UInt8] = []
        var rest = bytes
        while let line = rest.range(of: "\r\n") {
            guard let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16) else { break }
            rest = rest[line.upperBound...]
            if size == 0 { return (body, rest.elementsEqual(Array("\r\n".utf8))) }
            body += rest.prefix(size)
            guard rest.count >= size + 2 else { break }
            rest = rest.dropFirst(size + 2)
        }
        return (body, false)
    }
}

extension ArraySlice<UInt8> {
    /// By Foundation: in a debug build the standard library's search takes many times as long.
    fileprivate func range(of text: String) -> Range<Int>? {
        guard let found = Data(self).range(of: Data(text.utf8)) else { return nil }
        return (startIndex + found.lowerBound)..<(startIndex + found.upperBound)
    }

    fileprivate func ranges(of text: String) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var rest = self
        while let range = rest.range(of: text) {
            ranges.append(range)
            rest = rest[range.upperBound...]
        }
        return ranges
    }
}
