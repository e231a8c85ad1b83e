import AsyncHTTPClient
package import Domain
import NIOCore

/// Sends one request to an address that was checked and to no other: whatever a name says on the second question, and
/// wherever an answer would send it.
package struct PinnedClient: Sendable {
    enum Problem: Error {
        case forbiddenAddress, unknownHost, unreachable, timedOut, tooLarge

        /// Why an answer did not come whole.
        init(_ error: any Error) {
            switch error {
            case is NIOTooManyBytesError: self = .tooLarge
            case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
                self = .timedOut
            default: self = .unreachable
            }
        }
    }

    static let deadlineSeconds: Int64 = 10
    private static let connectSeconds: Int64 = 3
    private static let mostAddresses = 4

    let allowsPrivate: Bool
    private let addresses: @Sendable (_ host: String, _ port: Int) async -> [String]

    /// - Parameter addresses: asks DNS; addresses as text.
    package init(
        allowsPrivate: Bool,
        addresses: @escaping @Sendable (_ host: String, _ port: Int) async -> [String]
    ) {
        self.allowsPrivate = allowsPrivate
        self.addresses = addresses
    }

    /// What a host's name resolves to, as far as it may be connected to.
    func allowed(_ host: String, port: Int) async throws(Problem) -> [String] {
        let found = Self.bytes(of: host) != nil ? [host] : await addresses(host, port)
        if found.isEmpty { throw .unknownHost }
        let allowed = found.filter { address in
            Self.bytes(of: address).map { AddressPolicy.verdict($0, allowsPrivate: allowsPrivate) } == .allowed
        }
        if allowed.isEmpty { throw .forbiddenAddress }
        return Array(allowed.prefix(Self.mostAddresses))
    }

    /// - Parameter read: takes what is wanted of an answer, as long as its connection lives.
    func ask<Value: Sendable>(
        _ request: HTTPClientRequest,
        at url: BaseURL,
        read: (HTTPClientResponse) async throws -> Value
    ) async throws(Problem) -> Value {
        guard AddressPolicy.verdict(url, allowsPrivate: allowsPrivate) == .allowed else { throw .forbiddenAddress }
        let deadline = NIODeadline.now() + .seconds(Self.deadlineSeconds)
        var problem = Problem.unreachable
        for address in try await allowed(url.host, port: url.port) {
            let client = Self.client(for: url.host, at: address)
            do {
                let response = try await client.execute(request, deadline: deadline)
                let value = try await read(response)
                try? await client.shutdown()
                return value
            } catch {
                problem = Problem(error)
            }
            try? await client.shutdown()
            if case .unreachable = problem { continue }
            break
        }
        throw problem
    }

    private static func client(for host: String, at address: String) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(connectSeconds), read: .seconds(deadlineSeconds)),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        if address != host { configuration.dnsOverride = [host: address] }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    static func bytes(of address: String) -> [UInt8]? {
        AddressPolicy.parseVersion4(address) ?? AddressPolicy.parseVersion6(address)
    }
}
