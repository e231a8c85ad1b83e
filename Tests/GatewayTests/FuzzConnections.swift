import Domain
import FakeUpstream
import Foundation
import Fuzzing
import Synchronization
import Testing

@testable import Gateway

/// Bytes against a running gateway on loopback, from the one side and from the other.
@Suite("Fuzz: connections")
struct FuzzConnections {
    @Test("whatever a client sends, each answer is well formed, the connection ends, and every hold is settled once")
    func clients() async throws {
        let upstream = try await FakeUpstream.start(records: false)
        let journal = MemoryJournal()
        let call = RawClient.post("/v1/chat/completions", body: Wire.call)
        let streamed = RawClient.post(
            "/api/v1/chat/completions",
            body: Wire.streamedCall.replacing("fake", with: "stream")
        )
        let chunked =
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(TestGateway.key)\r\nTransfer-Encoding: chunked\r\n\r\n"
            + Wire.chunk(Wire.call) + Wire.end
        try await TestGateway.with(upstreamPort: upstream.port, journal: journal) { gateway, _ in
            let port = gateway.port
            try await Fuzzer(
                "client-connections",
                seeds: [
                    call, streamed, chunked, call + call, "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n",
                    "GET / HTTP/1.0\r\n\r\n",
                    RawClient.post(
                        "/v1/embeddings",
                        headers: "Expect: 100-continue\r\n",
                        body: #"{"model":"fake","input":"x"}"#
                    ),
                    RawClient.post("/v1/completions", key: "wrong", body: #"{"model":"fake","prompt":"x"}"#) + streamed,
                ],
                words: [
                    "\r\n", "\r\n\r\n", "\n", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "POST ", "GET ", "OPTIONS * ",
                    "Content-Length: 0\r\n",
                    "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n",
                    "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Connection: close\r\n",
                    "Connection: keep-alive\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\n", "Expect: 100-continue\r\n",
                    "0\r\n\r\n",
                    "ffffffffffffffff\r\n", "5;ext=1\r\n", " : \r\n", "Content-Encoding: gzip\r\n", "?x=1", "//", "%2f",
                    "\u{0}",
                    "\"model\":\"stream\",", "\"stream\":true,", "\"n\":128,", "\"max_tokens\":1,", call,
                ],
                waits: true
            ) { run in
                let client = try BlockingSocket.connect(port: port)
                for piece in run.pieces() where !client.send(piece) { break }
                client.finish()
                let (answer, isEnded) = client.read()
                try run.expect(isEnded, "the connection stays: \(String(decoding: answer, as: UTF8.self))")
                if run.input.firstRange(of: Array("HEAD".utf8)) == nil {
                    for status in try WireAnswers.statuses(answer) { run.note(status) }
                } else {
                    run.note("head")
                }
                // What was wrong, where something was.
                for code in String(decoding: answer, as: UTF8.self).components(separatedBy: "\"code\":").dropFirst() {
                    run.note(String(code.prefix(24)))
                }
                try checkSettled(journal, &run)
            }.run()
        }
        try await upstream.shutdown()
    }

    @Test("whatever an upstream sends, its answer is passed well formed or refused, and charged within its hold")
    func upstreams() async throws {
        let upstream = try HostileUpstream()
        let journal = MemoryJournal()
        let stream = Wire.streamHead + Wire.delta("one") + Wire.usage(prompt: 3, completion: 1) + Wire.done + Wire.end
        var settings = TestGateway.settings()
        settings.deadlines.upstreamIdleSeconds = 2
        settings.deadlines.firstByteSeconds = 2
        settings.limits.heldAnswerBytes = 1_024
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings, journal: journal) { gateway, _ in
            let port = gateway.port
            try await Fuzzer(
                "upstream-connections",
                seeds: [
                    stream, Wire.whole(prompt: 3, completion: 2),
                    Wire.whole(prompt: 3, completion: 2, status: "429 Too Many"),
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
                        + #"{"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
                    "HTTP/1.1 100 Continue\r\n\r\n" + Wire.whole(prompt: 1, completion: 1),
                    "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
                    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops", "HTTP/1.1 204 No Content\r\n\r\n", "",
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"error\":{\"message\":\"no\"}}\n\n",
                ],
                words: [
                    "\r\n", "\r\n\r\n", "\n\n", "data: ", "data: [DONE]\n\n", "Content-Length: 0\r\n",
                    "Content-Length: 5\r\n",
                    "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\n",
                    "Connection: close\r\n",
                    "Connection: upgrade\r\n", "Content-Encoding: gzip\r\n", "Content-Type: text/event-stream\r\n",
                    "Set-Cookie: a=b\r\n",
                    "HTTP/1.1 101 Switching Protocols\r\n", "HTTP/1.1 103 Early Hints\r\n",
                    "HTTP/1.1 401 Unauthorized\r\n", "999", "000",
                    "0\r\n\r\n", "fffffff\r\n", "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9}",
                    "\"error\":{\"message\":\"x\"}",
                    "insufficient_quota", "X-Request-Id: a\r\n", "Date: x\r\n", "Trailer: x\r\n", Wire.delta("x"),
                    Wire.done, Wire.end,
                ],
                waits: true
            ) { run in
                upstream.answer(with: run.pieces().map(Array.init))
                let body = run.random.oneIn(2) ? Wire.streamedCall : Wire.call
                let client = try BlockingSocket.connect(port: port)
                client.send(
                    Array(RawClient.post("/v1/chat/completions", headers: "Connection: close\r\n", body: body).utf8)[
                        ...
                    ]
                )
                let (answer, isEnded) = client.read()
                try run.expect(isEnded, "the connection stays: \(String(decoding: answer, as: UTF8.self))")
                // A stream that breaks off is left without its end mark on purpose.
                let statuses = try WireAnswers.statuses(answer, mayBreakOff: true)
                try run.expect(statuses.count == 1 || (statuses.isEmpty && answer.isEmpty), "\(statuses.count) answers")
                for status in statuses { run.note(status) }
                run.note(magnitudeOf: answer.count / 64)
                let text = String(decoding: answer, as: UTF8.self)
                try run.expect(!text.contains("sk-upstream-secret"), "the credential is told")
                let head = text.components(separatedBy: "\r\n\r\n")[0].lowercased()
                try run.expect(!head.contains("\r\nset-cookie:"), "a cookie passes")
                try checkSettled(journal, &run)
            }.run()
        }
        upstream.stop()
    }
}

