import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Admin

@Suite("asking providers") struct ProviderClientTests {
    private static let secret = "upstream-canary-key-wxyz"

    private static func provider(_ url: String) throws -> Provider {
        Provider(
            id: ProviderID(1),
            name: "p",
            dialect: .openai,
            baseURL: try BaseURL(parsing: url),
            isActive: true,
            credential: Credential(secret)
        )
    }

    private static func client(_ addresses: [String], allowsPrivate: Bool = true) -> ProviderClient {
        ProviderClient(client: PinnedClient(allowsPrivate: allowsPrivate) { _, _ in addresses })
    }

    @Test(
        "what a name resolves to is checked, whatever it resolved to before",
        arguments: [
            ["169.254.169.254"], ["::ffff:169.254.169.254"], ["64:ff9b::a9fe:a9fe"], ["fe80::1%eth0"], ["0.0.0.0"],
            ["::"],
            ["100.100.100.200"], ["224.0.0.1"], ["fd00:ec2::254"], ["no address"], ["2002:a9fe:a9fe::1"],
        ]
    )
    func rebinding(addresses: [String]) async throws {
        let reading = await Self.client(addresses).models(of: try Self.provider("http://rebound.example/v1"))
        #expect(reading.problem == .forbiddenAddress && reading.status == nil)
    }

    @Test("private addresses are asked only where settings say so, literal or by name")
    func privateAddresses() async throws {
        for url in ["http://inside.example/v1", "http://127.0.0.1:9/v1", "http://[::1]:9/v1", "http://localhost:9/v1"] {
            let provider = try Self.provider(url)
            let reading = await Self.client(["127.0.0.1", "10.0.0.1", "::1"], allowsPrivate: false).models(of: provider)
            #expect(reading.problem == .forbiddenAddress, "\(url)")
        }
        let unknown = await Self.client([]).models(of: try Self.provider("https://nowhere.example"))
        #expect(unknown.problem == .unknownHost)
    }

    /// An answer the fake provider gives, and what is made of it.
    private struct Play: Sendable {
        let status: HTTPResponseStatus
        let body: String
        let problem: ProviderReading.Problem?
        var models: [String] = []
        var fields: HTTPHeaders = [:]
    }

    @Test("what comes back is a list of models or told in our words")
    func answers() async throws {
        let plays = [
            Play(
                status: .ok,
                body: #"{"object":"list","data":[{"id":"a"},{"id":"b","max_model_len":4096},{"id":"a"},{"id":7},{}]}"#,
                problem: nil,
                models: ["a", "b"]
            ),
            Play(status: .ok, body: #"{"data":[{"id":"x-\#(Self.secret)"},{"id":"c\u0007"}]}"#, problem: nil),
            Play(status: .ok, body: "<html>\(Self.secret)</html>", problem: .notAList),
            Play(status: .ok, body: #"{"data":{}}"#, problem: .notAList),
            Play(status: .ok, body: String(repeating: " ", count: 5 << 20), problem: .tooLarge),
            Play(status: .unauthorized, body: #"{"error":"no key \#(Self.secret)"}"#, problem: .notAuthorized),
            Play(status: .internalServerError, body: Self.secret, problem: .refused),
            Play(
                status: .found,
                body: "",
                problem: .redirected,
                fields: ["location": "http://169.254.169.254/latest/meta-data/"]
            ),
        ]
        for play in plays {
            let server = try await FakeProvider(play.status, play.fields, play.body)
            // By name the pinned address is taken, and the name stays the Host.
            for host in ["named.example", "127.0.0.1"] {
                let client = Self.client(["169.254.169.254", "127.0.0.1"])
                let reading = await client.models(of: try Self.provider("http://\(host):\(server.port)/v1"))
                #expect(reading.problem == play.problem && reading.status == Int(play.status.code))
                #expect(reading.models.map { $0.name } == play.models)
                let head = try #require(server.heads.last)
                #expect(head.uri == "/v1/models" && head.headers["host"] == ["\(host):\(server.port)"])
                #expect(head.headers["authorization"] == ["Bearer \(Self.secret)"])
            }
            #expect(server.heads.count == 2, "nothing is asked twice")
            try await server.stop()
        }
        #expect(
            await Self.client(["127.0.0.1"]).models(of: try Self.provider("http://gone.example:9/")).problem
                == .unreachable
        )
    }

    @Test("a provider's list is told by what is added, changed, gone and the same")
    func sync() throws {
        let body = #"""
            {"data":[{"id":"new"},{"id":"same"},{"id":"longer","meta":{"n_ctx_train":8192}},{"id":"sized","context_length":10}]}
            """#
        let models = try #require(ProviderReading.models(in: Array(body.utf8), hiding: nil))
        let routes = [("a", "same", 4_096), ("b", "longer", 4_096), ("c", "sized", 10), ("d", "gone", 1)].map {
            UpstreamRoute(model: $0.0, upstreamModel: $0.1, contextLength: $0.2)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let answer = ModelSyncAnswer(
            reading: ProviderReading(status: 200, models: models),
            routes: routes,
            language: .english
        )
        let text = String(decoding: try encoder.encode(answer), as: UTF8.self)
        #expect(text.contains(#""added":[{"context_length":null,"upstream_model":"new"}]"#))
        #expect(
            text.contains(
                #""changed":[{"context_length":4096,"model":"b","upstream_context_length":8192,"upstream_model":"longer"}]"#
            )
        )
        #expect(text.contains(#""vanished":[{"model":"d","upstream_model":"gone"}]"#))
        #expect(
            text.contains(
                #""unchanged":[{"model":"a","upstream_model":"same"},{"model":"c","upstream_model":"sized"}]"#
            )
        )
    }
}

/// Answers each request alike, and remembers what was asked.
private final class FakeProvider: Sendable {
    private let channel: any Channel
    private let asked = HeadBox()

    var port: Int { channel.localAddress?.port ?? 0 }
    var heads: [HTTPRequestHead] { asked.heads.withLock { $0 } }

    init(_ status: HTTPResponseStatus, _ fields: HTTPHeaders, _ body: String) async throws {
        let asked = asked
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try child.pipeline.syncOperations.addHandler(
                        Handler(status: status, fields: fields, body: body, asked: asked)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func stop() async throws { try await channel.close() }

    final class HeadBox: Sendable {
        let heads = Mutex<[HTTPRequestHead]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let status: HTTPResponseStatus
        let fields: HTTPHeaders
        let body: String
        let asked: HeadBox

        init(status: HTTPResponseStatus, fields: HTTPHeaders, body: String, asked: HeadBox) {
            self.status = status
            self.fields = fields
            self.body = body
            self.asked = asked
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): asked.heads.withLock { $0.append(head) }
            case .body: break
            case .end:
                var fields = fields
                fields.add(name: "content-length", value: "\(body.utf8.count)")
                let head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
