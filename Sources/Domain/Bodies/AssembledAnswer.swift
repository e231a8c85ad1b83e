/// An answer choice by choice, a streamed one put together from its events.
package struct AssembledAnswer: Hashable, Sendable {
    package struct ToolCall: Hashable, Sendable {
        package var index: Int64
        package var id: String?
        package var name = ""
        package var arguments = ""

        package init(index: Int64) { self.index = index }
    }

    package struct Choice: Hashable, Sendable {
        package var index: Int64
        package var role: String?
        package var content = ""
        package var reasoning = ""
        package var refusal = ""
        package var toolCalls: [ToolCall] = []
        package var finishReason: String?

        package init(index: Int64) { self.index = index }
    }

    package var id: String?
    package var model: String?
    /// In the order of their numbers.
    package var choices: [Choice] = []
    /// Embeddings in it.
    package var embeddingCount: Int64 = 0
    /// The last that came, as it stood on the wire.
    package var usage: String?
    /// As it stood on the wire.
    package var error: String?
    /// Events, or answers, that are no JSON object.
    package var unreadableCount: Int64 = 0

    package init() {}
}

/// Reads answers as they came on the wire.
package protocol AnswerReader: Sendable {
    func read(_ answer: [UInt8], isStreamed: Bool) -> AssembledAnswer
}
