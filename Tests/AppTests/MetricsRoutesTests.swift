import Domain
import HTTPTypes
import Testing

@testable import Admin

@Suite("who may read metrics") struct MetricsRoutesTests {
    private static let token = "CANARY-token-of-some-length"

    private struct OneMetric: MetricsSource {
        func metrics() async -> [MetricFamily] { [.gauge("up", "It is.", MetricNumber(1))] }
    }

    struct Reader {
        let who: String
        var address: String? = "127.0.0.1"
        var host = "localhost:8080"
        var bearer: String?
        var headers: AdministrationStage.Fields = []
        let status: Int
    }

    private func ask(_ reader: Reader, method: String = "GET") async throws -> AdministrationStage.Answer {
        let plain = Stage().sources
        let addresses = ["10.0.0.0/8", "2001:db8::/32"].compactMap { AddressRange(parsing: $0) }
        let proxies = ["10.9.9.9", "192.0.2.1"].compactMap { AddressRange(parsing: $0) }
        let responder = ControlPlane(
            sources: .init(
                directory: plain.directory,
                digester: plain.digester,
                reports: plain.reports,
                journal: plain.journal,
                isDatabaseReady: { true },
                now: plain.now,
                trustedProxies: TrustedProxies(proxies),
                metrics: OneMetric(),
                metricsAccess: MetricsAccess(addresses: addresses, token: Credential(Self.token))
            )
        ).buildResponder()
        return try await RouteCaller(responder: responder, logger: RecordedLog().logger).ask(
            method,
            "/metrics",
            token: reader.bearer,
            bytes: nil,
            headers: reader.headers,
            from: reader.address,
            host: reader.host
        )
    }

    @Test(
        "this host, the addresses that are named, and who has the token",
        arguments: [
            Reader(who: "this host", status: 200),
            Reader(who: "this host, by IPv6", address: "::1", host: "[::1]:8080", status: 200),
            Reader(who: "a page that has its name lead here", host: "evil.example", status: 401),
            Reader(
                who: "a proxy on this host, for somebody",
                headers: [("X-Forwarded-For", "203.0.113.7")],
                status: 401
            ),
            Reader(who: "the same, by another header", headers: [("X-Real-IP", "203.0.113.7")], status: 401),
            Reader(who: "somebody", address: "203.0.113.7", status: 401),
            Reader(who: "a connection without an address", address: nil, status: 401),
            Reader(who: "who has the token", address: "203.0.113.7", host: "x", bearer: token, status: 200),
            Reader(
                who: "the same through a proxy",
                host: "x",
                bearer: token,
                headers: [("X-Forwarded-For", "203.0.113.7")],
                status: 200
            ),
            Reader(who: "who has half of it", address: "203.0.113.7", bearer: String(token.dropLast()), status: 401),
            Reader(who: "who has none", address: "203.0.113.7", bearer: "", status: 401),
            Reader(who: "an address that is named", address: "10.1.2.3", host: "x", status: 200),
            Reader(who: "another one", address: "2001:db8::7", host: "x", status: 200),
            Reader(
                who: "a proxy at such an address that is not believed",
                address: "10.1.2.3",
                headers: [("X-Forwarded-For", "10.1.2.4")],
                status: 401
            ),
            Reader(
                who: "a believed proxy, for such an address",
                address: "192.0.2.1",
                headers: [("X-Forwarded-For", "10.1.2.4")],
                status: 200
            ),
            Reader(
                who: "a believed proxy at such an address, for somebody",
                address: "10.9.9.9",
                headers: [("X-Forwarded-For", "203.0.113.7")],
                status: 401
            ),
        ]
    )
    func access(reader: Reader) async throws {
        let answer = try await ask(reader)
        #expect(answer.status == reader.status, "\(reader.who)")
        #expect(answer.text.contains("up 1") == (reader.status == 200) && !answer.text.contains(Self.token))
        if reader.status == 401 {
            #expect(answer.code == "metrics_not_allowed" && answer.headers[.wwwAuthenticate] == "Bearer")
        } else {
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.headers[.cacheControl] == "no-store")
        }
    }

    @Test("is only read", arguments: [("GET", 200), ("HEAD", 200), ("POST", 405), ("DELETE", 405)])
    func methods(method: String, status: Int) async throws {
        #expect(try await ask(Reader(who: "this host", status: status), method: method).status == status)
    }
}
