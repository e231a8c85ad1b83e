package import Domain
package import Hummingbird
import HTTPTypes
import Logging
import NIOCore

/// Everything that is not a call to a model: health, models, usage, administration. Ordinary Hummingbird routes.
package struct ControlPlane: Sendable {
    /// What the routes work with; all of it from protocols of `Domain`.
    package struct Sources: Sendable {
        package let directory: any Directory
        package let digester: any KeyDigester
        package let reports: any UsageReports
        package let journal: any Journal
        /// True if the database answers now.
        package let isDatabaseReady: @Sendable () async -> Bool
        package let now: @Sendable () -> Instant
        /// Believed about the addresses of clients.
        package let trustedProxies: TrustedProxies
        /// Nil: nothing is shown of the audit log.
        package let audit: (any PublishedAudit)?
        /// This program's version, as `/openapi.json` tells it.
        package let version: String
        /// Nil: there is nothing under `/api/auth` and `/api/admin`.
        package let administration: Administration?
        /// Nil: there is no `/metrics`.
        package let metrics: (any MetricsSource)?
        package let metricsAccess: MetricsAccess

        package init(
            directory: any Directory,
            digester: any KeyDigester,
            reports: any UsageReports,
            journal: any Journal,
            isDatabaseReady: @escaping @Sendable () async -> Bool,
            now: @escaping @Sendable () -> Instant,
            trustedProxies: TrustedProxies = .none,
            audit: (any PublishedAudit)? = nil,
            version: String = "",
            administration: Administration? = nil,
            metrics: (any MetricsSource)? = nil,
            metricsAccess: MetricsAccess = .local
        ) {
            self.directory = directory
            self.digester = digester
            self.reports = reports
            self.journal = journal
            self.isDatabaseReady = isDatabaseReady
            self.now = now
            self.trustedProxies = trustedProxies
            self.audit = audit
            self.version = version
            self.administration = administration
            self.metrics = metrics
            self.metricsAccess = metricsAccess
        }
    }

    /// What a route knows of a request beside the request itself.
    package struct Context: RequestContext {
        package var coreContext: CoreRequestContextStorage
        /// The other end of the connection: a client, or a proxy.
        let peer: ClientAddress
        /// Where the request comes from: the peer, or whom trusted proxies name.
        private(set) var clientAddress: ClientAddress
        private(set) var isPeerTrusted = false

        package init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            peer = ClientAddress(source.channel.remoteAddress)
            clientAddress = peer
        }

        /// Believes what `proxies` say in the request.
        mutating func trust(_ proxies: TrustedProxies, in request: Request) {
            guard let address = peer.address, proxies.contains(address) else { return }
            isPeerTrusted = true
            clientAddress = ClientAddress(
                proxies.client(of: address, forwardedFor: request.headers[values: Transport.forwardedFor])
            )
        }
    }

    private let sources: Sources

    package init(sources: Sources) { self.sources = sources }

    /// The responder for every request that the data plane leaves.
    package func buildResponder() -> RouterResponder<Context> {
        let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
        let operations = sources.administration?.operations
        router.add(middleware: AnswerMiddleware(sources: sources, operations: operations))
        if let operations {
            operations.add(to: router)
            DocumentRoutes(operations: operations, version: sources.version).add(to: router)
            ConsoleRoutes().add(to: router)
        }
        HealthRoutes(sources: sources).add(to: router)
        if let audit = sources.audit { AuditRoutes(audit: audit).add(to: router) }
        if let metrics = sources.metrics {
            MetricsRoutes(metrics: metrics, access: sources.metricsAccess).add(to: router)
        }
        for prefix in ["v1", "api/v1"] {
            let group = router.group(RouterPath(prefix))
            ModelRoutes(sources: sources).add(to: group)
            UsageRoutes(sources: sources).add(to: group)
            if let administration = sources.administration {
                OrganizationRoutes(administration: administration).add(to: group)
            }
        }
        return router.buildResponder()
    }
}

/// Gives each answer its request id and its type for good, errors the envelope of their plane, and HEAD no body.
struct AnswerMiddleware: RouterMiddleware {
    typealias Context = ControlPlane.Context

    let sources: ControlPlane.Sources
    let operations: Operations?

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.trust(sources.trustedProxies, in: request)
        var generator = SystemRandomNumberGenerator()
        let id = CallID(at: sources.now(), random: (generator.next(), generator.next()))
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(to: error, request: request, context: context, id: id)
        }
        if let name = HTTPField.Name("x-request-id") { response.headers[name] = id.description }
        // What somebody wrote is never taken for a page, whatever it looks like.
        response.headers[.xContentTypeOptions] = "nosniff"
        // An error comes with a body, which after HEAD would be taken for the beginning of the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(to error: any Error, request: Request, context: Context, id: CallID) -> Response {
        let path = request.uri.path
        let language = Language(accepting: request.headers[.acceptLanguage])
        let told = (error as? ControlError) ?? (error as? DeskError).map(ControlError.init(_:))
        if let error = told {
            if let cause = error.cause {
                context.logger.error(
                    "the database could not be asked",
                    metadata: ["request_id": "\(id)", "path": "\(path)", "cause": "\(cause)"]
                )
            }
            return error.response(for: path, in: language)
        }
        if let error = error as? any HTTPResponseError {
            guard error.status == .notFound else {
                return ControlError(
                    status: error.status,
                    message: "\(error.status.reasonPhrase).",
                    type: "invalid_request_error",
                    code: nil,
                    member: nil
                ).response(for: path, in: language)
            }
            let methods =
                APIPath.belowV1(path).map(APIPath.methods(below:)) ?? HealthRoutes.methods(at: path)
                ?? AuditRoutes.methods(at: path) ?? (sources.metrics == nil ? nil : MetricsRoutes.methods(at: path))
                ?? operations.flatMap {
                    $0.methods(at: path) ?? DocumentRoutes.methods(at: path) ?? ConsoleRoutes.methods(at: path)
                }
            guard let methods, !methods.contains(request.method.rawValue) else {
                return ControlError.notFound(path).response(for: path, in: language)
            }
            return ControlError.methodNotAllowed(request.method.rawValue, path, allowed: methods).response(
                for: path,
                in: language
            )
        }
        context.logger.error(
            "request failed",
            metadata: ["request_id": "\(id)", "path": "\(path)", "cause": "\(error)"]
        )
        return ControlError.internalError.response(for: path, in: language)
    }
}
