import Domain
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

@testable import Gateway

/// What the connection's handler owns across both planes: quiescing, half-closing, errors, deadlines, one exchange at a time.
@Suite("one connection, two planes", .timeLimit(.minutes(1)))
struct ConnectionTests {
    private let goodStream: [ScriptedUpstream.Step] = [
        .send(Wire.streamHead + Wire.delta("one")), .waitForTest,
        .send(Wire.delta("two") + Wire.usage(prompt: 10, completion: 2) + Wire.done + Wire.end),
    ]

    private func upstream(_ steps: [ScriptedUpstream.Step]) async throws -> ScriptedUpstream {
        let upstream = try await ScriptedUpstream.start()
        switch steps.count {
        case 1: upstream.setScript(steps[0])
        case 2: upstream.setScript(steps[0], steps[1])
        default: upstream.setScript(steps[0], steps[1], steps[2])
        }
        return upstream
    }

    @Test("a shutdown lets a running stream end, and refuses new connections")
    func quiesce() async throws {
        let upstream = try await upstream(goodStream)
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, services in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            _ = await client.read { $0.contains("one") }
            await services.triggerGracefulShutdown()
            upstream.proceed()
            let answer = await client.readToEnd()
            #expect(answer.contains("two") && answer.contains("[DONE]"))
            let bill = try #require(await gateway.journal.settled(1).first)
            #expect(bill.result.outcome == .captured && bill.result.usage[.output] == 2)
        }
        try await upstream.stop()
    }

    @Test("what comes on an idle connection while the process ends is answered, and its client told to go elsewhere")
    func farewell() async throws {
        let upstream = try await upstream(goodStream)
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, services in
            let idle = try await RawClient.connect(port: gateway.port)
            let used = try await RawClient.connect(port: gateway.port)
            let control = "GET /control HTTP/1.1\r\nHost: g\r\n\r\n"
            for client in [idle, used] {
                try await client.send(control)
                _ = await client.take { $0.contains("control /control") }
            }
            await services.triggerGracefulShutdown()
            // Nobody is let in once the connections have been told.
            while let late = try? await RawClient.connect(port: gateway.port) { try? await late.close() }
            try await used.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            _ = await used.read { $0.contains("one") }
            upstream.proceed()
            let answer = await used.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("[DONE]"))
            #expect(answer.lowercased().contains("connection: close"))
            #expect(await idle.readToEnd() == "")
            #expect(await gateway.journal.settled(1).count == 1)
        }
        try await upstream.stop()
    }

    @Test("a connection that was accepted and is never served is closed by whoever drops it")
    func dropped() async throws {
        let client = try await Self.acceptedAndDropped()
        #expect(await client.readToEnd() == "")
    }

    /// The server and what it has accepted are gone when this returns.
    private static func acceptedAndDropped() async throws -> RawClient {
        let (accepted, accept) = AsyncStream<Void>.makeStream()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    accept.yield()
                    return AcceptedConnection(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
                }
            }
        let client = try await RawClient.connect(port: try #require(server.channel.localAddress?.port))
        for await _ in accepted { break }
        try await server.executeThenClose { _ in }
        return client
    }

    @Test("the end of the grace period cuts a stream, and its bill is written")
    func cut() async throws {
        let upstream = try await upstream(goodStream)
        var settings = TestGateway.settings()
        settings.deadlines.graceSeconds = 0.05
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings) { gateway, services in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            _ = await client.read { $0.contains("one") }
            await services.triggerGracefulShutdown()
            let answer = await client.readToEnd()
            #expect(answer.contains("server_shutting_down") && !answer.contains("[DONE]"))
            let bill = try #require(await gateway.journal.settled(1).first)
            #expect(bill.result.flags.contains(.estimated) && bill.result.charge > .zero)
        }
        try await upstream.stop()
    }

    @Test("the end of the grace period refuses a request that is still being sent")
    func cutInUpload() async throws {
        var settings = TestGateway.settings()
        settings.deadlines.graceSeconds = 0.05
        // What would end it otherwise, with a 408.
        settings.deadlines.bodySeconds = 10
        try await TestGateway.with(upstreamPort: 1, settings: settings) { gateway, services in
            let client = try await RawClient.connect(port: gateway.port)
            let request = RawClient.post(
                "/v1/chat/completions",
                headers: "Expect: 100-continue\r\n",
                body: Wire.call
            )
            try await client.send(String(request.dropLast(1)))
            _ = await client.take { $0.contains("100 Continue") }
            await services.triggerGracefulShutdown()
            let answer = await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 503") && answer.contains("server_shutting_down"))
            #expect(gateway.journal.state.withLock { $0.admitted.isEmpty })
        }
    }

    @Test("a client that closes its sending side still gets its answer")
    func halfClosed() async throws {
        let upstream = try await upstream(goodStream)
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            _ = await client.read { $0.contains("one") }
            try await client.halfClose()
            upstream.proceed()
            let answer = await client.readToEnd()
            #expect(answer.contains("[DONE]") && answer.hasSuffix("0\r\n\r\n"))
        }
        try await upstream.stop()
    }

    @Test("a client that leaves is drained for its usage")
    func hungUp() async throws {
        let upstream = try await upstream(goodStream)
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            _ = await client.read { $0.contains("one") }
            try await client.close()
            upstream.proceed()
            let bill = try #require(await gateway.journal.settled(1).first)
            #expect(bill.result.outcome == .captured)
            #expect(bill.result.usage[.input] == 10 && bill.result.usage[.output] == 2)
            #expect(!bill.result.flags.contains(.estimated))
        }
        try await upstream.stop()
    }

    @Test("garbage behind a request does not disturb its answer")
    func garbage() async throws {
        let upstream = try await upstream(goodStream)
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            _ = await client.read { $0.contains("one") }
            try await client.send("\u{1}\u{2}garbage\r\n\r\n")
            upstream.proceed()
            let answer = await client.readToEnd()
            #expect(answer.contains("[DONE]") && answer.hasSuffix("0\r\n\r\n"))
            // Digits alone may stand in an id.
            #expect(answer.ranges(of: "HTTP/1.1 ").count == 1 && answer.hasPrefix("HTTP/1.1 200 "))
        }
        try await upstream.stop()
    }

    @Test("garbage instead of a request gets a 400 in the client's dialect")
    func garbageFirst() async throws {
        try await TestGateway.with(upstreamPort: 1) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send("\u{1}\u{2}garbage\r\n\r\n")
            let answer = await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400") && answer.contains(#""code":"malformed_request""#))
        }
    }

    @Test("headers beyond their limit get 431", arguments: [300, 3])
    func headers(count: Int) async throws {
        try await TestGateway.with(upstreamPort: 1) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            let value = String(repeating: "x", count: count == 3 ? 40_000 : 10)
            let lines = (0..<count).map { "x-h\($0): \(value)\r\n" }.joined()
            try await client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\n\(lines)\r\n")
            let answer = await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 431"), "\(answer.prefix(80))")
        }
    }

    @Test("a head that never ends is closed by its deadline")
    func slowHead() async throws {
        var settings = TestGateway.settings()
        settings.deadlines.headerSeconds = 0.05
        try await TestGateway.with(upstreamPort: 1, settings: settings) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\n")
            let answer = await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test("a body that never ends is refused by its deadline", arguments: ["/v1/chat/completions", "/elsewhere"])
    func slowBody(path: String) async throws {
        var settings = TestGateway.settings()
        settings.deadlines.bodySeconds = 0.05
        settings.deadlines.discardSeconds = 0.05
        try await TestGateway.with(upstreamPort: 1, settings: settings) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            try await client.send(
                "POST \(path) HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer \(TestGateway.key)\r\nContent-Length: 100\r\n\r\n{"
            )
            let answer = await client.readToEnd()
            if path.hasPrefix("/v1") { #expect(answer.hasPrefix("HTTP/1.1 408")) }
        }
    }

    @Test("pipelined requests of both planes are answered one after another")
    func pipelined() async throws {
        let upstream = try await upstream(goodStream)
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            let control = "GET /control HTTP/1.1\r\nHost: g\r\n\r\n"
            try await client.send(
                control + RawClient.post("/v1/chat/completions", body: Wire.streamedCall) + control
                    + RawClient.post("/v1/chat/completions", key: nil, body: Wire.call)
            )
            _ = await client.read { $0.contains("one") }
            upstream.proceed()
            let answer = await client.readToEnd()
            let order = [
                "control /control", "one", "two", "[DONE]", "0\r\n\r\n", "control /control", "invalid_api_key",
            ]
            var rest = answer[...]
            for mark in order {
                let found = try #require(rest.firstRange(of: mark), "\(mark) in its place")
                rest = rest[found.upperBound...]
            }
        }
        try await upstream.stop()
    }

    @Test(
        "to a client of HTTP/1.0 an answer ends with its connection: one that broke off ends with a reset",
        arguments: [true, false]
    )
    func untilClose(isWhole: Bool) async throws {
        let rest = isWhole ? Wire.usage(prompt: 10, completion: 2) + Wire.done + Wire.end : ""
        let upstream = try await upstream([.send(Wire.streamHead + Wire.delta("one") + rest), .close])
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let request = RawClient.post("/v1/chat/completions", body: Wire.streamedCall)
            let (bytes, end) = try await NIOThreadPool.singleton.runIfActive {
                let client = try BlockingSocket.connect(port: gateway.port)
                client.send(Array(request.replacing("HTTP/1.1", with: "HTTP/1.0").utf8)[...])
                return client.readToEnd()
            }
            let answer = String(decoding: bytes, as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.0 200") && answer.contains("one"))
            #expect(answer.contains("[DONE]") == isWhole)
            #expect(end == (isWhole ? .closed : .reset))
        }
        try await upstream.stop()
    }

    @Test("a client of HTTP/1.0 is not told to continue, which it could only take for its answer")
    func continueIsNew() async throws {
        let upstream = try await upstream([.send(Wire.whole(prompt: 10, completion: 2))])
        try await TestGateway.with(upstreamPort: upstream.port) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port)
            let request = RawClient.post(
                "/v1/chat/completions",
                headers: "Expect: 100-continue\r\n",
                body: Wire.call
            )
            try await client.send(request.replacing("HTTP/1.1", with: "HTTP/1.0"))
            let answer = await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.0 200"), "\(answer.prefix(80))")
        }
        try await upstream.stop()
    }

    @Test("a reader that stops reading holds the upstream back, and is closed by the write stall")
    func stalledReader() async throws {
        // Comments are no output: only the reader's standing still can end this.
        let piece = Wire.chunk(": " + String(repeating: "x", count: 60_000) + "\n\n")
        let flood = String(repeating: piece, count: 400)
        let upstream = try await ScriptedUpstream.start(.send(Wire.streamHead), .send(flood))
        var settings = TestGateway.settings()
        settings.deadlines.writeStallSeconds = 0.3
        settings.deadlines.drainSeconds = 0.3
        settings.limits.drainBytes = 1_000_000
        try await TestGateway.with(upstreamPort: upstream.port, settings: settings) { gateway, _ in
            let client = try await RawClient.connect(port: gateway.port, reads: false)
            try await client.send(RawClient.post("/v1/chat/completions", body: Wire.streamedCall))
            let bill = try #require(await gateway.journal.settled(1).first)
            #expect(bill.result.flags.contains(.clientGone))
            try await client.close()
        }
        try await upstream.stop()
    }
}
