import Fuzzing
import NIOCore
import Testing

@testable import Dialects

@Suite("Fuzz: streams")
struct FuzzStreams {
    private static let words =
        FuzzOpenAIUsage.words
        + [
            "data: ", "data:", "data", "data: [DONE]\n\n", "data:[DONE]", "[DONE]", " [DONE] ", "event: error\n",
            "event: ",
            "error: ", "error", ": ping\n\n", "id: 1\n", "retry: 5\n", "\n\n", "\r\n\r\n", "\r\r", "\r\n", "\n", "\r",
            "\u{FEFF}", "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n", ",\"usage\":null",
            "\"usage\":null,",
            "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n",
        ]

    private static func seeds() throws -> [[UInt8]] {
        try Recording.streams.map { Array(try $0.body().suffix(600)) }
            + [
                "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\ndata: [DONE]\n\n",
                "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\ndata: x\r\n\r\n",
                "event: error\rdata: {\"message\":\"no\"}\r\rdata: [DONE]\r\r", ": ping\n\n\n\nerror: {}\n\n",
                "\u{FEFF}data: {\"usage\":null,\"choices\":[]}\n\n",
                "data: {\"a\":\ndata: 1}\n\ndata\n\ndatabase: x\n\n",
            ].map { Array($0.utf8) }
    }

    /// One event's fields.
    private struct Fields: Equatable {
        var name: [UInt8]?
        var data: [UInt8]?
        var error: [UInt8]?
    }

    @Test("events are those of a line-by-line reader, whatever the cuts; what is held stays below the limit")
    func events() async throws {
        try await Fuzzer("sse", seeds: try Self.seeds(), words: Self.words, largestBytes: 1_024) { run in
            let limit = run.random.pick([64, 200, 4_096])
            let whole = Result { try Self.events([run.input[...]], limit: limit, run) }
            let pieces = run.pieces()
            let cut = Result { try Self.events(pieces, limit: limit, run) }
            switch (whole, cut) {
            case (.success(let whole), .success(let cut)):
                try run.expect(
                    whole.events == cut.events,
                    "\(cut.events.count) events in pieces \(pieces.map(\.count))"
                )
                try run.expect(whole.bytes == run.input && cut.bytes == run.input, "bytes are lost")
                // A blank line right after a byte order mark ends an event of no fields, or is taken into the next.
                let filled = whole.events.filter { $0 != Fields() }
                try run.expect(filled == Self.reference(run.input), "a line-by-line reader sees other events")
                run.note(magnitudeOf: whole.events.count)
                for event in whole.events.prefix(6) {
                    run.note("\(event.name != nil) \(event.data != nil) \(event.error != nil)")
                }
                run.note(magnitudeOf: whole.held)
            case (.failure(let left as SSEProblem), .failure(let right as SSEProblem)):
                try run.expect(left == right, "\(left), \(right)")
                run.note("\(left)")
            case (.failure(let failure as FuzzFailure), _), (_, .failure(let failure as FuzzFailure)): throw failure
            default: throw FuzzFailure(property: "only one way of cutting is refused: \(pieces.map(\.count))")
            }
        }.run()
    }

    private static func events(
        _ pieces: [ArraySlice<UInt8>],
        limit: Int,
        _ run: FuzzRun
    ) throws -> (events: [Fields], bytes: [UInt8], held: Int) {
        var parser = SSEParser(eventByteLimit: limit)
        var events: [Fields] = []
        var bytes: [UInt8] = []
        for piece in pieces {
            let work = parser.join(ByteBuffer(bytes: piece))
            try work.withUnsafeReadableBytes { work in
                if parser.beginsWithLineFeed { bytes.append(work[0]) }
                while let range = try parser.next(in: work) {
                    bytes += work[range]
                    let event = SSEEvent(work, range, isFirst: events.isEmpty)
                    events.append(
                        Fields(
                            name: event.name.map { Array(work[$0]) },
                            data: event.data == nil ? nil : event.joinedData(work),
                            error: event.error.map { Array(work[$0]) }
                        )
                    )
                    try run.expect(
                        event.dataLineCount != 1 || events.last?.data == event.data.map { Array(work[$0]) },
                        "joined otherwise"
                    )
                }
            }
            parser.keepRest(of: work)
            try run.expect(parser.held.readableBytes <= limit, "\(parser.held.readableBytes) bytes held")
        }
        let rest = parser.takeHeld()
        return (events, bytes + rest.bytes, rest.readableBytes)
    }

