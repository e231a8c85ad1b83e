import Admin
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Testing

@Suite("control plane") struct ControlPlaneTests {
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let json: [String: Any]
        let bodyBytes: Int
    }

    func ask(
        _ method: HTTPRequest.Method,
        _ path: String,
        key: String? = nil,
        headers: [(name: String, value: String)] = [],
        stage: Stage = Stage(),
        logger: Logger = Logger(label: "test")
    ) async throws -> Answer {
        var head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
        if let key { head.headerFields[.authorization] = "Bearer \(key)" }
        for (name, value) in headers {
            head.headerFields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let channel = NIOAsyncTestingChannel()
        let context = ControlPlane.Context(source: .init(channel: channel, logger: logger))
        let response = try await ControlPlane(sources: stage.sources).buildResponder()
            .respond(to: Request(head: head, body: .init(buffer: ByteBuffer())), context: context)
        let collector = CollectedBody()
        try await response.body.write(collector.writer())
        let body = collector.bytes
        let json = body.isEmpty ? [:] : try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        return Answer(status: response.status.code, headers: response.headers, json: json ?? [:], bodyBytes: body.count)
    }

    @Test(
        "health needs nothing, readiness needs database and journal",
        arguments: [
            (true, true, 200), (false, true, 503), (true, false, 503),
        ]
    )
    func health(database: Bool, journal: Bool, status: Int) async throws {
        let stage = Stage(isDatabaseReady: database, isJournalReady: journal)
        #expect(try await ask(.get, "/healthz", stage: stage).status == 200)
        #expect(try await ask(.get, "/readyz", stage: stage).status == status)
        #expect(try await ask(.get, "/readyz/", stage: stage).status == status)
    }

    @Test(
        "models are those of the key's groups, under both prefixes, with and without a slash",
        arguments: [
            "/v1/models", "/v1/models/", "/api/v1/models", "/api/v1/models/",
        ]
    )
    func models(path: String) async throws {
        let answer = try await ask(.get, path, key: Stage.key)
        #expect(answer.status == 200 && answer.json["object"] as? String == "list")
        let names = (answer.json["data"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
        #expect(names == ["meta/llama", "smollm2"])
        #expect(answer.headers[HTTPField.Name("x-request-id")!].flatMap { CallID(parsing: $0) } != nil)
    }

    @Test(
        "one model, also where its name has a slash; others are 404 whoever they belong to",
        arguments: [
            ("/v1/models/smollm2", 200), ("/v1/models/meta/llama", 200), ("/api/v1/models/meta/llama/", 200),
            ("/v1/models/secret", 404), ("/v1/models/asleep", 404), ("/v1/models/nothing", 404),
        ]
    )
    func model(path: String, status: Int) async throws {
        let answer = try await ask(.get, path, key: Stage.key)
        #expect(answer.status == status)
        if status == 404 { #expect((answer.json["error"] as? [String: Any])?["code"] as? String == "model_not_found") }
    }

    @Test(
        "without a good key: 401 in OpenAI's envelope; from an address it is not for: 403; if keys cannot be read: 503",
        arguments: [
            (nil, 401), ("sk-audit-wrong", 401), ("sk-audit-revoked", 401), ("sk-audit-expired", 401),
            ("sk-audit-elsewhere", 403), ("sk-audit-down", 503),
        ] as [(String?, Int)]
    )
    func keys(key: String?, status: Int) async throws {
        for path in ["/v1/models", "/v1/usage", "/v1/models/smollm2"] {
            let answer = try await ask(.get, path, key: key)
            #expect(answer.status == status)
            let error = try #require(answer.json["error"] as? [String: Any])
            #expect(Set(error.keys) == ["message", "type", "param", "code"])
        }
    }

    @Test(
        "a key is found where the data plane finds it",
        arguments: [
            ([("Authorization", "bearer   sk-audit-good")], 200), ([("x-api-key", "sk-audit-good")], 200),
            ([("Authorization", "Basic abc"), ("x-api-key", "sk-audit-good")], 200),
            ([("Authorization", "Basic abc"), ("Authorization", "Bearer sk-audit-good")], 200),
            ([("x-api-key", ""), ("api-key", "sk-audit-good")], 200),
            ([("Authorization", "Bearer sk-audit-wrong"), ("x-api-key", "sk-audit-good")], 401),
            ([("Authorization", "Basic sk-audit-good")], 401), ([("Authorization", "sk-audit-good")], 401),
        ] as [([(String, String)], Int)]
    )
    func places(headers: [(String, String)], status: Int) async throws {
        let answer = try await ask(.get, "/v1/models", headers: headers.map { (name: $0.0, value: $0.1) })
        #expect(answer.status == status)
    }

    @Test(
        "HEAD is answered as GET is, without the body, errors too",
        arguments: ["/healthz", "/v1/models", "/v1/usage?limit=x", "/v1/nothing"]
    )
    func head(path: String) async throws {
        let asked = try await ask(.head, path)
        let expected = try await ask(.get, path)
        #expect(asked.status == expected.status && asked.bodyBytes == 0)
        #expect(asked.headers[.contentLength] == String(expected.bodyBytes))
    }

    @Test("why usage could not be read is in the log, and not in the answer")
    func usageUnreadable() async throws {
        let log = RecordedLog()
        let stage = Stage(reportsError: UnreadableBooks())
        let answer = try await ask(.get, "/v1/usage", key: Stage.key, stage: stage, logger: log.logger)
        #expect(answer.status == 503 && !"\(answer.json)".contains("page 7"))
        let line = try #require(log.lines.first)
        #expect(line.level == .error && line.message == "the database could not be asked")
        #expect(line.metadata["cause"]?.contains("page 7") == true)
        #expect(line.metadata["request_id"] == answer.headers[HTTPField.Name("x-request-id")!])
    }

    @Test(
        "what is not there is 404, what is not allowed 405 with Allow",
        arguments: [
            (HTTPRequest.Method.get, "/v1/chat/completions", 405, "POST"), (.post, "/v1/models", 405, "GET, HEAD"),
            (.delete, "/api/v1/usage/", 405, "GET, HEAD"), (.get, "/v1/nothing", 404, nil), (.post, "/v1", 404, nil),
            (.get, "/", 404, nil), (.post, "/healthz", 405, "GET, HEAD"), (.get, "/v1x/models", 404, nil),
        ] as [(HTTPRequest.Method, String, Int, String?)]
    )
    func notThere(method: HTTPRequest.Method, path: String, status: Int, allow: String?) async throws {
        let answer = try await ask(method, path, key: Stage.key)
        #expect(answer.status == status)
        #expect(answer.headers[.allow] == allow)
        let isV1 = path.hasPrefix("/v1/") || path.hasPrefix("/api/v1") || path == "/v1"
        #expect((answer.json["error"] != nil) == isV1 && (answer.json["detail"] != nil) != isV1)
    }

    @Test("usage explains a bill line by line, in exact decimals")
    func usage() async throws {
        let answer = try await ask(.get, "/v1/usage", key: Stage.key)
        #expect(answer.status == 200 && answer.json["object"] as? String == "usage")
        let quota = try #require((answer.json["quotas"] as? [[String: Any]])?.first)
        #expect(quota["remaining_quota"] as? String == "0.999999998")
        #expect(quota.keys.contains("expires_at"))
        let totals = try #require(answer.json["totals"] as? [String: Any])
        #expect(totals["cost"] as? String == "9223372036854.775807000001")
        let bill = try #require((answer.json["recent"] as? [[String: Any]])?.first)
        #expect(bill["state"] as? String == "captured" && bill["cost"] as? String == "0.0000075")
        let lines = try #require(bill["lines"] as? [[String: Any]])
        #expect(lines.count == 2 && lines[0]["class"] as? String == "input")
        #expect(lines[0]["price_per_1m"] as? String == "0.15" && lines[0]["amount"] as? String == "0.0000015")
        #expect(lines[0]["provenance"] as? String == "reported")
    }

    @Test(
        "wrong parameters are named",
        arguments: [
            "limit=0", "limit=1001", "limit=-1", "limit=x", "limit=99999999999999999999", "request_id=7",
        ]
    )
    func parameters(query: String) async throws {
        let answer = try await ask(.get, "/v1/usage?\(query)", key: Stage.key)
        #expect(answer.status == 400)
        let member = (answer.json["error"] as? [String: Any])?["param"] as? String
        #expect(member == String(query.prefix { $0 != "=" }))
    }
}

/// What the routes read from, made up.
struct Stage {
    static let key = "sk-audit-good"
    var isDatabaseReady = true
    var isJournalReady = true
    var reportsError: (any Error)?
    var audit: (any PublishedAudit)?

    var sources: ControlPlane.Sources {
        let isDatabaseReady = isDatabaseReady
        return ControlPlane.Sources(
            directory: FakeDirectory(),
            digester: FakeDigester(),
            reports: FakeReports(error: reportsError),
            journal: FakeJournal(isReady: isJournalReady),
            isDatabaseReady: { isDatabaseReady },
            now: { Instant(microseconds: 1_784_885_400_000_000) },
            audit: audit
        )
    }
}

private struct FakeDigester: KeyDigester {
    func digest(_ key: UnsafeRawBufferPointer) -> KeyDigest {
        var word: UInt64 = 0
        for byte in key { word = word &* 31 &+ UInt64(byte) }
        return KeyDigest((word, 0, 0, 0))
    }
}

private struct FakeJournal: Journal {
    let isReady: Bool
    func admit(_ request: AdmissionRequest, completion: @escaping @Sendable (Admission) -> Void) {
        completion(.unavailable)
    }
    func settle(_ settlement: Settlement, completion: @escaping @Sendable (SettleOutcome) -> Void) { completion(.lost) }
}

private struct FakeDirectory: Directory {
    static let group = ModelGroup(id: .init(1), name: "default", multiplier: .one, isActive: true)
    static let other = ModelGroup(id: .init(2), name: "other", multiplier: .one, isActive: true)

    var catalog: Catalog {
        func model(_ id: Int64, _ name: String, _ group: ModelGroup, isActive: Bool = true) -> Model {
            Model(
                id: .init(id),
                name: name,
                isActive: isActive,
                createdAt: Instant(microseconds: 1_000_000),
                contextLength: 4_096,
                maxOutputTokens: 1_024,
                defaultOutputTokens: 512,
                routes: [],
                groups: [group],
                prices: []
            )
        }
        return Catalog(models: [
            model(1, "smollm2", Self.group), model(2, "meta/llama", Self.group), model(3, "secret", Self.other),
            model(4, "asleep", Self.group, isActive: false),
        ])
    }

    func principal(for digest: KeyDigest) -> PrincipalLookup { .notLoaded }

    func load(_ digest: KeyDigest, completion: @escaping @Sendable (PrincipalLookup?) -> Void) {
        func principal(
            isActive: Bool,
            expiresAt: Instant? = nil,
            addresses: [AddressRange]? = nil
        ) -> PrincipalLookup {
            .known(
                Principal(
                    userID: .init(1),
                    keyID: .init(1),
                    isActive: isActive,
                    expiresAt: expiresAt,
                    groups: [.init(1)],
                    allowedAddresses: addresses
                )
            )
        }
        switch digest {
        case let known where known == digested(Stage.key): completion(principal(isActive: true))
        case let known where known == digested("sk-audit-revoked"): completion(principal(isActive: false))
        case let known where known == digested("sk-audit-expired"):
            completion(principal(isActive: true, expiresAt: Instant(microseconds: 1)))
        case let known where known == digested("sk-audit-elsewhere"):
            completion(principal(isActive: true, addresses: [AddressRange(parsing: "203.0.113.0/24")!]))
        case let known where known == digested("sk-audit-down"): completion(nil)
        default: completion(.unknown)
        }
    }

    private func digested(_ key: String) -> KeyDigest { Array(key.utf8).withUnsafeBytes { FakeDigester().digest($0) } }
}

private struct UnreadableBooks: Error, CustomStringConvertible {
    let description = "page 7 cannot be read"
}

private struct FakeReports: UsageReports {
    let error: (any Error)?

    func usage(of user: UserID, limit: Int, request: CallID?) async throws -> UsageReport {
        if let error { throw error }
        var usage = Usage()
        usage.set(.input, to: 10, .reported)
        usage.set(.output, to: 10, .reported)
        var rates = Rates()
        rates[.input] = 150_000
        rates[.output] = 600_000
        return UsageReport(
            quotas: [
                QuotaStanding(
                    id: .init(1),
                    name: "default",
                    groupName: "default",
                    total: Money(picoDollars: Money.picosPerDollar),
                    used: Money(picoDollars: 1_000),
                    held: Money(picoDollars: 1_000),
                    remaining: Money(picoDollars: Money.picosPerDollar - 2_000),
                    expiresAt: nil,
                    isActive: true
                )
            ],
            totals: UsageTotals(
                requests: 1,
                inputTokens: 10,
                outputTokens: 10,
                charge: Int128(Int64.max) * 1_000_000 + 1
            ),
            recent: [
                BillReport(
                    id: CallID(high: 1, low: 2),
                    modelName: "smollm2",
                    groupName: "default",
                    endpoint: .chatCompletions,
                    isStreamed: true,
                    state: .captured,
                    usage: usage,
                    rates: rates,
                    multiplier: .one,
                    hold: Money(picoDollars: 10_000_000),
                    charge: Money(picoDollars: 7_500_000),
                    flags: [],
                    statusCode: 200,
                    startedAt: Instant(microseconds: 1_784_885_400_000_000),
                    durationMilliseconds: 12,
                    firstByteMilliseconds: 3
                )
            ]
        )
    }
}

/// Takes an answer's body.
final class CollectedBody: @unchecked Sendable {
    // Written by one task, read after it has ended.
    var bytes: [UInt8] = []

    func writer() -> any ResponseBodyWriter { Writer(body: self) }

    private struct Writer: ResponseBodyWriter {
        let body: CollectedBody
        mutating func write(_ buffer: ByteBuffer) async throws { body.bytes += Array(buffer.readableBytesView) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
