/// A call that is over, as traces tell of it: times, counts and names of the catalogue. Nothing that people or models wrote,
/// no key, no address of a client's.
package struct CallTrace: Sendable {
    /// What a provider was asked.
    package struct Upstream: Sendable {
        package let spanID: UInt64
        package let dialect: DialectName
        package let provider: String
        package let host: String
        package let port: Int
        package let model: String
        package let isStreamed: Bool
        /// Nanoseconds since 1970, as all of these.
        package let sentAt: Int64
        package let firstOutputAt: Int64?
        package let endedAt: Int64
        package let usage: Usage
        /// How it failed, of a closed set; nil where it did not.
        package let failure: String?

        package init(
            spanID: UInt64,
            dialect: DialectName,
            provider: String,
            host: String,
            port: Int,
            model: String,
            isStreamed: Bool,
            sentAt: Int64,
            firstOutputAt: Int64?,
            endedAt: Int64,
            usage: Usage,
            failure: String?
        ) {
            self.spanID = spanID
            self.dialect = dialect
            self.provider = provider
            self.host = host
            self.port = port
            self.model = model
            self.isStreamed = isStreamed
            self.sentAt = sentAt
            self.firstOutputAt = firstOutputAt
            self.endedAt = endedAt
            self.usage = usage
            self.failure = failure
        }
    }

    package let id: CallID
    package let context: TraceContext
    /// The client's own span.
    package let parentID: UInt64?
    package let endpoint: Endpoint
    package let beganAt: Int64
    package let heldAt: Int64?
    package let endedAt: Int64
    /// 0 where the client was gone.
    package let statusCode: Int
    /// Why it was refused, of a closed set; nil where it was not.
    package let refusal: String?
    /// Nil where no provider was asked.
    package let upstream: Upstream?

    package init(
        id: CallID,
        context: TraceContext,
        parentID: UInt64?,
        endpoint: Endpoint,
        beganAt: Int64,
        heldAt: Int64?,
        endedAt: Int64,
        statusCode: Int,
        refusal: String?,
        upstream: Upstream?
    ) {
        self.id = id
        self.context = context
        self.parentID = parentID
        self.endpoint = endpoint
        self.beganAt = beganAt
        self.heldAt = heldAt
        self.endedAt = endedAt
        self.statusCode = statusCode
        self.refusal = refusal
        self.upstream = upstream
    }
}
