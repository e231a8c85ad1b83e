import Domain
import HTTPTypes
import Hummingbird
import NIOCore

/// `/api/admin/requests/live`: calls as they begin and end, for auditors; `/api/me/requests/live`: one's own.
struct LiveRoutes: Sendable {
    /// For when too many listen.
    private static let retrySeconds = 5

    let administration: Administration

    var operations: [Operation] {
        [
            operation(at: "/api/admin/requests/live", atLeast: .auditor, as: .auditor),
            operation(at: "/api/me/requests/live", atLeast: .user, as: .owner),
        ]
    }

    private func operation(at path: String, atLeast role: Role, as reader: CallReader) -> Operation {
        .guarded(
            .get,
            path,
            atLeast: role,
            """
            Server-sent events until the session ends: `request`, a row of the list when a call begins and again when it ends; \
            `skipped`, how many that ended were left out.
            """,
            query: CallParameters.liveFilters(for: reader),
            gives: .text("text/event-stream")
        ) { asked, caller in
            var list = try asked.query()
            let filter = CallParameters.liveFilter(&list, for: reader, of: caller.user)
            try list.finish()
            let listener = LiveListener(caller, atLeast: role, as: reader, filter: filter)
            return response(try listen(listener), to: asked.request)
        }
    }

    private func listen(_ listener: LiveListener) throws(ControlError) -> AsyncStream<ByteBuffer> {
        do {
            return try administration.live.listen(listener)
        } catch {
            switch error {
            case .tooMany: throw .tooManyListeners(seconds: Self.retrySeconds)
            case .stopped: throw .unavailable
            }
        }
    }

    private func response(_ events: AsyncStream<ByteBuffer>, to request: Request) -> Response {
        var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-cache, no-store"]
        // A proxy that collects an answer would tell of calls long after they were.
        headers[HTTPField.Name("X-Accel-Buffering")!] = "no"
        return Response(
            status: .ok,
            headers: headers,
            body: .init { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    for await event in events { try await writer.write(event) }
                }
                try await writer.finish(nil)
            }
        )
    }
}
