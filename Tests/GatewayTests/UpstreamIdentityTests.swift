import Domain
import FakeUpstream
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import Gateway

/// A provider over TLS is talked to once it has proven its name, and not before.
@Suite("an upstream proves who it is", .timeLimit(.minutes(1)))
struct UpstreamIdentityTests {
    @Test(
        "the certificate must be vouched for and name the host",
        arguments: [("localhost", true, true), ("127.0.0.1", true, false), ("localhost", false, false)]
    )
    func name(host: String, isVouchedFor: Bool, isAccepted: Bool) async throws {
        let certificate = try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem)
        let key = try NIOSSLPrivateKey(bytes: Array(Self.key.utf8), format: .pem)
        let server = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)],
                privateKey: .privateKey(key)
            )
        )
        let upstream = try await FakeUpstream.start { channel in
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: server))
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if isVouchedFor { configuration.trustRoots = .certificates([certificate]) }
        let tls = try NIOSSLContext(configuration: configuration)
        let url = try BaseURL(parsing: "https://\(host):\(upstream.port)/v1")
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let isConnected = try await loop.flatSubmit {
            let pool = UpstreamPool(
                eventLoop: loop,
                tls: tls,
                deadlines: GatewaySettings.Deadlines(),
                addresses: UpstreamAddresses(allowsPrivate: true, threads: .singleton)
            )
            return pool.connect(UpstreamPool.Key(url)).assumeIsolated()
                .map { connection in
                    defer { connection.close() }
                    return connection.isOpen
                }
                .flatMapErrorThrowing { error in
                    guard error is NIOSSLError || error is NIOSSLExtraError else { throw error }
                    return false
                }
                .always { _ in pool.closeAll() }
                .nonisolated()
        }.get()
        #expect(isConnected == isAccepted)
        try await upstream.shutdown()
    }

    /// For `localhost`, vouched for by itself, until 2120; of use for nothing but this test.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBYTCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
        c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
        CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABI0/qgSdmxia93Nw
        zkP+785qYtrpvqMPYNdhLAfNptpMXmypgyFXqNNYZCP9Vzu5Xm26x4ziCf5/uvzR
        N1vOpmCjSDBGMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAPBgNVHRMBAf8EBTADAQH/
        MB0GA1UdDgQWBBQoUJrz2vn8SfyZRcQbyfNQn+iHnzAKBggqhkjOPQQDAgNIADBF
        AiAvOrr7OTJHlv57tn/Rt3CyOh/46tL396A/JFKZnZG1ngIhAPGI+M2twu9lQ+r8
        DGZCSKfMn6rYjLFVIEGBdgaQygZU
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgy2duM11KoONG+ThO
        0Adu4LIUpFAu+W6YAcEfm+BJMCahRANCAASNP6oEnZsYmvdzcM5D/u/OamLa6b6j
        D2DXYSwHzabaTF5sqYMhV6jTWGQj/Vc7uV5tuseM4gn+f7r80TdbzqZg
        -----END PRIVATE KEY-----
        """
}
