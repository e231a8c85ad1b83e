import AsyncHTTPClient
package import Domain
package import Logging
import NIOCore
import NIOHTTP1

/// Brings traces to a collector over OTLP/HTTP, in batches. What it does not take is dropped, counted and told once until
/// it takes some again.
package struct TraceExporter: Sendable {
    private static let interval = Duration.seconds(1)
    private static let batchCalls = 256
    private static let deadlineSeconds: Int64 = 10
    private static let mostAnswerBytes = 65_536

    private let queue: TraceQueue
    private let endpoint: String
    private let headers: [(name: String, value: Credential)]
    private let version: String
    private let logger: Logger

    /// - Parameters:
    ///   - endpoint: the operator's own choice, so that it may stand anywhere; where it sends elsewhere is not followed.
    package init(
        queue: TraceQueue,
        endpoint: String,
        headers: [(name: String, value: Credential)],
        version: String,
        logger: Logger
    ) {
        self.queue = queue
        self.endpoint = endpoint
        self.headers = headers
        self.version = version
        self.logger = logger
    }

    /// Until it is cancelled; what waits then is brought there at once, or dropped.
    package func run() async {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(3), read: .seconds(Self.deadlineSeconds)),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var isFailing = false
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            if Task.isCancelled { break }
            await export(by: client, &isFailing)
        }
        // What was cancelled would cancel the last requests too.
        await Task {
            var isFailing = isFailing
            await export(by: client, &isFailing)
            try? await client.shutdown()
        }.value
    }

    private func export(by client: HTTPClient, _ isFailing: inout Bool) async {
        while true {
            let batch = queue.take(Self.batchCalls)
            if batch.isEmpty { return }
            let problem = await send(batch, by: client)
            queue.count(exported: problem == nil ? batch.count : 0, dropped: problem == nil ? 0 : batch.count)
            if let problem, !isFailing { logger.warning("traces are not taken", metadata: ["problem": "\(problem)"]) }
            if problem == nil, isFailing { logger.notice("traces are taken again") }
            isFailing = problem != nil
            // The next ones would wait as long.
            if isFailing { return }
        }
    }

    /// - Returns: why they were not taken, in words without the endpoint's own.
    private func send(_ batch: [CallTrace], by client: HTTPClient) async -> String? {
        var request = HTTPClientRequest(url: endpoint)
        request.method = .POST
        request.headers = ["content-type": "application/json", "user-agent": "tokenaudit"]
        for header in headers { request.headers.add(name: header.name, value: header.value.secret) }
        request.body = .bytes(ByteBuffer(string: OTLPTraces(traces: batch, version: version).text))
        do {
            let response = try await client.execute(request, timeout: .seconds(Self.deadlineSeconds))
            _ = try await response.body.collect(upTo: Self.mostAnswerBytes)
            return (200..<300).contains(response.status.code) ? nil : "status \(response.status.code)"
        } catch let error as HTTPClientError {
            return error.shortDescription
        } catch {
            return "\(type(of: error))"
        }
    }
}
