import AsyncHTTPClient
package import Domain
import NIOCore
import NIOHTTP1

/// Asks providers on behalf of administrators. It goes to an address that was checked and to no other: whatever a name says
/// on the second question, and wherever an answer would send it.
package struct ProviderClient: Sendable {
    private static let deadlineSeconds: Int64 = 10
    private static let connectSeconds: Int64 = 3
    private static let largestBytes = 4 << 20
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

    func models(of provider: Provider) async -> ProviderReading {
        let started = ContinuousClock.now
        var reading = await ask(provider, deadline: .now() + .seconds(Self.deadlineSeconds))
        let elapsed = (ContinuousClock.now - started).components
        reading.milliseconds = elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000
        return reading
    }

    private func ask(_ provider: Provider, deadline: NIODeadline) async -> ProviderReading {
        let url = provider.baseURL
        guard AddressPolicy.verdict(url, allowsPrivate: allowsPrivate) == .allowed else {
            return ProviderReading(problem: .forbiddenAddress)
        }
        let isLiteral = Self.bytes(of: url.host) != nil
        let found = isLiteral ? [url.host] : await addresses(url.host, url.port)
        if found.isEmpty { return ProviderReading(problem: .unknownHost) }
        let allowed = found.filter { address in
            Self.bytes(of: address).map { AddressPolicy.verdict($0, allowsPrivate: allowsPrivate) } == .allowed
        }
        var reading = ProviderReading(problem: .forbiddenAddress)
        for address in allowed.prefix(Self.mostAddresses) {
            reading = await ask(provider, at: isLiteral ? nil : address, deadline: deadline)
            if reading.status != nil || reading.problem != .unreachable { break }
        }
        return reading
    }

    /// - Parameter address: what stands for the name; nil: the URL's host is one itself.
    private func ask(_ provider: Provider, at address: String?, deadline: NIODeadline) async -> ProviderReading {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(Self.connectSeconds), read: .seconds(Self.deadlineSeconds)),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        if let address { configuration.dnsOverride = [provider.baseURL.host: address] }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let reading = await ask(provider, with: client, deadline: deadline)
        try? await client.shutdown()
        return reading
    }

    private func ask(_ provider: Provider, with client: HTTPClient, deadline: NIODeadline) async -> ProviderReading {
        var request = HTTPClientRequest(url: "\(provider.baseURL)/models")
        request.headers = ["accept": "application/json", "accept-encoding": "identity", "user-agent": "tokenaudit"]
        if let credential = provider.credential {
            request.headers.add(name: "authorization", value: "Bearer \(credential.secret)")
        }
        var reading = ProviderReading()
        do {
            let response = try await client.execute(request, deadline: deadline)
            let status = Int(response.status.code)
            reading.status = status
            switch status {
            case 200:
                let body = try await response.body.collect(upTo: Self.largestBytes)
                let models = ProviderReading.models(
                    in: Array(body.readableBytesView),
                    hiding: provider.credential?.secret
                )
                reading.models = models ?? []
                reading.problem = models == nil ? .notAList : nil
            case 401, 403: reading.problem = .notAuthorized
            case 300..<400: reading.problem = .redirected
            default: reading.problem = .refused
            }
        } catch is NIOTooManyBytesError {
            reading.problem = .tooLarge
        } catch let error as HTTPClientError
            where error == .deadlineExceeded || error == .readTimeout
        {
            reading.problem = .timedOut
        } catch {
            reading.problem = .unreachable
        }
        return reading
    }

    private static func bytes(of address: String) -> [UInt8]? {
        AddressPolicy.parseVersion4(address) ?? AddressPolicy.parseVersion6(address)
    }
}
