import Domain

/// An answer choice by choice.
struct AssembledAnswerJSON: Encodable {
    let answer: AssembledAnswer

    static let shape = Shape.object(
        "AssembledAnswer",
        [
            "id": .text.nullable(), "model": .text.nullable(), "choices": .list(choice),
            "usage": .text.nullable().noted("As it stood on the wire."),
            "error": .text.nullable().noted("As it stood on the wire."),
            "unreadable": .count.noted("Events, or answers, that are no JSON object."),
        ]
    )

    private static let choice = Shape.object(
        "AssembledChoice",
        [
            "index": .integer, "role": .text.nullable(), "content": .text, "reasoning": .text, "refusal": .text,
            "tool_calls": .list(toolCall), "finish_reason": .text.nullable(),
        ]
    )
    private static let toolCall = Shape.object(
        "AssembledToolCall",
        ["index": .integer, "id": .text.nullable(), "name": .text, "arguments": .text]
    )

    enum CodingKeys: CodingKey { case id, model, choices, usage, error, unreadable }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(answer.id, forKey: .id)
        try container.encode(answer.model, forKey: .model)
        try container.encode(answer.choices.map(Choice.init), forKey: .choices)
        try container.encode(answer.usage, forKey: .usage)
        try container.encode(answer.error, forKey: .error)
        try container.encode(answer.unreadableCount, forKey: .unreadable)
    }

    private struct Choice: Encodable {
        let choice: AssembledAnswer.Choice

        enum CodingKeys: String, CodingKey {
            case index, role, content, reasoning, refusal
            case toolCalls = "tool_calls"
            case finishReason = "finish_reason"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(choice.index, forKey: .index)
            try container.encode(choice.role, forKey: .role)
            try container.encode(choice.content, forKey: .content)
            try container.encode(choice.reasoning, forKey: .reasoning)
            try container.encode(choice.refusal, forKey: .refusal)
            try container.encode(choice.toolCalls.map(ToolCall.init), forKey: .toolCalls)
            try container.encode(choice.finishReason, forKey: .finishReason)
        }
    }

    private struct ToolCall: Encodable {
        let call: AssembledAnswer.ToolCall

        enum CodingKeys: CodingKey { case index, id, name, arguments }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(call.index, forKey: .index)
            try container.encode(call.id, forKey: .id)
            try container.encode(call.name, forKey: .name)
            try container.encode(call.arguments, forKey: .arguments)
        }
    }
}