    /// The rules of the standard, a line at a time; what no blank line ends is no event.
    private static func reference(_ bytes: [UInt8]) -> [Fields] {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var events: [Fields] = []
        var fields = Fields()
        while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            let line = rest[..<end]
            rest = rest[end...].starts(with: [0x0D, 0x0A]) ? rest[(end + 2)...] : rest[(end + 1)...]
            if line.isEmpty {
                if fields != Fields() { events.append(fields) }
                fields = Fields()
                continue
            }
            let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
            var value = line[colon...].dropFirst()
            if value.first == 0x20 { value = value.dropFirst() }
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "data": fields.data = fields.data.map { $0 + [0x0A] + value } ?? Array(value)
            case "event": fields.name = Array(value)
            case "error": fields.error = Array(value)
            default: break
            }
        }
        return events
    }

    @Test("a tapped stream gives the same bytes and the same usage for any cut, and takes out nothing but usage")
    func taps() async throws {
        try await Fuzzer("openai-stream", seeds: try Self.seeds(), words: Self.words, largestBytes: 1_024) { run in
            for stripsUsage in [true, false] {
                let limit = run.random.pick([64, 300, 4_096])
                let choices: Int64 = run.random.pick([1, 1, 2, 3])
                let pieces = run.pieces()
                func tapped(_ pieces: [ArraySlice<UInt8>]) -> Tapped? {
                    try? Tapped(pieces, stripsUsage: stripsUsage, choices: choices, eventByteLimit: limit)
                }
                let whole = tapped([run.input[...]])
                let cut = tapped(pieces)
                try run.expect(whole == cut, "stripping \(stripsUsage), limit \(limit), pieces \(pieces.map(\.count))")
                guard let whole else {
                    run.note("refused")
                    continue
                }
                Self.note(whole, &run)
                if stripsUsage {
                    try Self.checkStripped(whole, run)
                } else {
                    try run.expect(whole.bytes + whole.tail == run.input, "bytes are lost or out of order")
                    if choices == 1 { try Self.checkUsage(whole, run) }
                }
                try run.expect(
                    whole.contentBytes >= 0 && whole.contentBytes <= run.input.count,
                    "\(whole.contentBytes)"
                )
                if let usage = whole.usage { try FuzzOpenAIUsage.checkBill(usage.usage, &run) }
            }
        }.run()
    }

    private static func note(_ tapped: Tapped, _ run: inout FuzzRun) {
        run.note("\(tapped.terminalSeen) \(tapped.errorSeen) \(tapped.firstEventIsError) \(tapped.finishSeen)")
        run.note("\(tapped.usage?.problems.rawValue ?? 255) \(tapped.tail.isEmpty) \(tapped.isUsageBehind)")
        run.note(magnitudeOf: tapped.contentEvents)
        run.note(magnitudeOf: tapped.unreadableEvents)
        run.note(magnitudeOf: run.input.count - tapped.bytes.count - tapped.tail.count)
    }

    /// Data that was strict JSON still is, with the same members but for usage; nothing else is gone.
    private static func checkStripped(_ tapped: Tapped, _ run: FuzzRun) throws {
        let output = tapped.bytes + tapped.tail
        var kept = data(output)[...]
        for event in data(run.input) {
            // After the terminal event nothing is stripped.
            if kept.first != event, isUsageAlone(event) { continue }
            guard let next = kept.popFirst() else {
                throw FuzzFailure(property: "an event is gone: \(String(decoding: event, as: UTF8.self))")
            }
            if next == event { continue }
            guard case .object(let old)? = ReferenceJSON.parse(event)?.value else {
                // Of what is no strict JSON a null usage may be taken out too.
                try run.expect(
                    isSubsequence(next, of: event),
                    "an event changed: \(String(decoding: next, as: UTF8.self))"
                )
                continue
            }
            guard case .object(let new)? = ReferenceJSON.parse(next)?.value else {
                throw FuzzFailure(property: "no object any more: \(String(decoding: next, as: UTF8.self))")
            }
            let name = "usage".unicodeScalars.map(\.value)
            try run.expect(
                new == old.filter { $0.name != name || $0.value != .null }
                    || Set(old.map(\.name)).count < old.count,
                "members changed: \(String(decoding: next, as: UTF8.self))"
            )
        }
    }

    /// Of a stream of strict objects the last usage before the end mark is the one that counts.
    private static func checkUsage(_ tapped: Tapped, _ run: FuzzRun) throws {
        guard !run.input.contains(UInt8(ascii: "\\")) else { return }
        var expected: UsageReading?
        for event in data(run.input) {
            if event.filter({ $0 > 0x20 }) == Array("[DONE]".utf8) { break }
            guard let value = ReferenceJSON.parse(event)?.value, case .object = value else { return }
            if let range = value.lastUsage { expected = event[range].withUnsafeBytes { OpenAIUsage.read($0) } }
        }
        try run.expect(
            tapped.usage == expected,
            "usage \(String(describing: tapped.usage)), not \(String(describing: expected))"
        )
    }

    private static func data(_ bytes: [UInt8]) -> [[UInt8]] {
        reference(bytes + Array("\n\n".utf8)).compactMap(\.data)
    }

    /// Whether the event is one that stripping may leave out.
    private static func isUsageAlone(_ data: [UInt8]) -> Bool {
        let payload = data.withUnsafeBytes { OpenAIPayload($0, 0..<$0.count) }
        return payload.isObject && payload.usage == .object && payload.hasNoChoices && !payload.isError
    }

    private static func isSubsequence(_ bytes: [UInt8], of others: [UInt8]) -> Bool {
        var rest = bytes[...]
        for byte in others where rest.first == byte { rest = rest.dropFirst() }
        return rest.isEmpty
    }
}
