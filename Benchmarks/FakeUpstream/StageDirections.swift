#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import NIOCore

/// The control paths for tests that run in another process: `/_script/NAME`, `/_open/GATE`, `/_received`, `/_counters`, `/_clear`.
enum StageDirections {
    static func answer(_ target: String, body: ByteBuffer, stage: Stage) -> Play {
        let words = target.split(separator: "/", omittingEmptySubsequences: true)
        let argument = words.count > 1 ? String(words[1]) : ""
        switch words.first {
        case "_script":
            do {
                let cues = try JSONDecoder().decode(OneOrMany.self, from: Data(body.readableBytesView)).cues
                stage.script(argument, try cues.map { Play(try $0.script()) })
            } catch {
                return Play(.json(#"{"error":"a script that cannot be read"}"#, status: 400))
            }
        case "_open": stage.open(gate: argument)
        case "_clear": stage.clear()
        case "_counters": return report(stage.counters)
        case "_received":
            return report(
                stage.received.map { ["head": String(buffer: $0.head), "body": String(buffer: $0.body)] }
            )
        default: return Play(.json(#"{"error":"no such path"}"#, status: 404))
        }
        return Play(.json(#"{"ok":true}"#))
    }

    private static func report(_ value: some Encodable) -> Play {
        guard let data = try? JSONEncoder().encode(value) else { return Play(.json("{}", status: 500)) }
        return Play(.json(String(decoding: data, as: UTF8.self)))
    }
}

private struct OneOrMany: Decodable {
    var cues: [Cue]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        cues = try (try? container.decode([Cue].self)) ?? [container.decode(Cue.self)]
    }
}

/// A script as JSON; see Benchmarks/README.md for the members.
private struct Cue: Decodable {
    struct Piece: Decodable {
        var text: String?
        var base64: String?
        var delay_ms: Int?
        var gate: String?
        var times: Int?
        /// The bytes are cut into pieces of this length.
        var split: Int?
    }

    var status: Int?
    var headers: [[String]]?
    var framing: Script.Framing?
    var chunks: [Piece]?
    var end: Script.End?
    var never: Bool?
    var barrier: Int?
    var head_delay_ms: Int?
    var head_gate: String?

    struct BadBase64: Error {}

    func script() throws -> Script {
        if never == true { return .never }
        var pieces: [Script.Piece] = []
        for piece in chunks ?? [] {
            var bytes = ByteBuffer(string: piece.text ?? "")
            if let base64 = piece.base64 {
                guard let data = Data(base64Encoded: base64) else { throw BadBase64() }
                bytes.writeBytes(data)
            }
            var gate = piece.gate
            var first = true
            while first || bytes.readableBytes > 0 {
                let length = min(max(piece.split ?? .max, 1), bytes.readableBytes)
                let part = bytes.readSlice(length: length) ?? ByteBuffer()
                pieces.append(
                    Script.Piece(part, delayMilliseconds: piece.delay_ms ?? 0, gate: gate, times: piece.times ?? 1)
                )
                gate = nil
                first = false
            }
        }
        let given = (headers ?? []).compactMap { $0.count == 2 ? (name: $0[0], value: $0[1]) : nil }
        return Script(
            status: status ?? 200,
            headers: headers == nil ? [("Content-Type", "application/json")] : given,
            framing: framing ?? .length,
            pieces: pieces,
            end: end ?? .keep,
            barrier: barrier,
            headDelayMilliseconds: head_delay_ms ?? 0,
            headGate: head_gate
        )
    }
}
