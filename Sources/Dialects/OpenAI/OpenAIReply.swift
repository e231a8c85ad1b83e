package import NIOCore

/// What a body says of its usage.
package enum UsageFinding: Hashable, Sendable {
    /// The usage object is `raw`, a slice of the body.
    case reported(UsageReading, raw: ByteBuffer)
    /// A JSON object without usage.
    case missing
    /// Not a JSON object: HTML, garbage, a body cut short.
    case unreadable
}

/// The whole body of an answer that is not streamed.
package struct OpenAIReply: Sendable {
    package let usage: UsageFinding
    /// A top-level `error` that is not null: an error whatever the status says.
    package let isError: Bool
    /// Bytes of text, reasoning and tool arguments.
    package let contentBytes: Int64
    /// The tokens that they are taken for where usage is missing.
    package let contentTokens: Int64

    /// Reads `body` in one pass, about a nanosecond a byte.
    package init(reading body: ByteBuffer) {
        let (payload, reading) = body.withUnsafeReadableBytes { bytes in
            let payload = OpenAIPayload(bytes, 0..<bytes.count)
            let reading: UsageReading? =
                payload.usage == .object || payload.usage == .other
                ? OpenAIUsage.read(UnsafeRawBufferPointer(rebasing: bytes[payload.usageValue])) : nil
            return (payload, reading)
        }
        isError = payload.isError
        contentBytes = payload.contentBytes
        contentTokens = payload.contentTokens
        if !payload.isObject {
            usage = .unreadable
        } else if let reading,
            let raw = body.getSlice(
                at: body.readerIndex + payload.usageValue.lowerBound,
                length: payload.usageValue.count
            )
        {
            usage = .reported(reading, raw: raw)
        } else {
            usage = .missing
        }
    }

    package static func usage(in body: ByteBuffer) -> UsageFinding { OpenAIReply(reading: body).usage }
}
