import Domain
import NIOCore

/// What goes upstream, as bytes: our head with the client's open list in it, then the body.
enum UpstreamRequest {
    /// - Parameter trace: what goes in place of the client's `traceparent`; nil leaves that.
    static func bytes(
        _ head: RequestHead,
        to provider: Provider,
        trace: TraceContext? = nil,
        body: ByteBuffer
    ) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 512 + 64 * head.forwarded.count + body.readableBytes)
        buffer.writeStaticString("POST ")
        buffer.writeString(provider.baseURL.path)
        // `/v1` is the dialect's own prefix, and part of the provider's base URL.
        buffer.writeSubstring(head.endpoint.path.dropFirst(3))
        buffer.writeStaticString(" HTTP/1.1\r\n")
        buffer.writeField("Host", provider.baseURL.authority)
        if let credential = provider.credential {
            buffer.writeField("Authorization", "Bearer " + credential.secret)
        }
        buffer.writeStaticString("Accept-Encoding: identity\r\n")
        if !head.userAgent.isEmpty { buffer.writeField("User-Agent", head.userAgent) }
        if let trace { buffer.writeField("traceparent", trace.description) }
        for (name, value) in head.forwarded where trace == nil || !HeaderPolicy.equals(name, "traceparent") {
            buffer.writeField(name, value)
        }
        buffer.writeFraming(.length(body.readableBytes))
        buffer.writeStaticString("\r\n")
        buffer.writeImmutableBuffer(body)
        return buffer
    }
}
