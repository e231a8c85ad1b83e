import Domain
import HTTPTypes
import Hummingbird
import NIOCore

/// `/metrics`, for those who may read them.
struct MetricsRoutes: Sendable {
    let metrics: any MetricsSource
    let access: MetricsAccess

    func add(to router: Router<ControlPlane.Context>) {
        router.get("metrics") { request, context in
            guard access.allows(request, context) else { throw ControlError.metricsNotAllowed }
            let form = MetricsText.Form(accepting: request.headers[.accept])
            let body = ByteBuffer(string: MetricsText(await metrics.metrics(), form: form).text)
            return Response(
                status: .ok,
                headers: [
                    .contentType: form.contentType, .contentLength: String(body.readableBytes),
                    .cacheControl: "no-store",
                ],
                body: .init(byteBuffer: body)
            )
        }
    }

    static func methods(at path: String) -> [String]? {
        ["/metrics", "/metrics/"].contains(path) ? ["GET", "HEAD"] : nil
    }
}
