import Foundation
import NIOCore
import Testing

/// A recorded answer of a real llama.cpp server: what follows the header block.
struct Recording: Sendable, CustomTestStringConvertible {
    let name: String

    static let streams = [
        "llamacpp-openai-chat-stream-usage", "llamacpp-openai-chat-stream-nousage", "llamacpp-openai-chat-stream-n2",
        "llamacpp-openai-completions-stream-n2", "llamacpp-openai-completions-stream-prompts2",
    ].map(Recording.init)

    static let replies = [
        "llamacpp-openai-chat", "llamacpp-openai-completions", "llamacpp-error-400", "llamacpp-models",
    ].map(Recording.init)

    var testDescription: String { name }

    func body() throws -> [UInt8] {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "http", subdirectory: "Recordings")
        )
        let file = try Data(contentsOf: url)
        let separator = try #require(file.range(of: Data("\r\n\r\n".utf8)))
        return Array(file[separator.upperBound...])
    }

    /// Of a recorded stream the first four events and the last six.
    func excerpt() throws -> [UInt8] {
        let events = String(decoding: try body(), as: UTF8.self).components(separatedBy: "\n\n")
        return Array((events.prefix(4) + events.suffix(7)).joined(separator: "\n\n").utf8)
    }
}

extension ByteBuffer {
    var text: String { String(decoding: readableBytesView, as: UTF8.self) }
    var bytes: [UInt8] { Array(readableBytesView) }
}
