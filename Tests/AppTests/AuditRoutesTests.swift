import Domain
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import Admin

@Suite("what the audit log shows to everybody")
struct AuditRoutesTests {
    private struct Shown: PublishedAudit {
        var checkpoint: String?
        var verifierKey: String?
        var halt: String?
    }

    private func ask(_ path: String, _ shown: Shown, method: HTTPRequest.Method = .get) async throws -> (
        Response, String
    ) {
        var stage = Stage()
        stage.audit = shown
        let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
        let context = ControlPlane.Context(
            source: .init(channel: NIOAsyncTestingChannel(), logger: Logger(label: "test"))
        )
        let response = try await ControlPlane(sources: stage.sources).buildResponder()
            .respond(to: Request(head: head, body: .init(buffer: ByteBuffer())), context: context)
        let collector = CollectedBody()
        try await response.body.write(collector.writer())
        return (response, String(decoding: collector.bytes, as: UTF8.self))
    }

    @Test("checkpoint and key as they are, without a login", arguments: ["", "/"])
    func shown(slash: String) async throws {
        let shown = Shown(checkpoint: "o\n1\nroot\n\n\u{2014} o sig\n", verifierKey: "o+1+k")
        let (checkpoint, text) = try await ask("/audit/checkpoint" + slash, shown)
        #expect(checkpoint.status == .ok && text == shown.checkpoint)
        #expect(checkpoint.headers[.contentType] == "text/plain; charset=utf-8")
        #expect(try await ask("/audit/key" + slash, shown).1 == "o+1+k\n")
        #expect(try await ask("/audit/key", shown, method: .head).0.status == .ok)
        #expect(try await ask("/audit/key", shown, method: .post).0.status == .methodNotAllowed)
    }

    @Test("503 before anything is signed; a halt is told by /readyz and stops no calls")
    func notYet() async throws {
        #expect(try await ask("/audit/checkpoint", Shown()).0.status == .serviceUnavailable)
        let (ready, text) = try await ask("/readyz", Shown(halt: "an older copy"))
        #expect(ready.status == .ok && text.contains("halted: an older copy"))
    }
}
