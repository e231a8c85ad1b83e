import AsyncHTTPClient
package import Domain
import NIOCore
import NIOHTTP1

/// Asks providers on behalf of administrators.
package struct ProviderClient: Sendable {
    private static let largestBytes = 4 << 20

    private let client: PinnedClient

    package init(client: PinnedClient) { self.client = client }

    var allowsPrivate: Bool { client.allowsPrivate }

    func models(of provider: Provider) async -> ProviderReading {
        let started = ContinuousClock.now
        var reading = await ask(provider)
        let elapsed = (ContinuousClock.now - started).components
        reading.milliseconds = elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000
        return reading
    }

    private func ask(_ provider: Provider) async -> ProviderReading {
        var request = HTTPClientRequest(url: "\(provider.baseURL)/models")
        request.headers = ["accept": "application/json", "accept-encoding": "identity", "user-agent": "tokenaudit"]
        if let credential = provider.credential {
            request.headers.add(name: "authorization", value: "Bearer \(credential.secret)")
        }
        do {
            return try await client.ask(request, at: provider.baseURL) { response in
                await Self.reading(response, hiding: provider.credential?.secret)
            }
        } catch {
            return ProviderReading(problem: Self.problem(error))
        }
    }

    private static func reading(_ response: HTTPClientResponse, hiding secret: String?) async -> ProviderReading {
        var reading = ProviderReading()
        let status = Int(response.status.code)
        reading.status = status
        switch status {
        case 200:
            do {
                let body = try await response.body.collect(upTo: largestBytes)
                let models = ProviderReading.models(in: Array(body.readableBytesView), hiding: secret)
                reading.models = models ?? []
                reading.problem = models == nil ? .notAList : nil
            } catch {
                reading.problem = problem(PinnedClient.Problem(error))
            }
        case 401, 403: reading.problem = .notAuthorized
        case 300..<400: reading.problem = .redirected
        default: reading.problem = .refused
        }
        return reading
    }

    private static func problem(_ problem: PinnedClient.Problem) -> ProviderReading.Problem {
        switch problem {
        case .forbiddenAddress: .forbiddenAddress
        case .unknownHost: .unknownHost
        case .unreachable: .unreachable
        case .timedOut: .timedOut
        case .tooLarge: .tooLarge
        }
    }
}