/// Every call admitted so far is settled once, within its hold, in five seconds; then both are forgotten.
private func checkSettled(_ journal: MemoryJournal, _ run: inout FuzzRun) throws {
    var isSettled = false
    for _ in 0..<20_000 {
        isSettled = journal.state.withLock { $0.settlements.count >= $0.admitted.count }
        if isSettled { break }
        usleep(250)
    }
    let (admitted, settlements) = journal.state.withLock { state in
        defer { (state.admitted, state.settlements) = ([], []) }
        return (state.admitted, state.settlements)
    }
    try run.expect(isSettled, "\(admitted.count) calls held, \(settlements.count) settled")
    try run.expect(
        Set(settlements.map(\.call.id)) == Set(admitted.map(\.call.id)) && settlements.count == admitted.count,
        "a call is settled twice or was never held"
    )
    for settlement in settlements {
        let result = settlement.result
        run.note("\(result.outcome) \(result.flags.rawValue) \(result.statusCode)")
        try run.expect(
            result.charge >= .zero && result.charge <= settlement.hold.amount && result.cost >= .zero
                && result.excess >= .zero,
            "charge \(result.charge) of \(settlement.hold.amount)"
        )
        try run.expect(result.outcome == .captured || result.charge == .zero, "a voided call is charged")
    }
}

/// Reads what a server sent as a row of HTTP/1 answers.
enum WireAnswers {
    /// - Throws: `FuzzFailure` where a byte is out of place.
    static func statuses(_ bytes: [UInt8], mayBreakOff: Bool = false) throws -> [Int] {
        var statuses: [Int] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) else {
                throw broken("an unfinished head", bytes)
            }
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            rest = rest[end.upperBound...]
            guard let line = try? /HTTP\/1\.[01] ([1-9][0-9]{2}) [^\r\n]*/.wholeMatch(in: lines[0]),
                let status = Int(line.1)
            else { throw broken("the status line \(lines[0])", bytes) }
            var fields: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, !line.contains("\n"),
                    !line.contains("\r")
                else { throw broken("the field \(line)", bytes) }
                let name = line[..<colon].lowercased()
                let isFraming = name == "content-length" || name == "transfer-encoding"
                if isFraming, fields[name] != nil { throw broken("\(name) twice", bytes) }
                fields[name] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
            if status == 100 { continue }
            statuses.append(status)
            if let length = fields["content-length"].flatMap(Int.init) {
                guard fields["transfer-encoding"] == nil else { throw broken("length and chunks", bytes) }
                guard length <= rest.count || mayBreakOff else {
                    throw broken("\(rest.count) of \(length) bytes", bytes)
                }
                rest = rest.dropFirst(length)
            } else if fields["transfer-encoding"] == "chunked" {
                rest = try chunks(rest, mayBreakOff: mayBreakOff, bytes)
            } else if status != 204, status != 304 {
                rest = []
            }
        }
        return statuses
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>, mayBreakOff: Bool, _ all: [UInt8]) throws -> ArraySlice<
        UInt8
    > {
        var rest = bytes
        while let end = rest.firstRange(of: [0x0D, 0x0A]) {
            guard let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16) else {
                throw broken("a chunk's size", all)
            }
            rest = rest[end.upperBound...].dropFirst(size)
            guard rest.starts(with: [0x0D, 0x0A]) else { break }
            rest = rest.dropFirst(2)
            if size == 0 { return rest }
        }
        if mayBreakOff, rest.isEmpty { return rest }
        throw broken("chunks without an end", all)
    }

    private static func broken(_ what: String, _ bytes: [UInt8]) -> FuzzFailure {
        FuzzFailure(property: "\(what) in \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
}

/// A provider on loopback that answers every request with the same bytes, whatever they are, and hangs up.
private final class HostileUpstream: Sendable {
    private let pieces = Mutex<[[UInt8]]>([])
    private let isStopped = Mutex(false)
    let port: Int

    init() throws {
        let listener = try BlockingSocket.listen()
        port = listener.port
        nonisolated(unsafe) let socket = listener
        Thread.detachNewThread { [self] in
            while !isStopped.withLock({ $0 }) {
                guard let connection = try? socket.accept() else { continue }
                _ = connection.read { $0.firstRange(of: Array("\"hi\"}]}".utf8)) != nil }
                for piece in pieces.withLock({ $0 }) where !connection.send(piece[...]) { break }
                connection.finish()
            }
        }
    }

    func answer(with bytes: [[UInt8]]) { pieces.withLock { $0 = bytes } }

    func stop() { isStopped.withLock { $0 = true } }
}
