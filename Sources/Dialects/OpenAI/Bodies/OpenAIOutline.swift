import Domain

/// What bodies look like, told without a word of what people and models wrote: sizes, roles, kinds, parameters, names of
/// tools, as a JSON object.
///
/// Only members of a closed list are told by name and value, for others may hold anything; how many those are is told.
package enum OpenAIOutline {
    /// Parameters whose value is a number, a truth or a word.
    private static let parameterNames: [StaticString] = [
        "model", "max_tokens", "max_completion_tokens", "n", "best_of", "temperature", "top_p", "top_k", "min_p",
        "seed",
        "stream", "logprobs", "top_logprobs", "echo", "presence_penalty", "frequency_penalty", "repetition_penalty",
        "parallel_tool_calls", "tool_choice", "reasoning_effort", "verbosity", "service_tier", "store",
        "encoding_format", "dimensions", "enable_thinking", "thinking_budget",
    ]
    /// Parameters that are objects of such.
    private static let objectNames: [(name: StaticString, members: [StaticString])] = [
        ("stream_options", ["include_usage"]), ("response_format", ["type"]),
        ("reasoning", ["effort", "max_tokens", "enabled", "exclude"]), ("thinking", ["type", "budget_tokens"]),
    ]
    private static let promptNames: [StaticString] = ["prompt", "input", "suffix"]
    private static let roles: Set<String> = ["system", "developer", "user", "assistant", "tool", "function"]
    private static let partTypes: Set<String> = [
        "text", "image_url", "input_audio", "file", "refusal", "video_url", "thinking", "reasoning",
    ]
    /// Of each list in it.
    private static let mostElements = 1_024

    /// - Parameter body: may be cut off anywhere.
    package static func request(_ body: [UInt8]) -> [UInt8] {
        body.withUnsafeBytes { bytes in
            var outline = OutlineObject()
            var others: Int64 = 0
            let range = contents(of: bytes)
            JSONWalk.forEachChild(bytes, range) { member in
                // The last value of what was cut off is not whole.
                guard member.value.upperBound < bytes.count else { return }
                if !add(member, of: bytes, to: &outline) { others += 1 }
            }
            if others > 0 { outline.add("other_members", .count(others)) }
            return Array(outline.text.utf8)
        }
    }

    package static func answer(_ body: [UInt8], isStreamed: Bool) -> [UInt8] {
        let answer = OpenAIAnswerReader().read(body, isStreamed: isStreamed)
        var outline = OutlineObject()
        if let model = answer.model { outline.add("model", word(model)) }
        if answer.embeddingCount > 0 { outline.add("embeddings", .count(answer.embeddingCount)) }
        outline.add("choices", .list(answer.choices.map(choice)))
        if answer.error != nil { outline.add("is_error", .raw("true")) }
        if answer.unreadableCount > 0 { outline.add("unreadable", .count(answer.unreadableCount)) }
        return Array(outline.text.utf8)
    }

    private static func choice(_ choice: AssembledAnswer.Choice) -> OutlineValue {
        var outline = OutlineObject()
        outline.add("index", .count(choice.index))
        if let role = choice.role { outline.add("role", known(role, in: roles)) }
        outline.add("finish_reason", choice.finishReason.map(word) ?? .raw("null"))
        outline.add("content_bytes", .count(Int64(choice.content.utf8.count)))
        outline.add("reasoning_bytes", .count(Int64(choice.reasoning.utf8.count)))
        outline.add("refusal_bytes", .count(Int64(choice.refusal.utf8.count)))
        let calls = choice.toolCalls.map { call in
            var outline = OutlineObject()
            outline.add("name", word(call.name))
            outline.add("arguments_bytes", .count(Int64(call.arguments.utf8.count)))
            return OutlineValue.object(outline)
        }
        outline.add("tool_calls", .list(calls))
        return .object(outline)
    }

    // MARK: - Requests

    private static func contents(of bytes: UnsafeRawBufferPointer) -> Range<Int> {
        guard let base = bytes.baseAddress else { return 0..<0 }
        return Bytes.skipWhitespace(base, 0, bytes.count)..<bytes.count
    }

    /// - Returns: false for a member that is not told.
    private static func add(
        _ member: JSONMember,
        of bytes: UnsafeRawBufferPointer,
        to outline: inout OutlineObject
    ) -> Bool {
        if let name = parameterNames.first(where: { member.isNamed($0, in: bytes) }) {
            outline.add("\(name)", parameter(member, of: bytes))
        } else if let name = promptNames.first(where: { member.isNamed($0, in: bytes) }) {
            outline.add("\(name)", size(member, of: bytes))
        } else if let object = objectNames.first(where: { member.isNamed($0.name, in: bytes) }) {
            outline.add("\(object.name)", parameters(of: member, object.members, in: bytes))
        } else if member.isNamed("messages", in: bytes) {
            outline.add("messages", list(member, of: bytes, message))
        } else if member.isNamed("tools", in: bytes) {
            outline.add("tools", list(member, of: bytes, tool))
        } else if member.isNamed("functions", in: bytes) {
            outline.add("functions", list(member, of: bytes) { named($0, of: $1) })
        } else if member.isNamed("stop", in: bytes) || member.isNamed("logit_bias", in: bytes) {
            outline.add(member.isNamed("stop", in: bytes) ? "stop" : "logit_bias", size(member, of: bytes))
        } else {
            return false
        }
        return true
    }

    private static func parameters(
        of member: JSONMember,
        _ names: [StaticString],
        in bytes: UnsafeRawBufferPointer
    ) -> OutlineValue {
        var outline = OutlineObject()
        JSONWalk.forEachChild(bytes, member.value) { inner in
            guard let name = names.first(where: { inner.isNamed($0, in: bytes) }) else { return }
            outline.add("\(name)", parameter(inner, of: bytes))
        }
        return .object(outline)
    }

    private static func parameter(_ member: JSONMember, of bytes: UnsafeRawBufferPointer) -> OutlineValue {
        switch member.kind {
        case .string: word(text(member, of: bytes))
        case .bool: .raw(member.bool(in: bytes) == true ? "true" : "false")
        case .null: .raw("null")
        case .number: number(member, of: bytes)
        case .object, .array: size(member, of: bytes)
        }
    }

    private static func list(
        _ member: JSONMember,
        of bytes: UnsafeRawBufferPointer,
        _ element: (JSONMember, UnsafeRawBufferPointer) -> OutlineValue
    ) -> OutlineValue {
        guard member.kind == .array else { return size(member, of: bytes) }
        var elements: [OutlineValue] = []
        JSONWalk.forEachChild(bytes, member.value) { child in
            if elements.count < mostElements {
                elements.append(element(child, bytes))
            } else if elements.count == mostElements {
                elements.append(.text("more"))
            }
        }
        return .list(elements)
    }

    private static func message(_ message: JSONMember, of bytes: UnsafeRawBufferPointer) -> OutlineValue {
        var outline = OutlineObject()
        JSONWalk.forEachChild(bytes, message.value) { member in
            if member.isNamed("role", in: bytes) {
                outline.add("role", known(text(member, of: bytes), in: roles))
            } else if member.isNamed("content", in: bytes) {
                let parts = list(member, of: bytes) { part, bytes in
                    var type = OutlineValue.text("other")
                    JSONWalk.forEachChild(bytes, part.value) { inner in
                        if inner.isNamed("type", in: bytes) {
                            type = known(text(inner, of: bytes), in: partTypes)
                        }
                    }
                    return type
                }
                if member.kind == .array { outline.add("parts", parts) }
                outline.add("content_bytes", .count(writtenBytes(member)))
            } else if member.isNamed("tool_calls", in: bytes) {
                outline.add("tool_calls", list(member, of: bytes, tool))
            }
        }
        return .object(outline)
    }

    /// A tool, or a call of one.
    private static func tool(_ tool: JSONMember, of bytes: UnsafeRawBufferPointer) -> OutlineValue {
        var name = OutlineValue.text("other")
        JSONWalk.forEachChild(bytes, tool.value) { member in
            if member.isNamed("function", in: bytes) || member.isNamed("custom", in: bytes) {
                name = named(member, of: bytes)
            }
        }
        return name
    }

    private static func named(_ object: JSONMember, of bytes: UnsafeRawBufferPointer) -> OutlineValue {
        var name = OutlineValue.text("other")
        JSONWalk.forEachChild(bytes, object.value) { member in
            if member.isNamed("name", in: bytes) { name = word(text(member, of: bytes)) }
        }
        return name
    }

    private static func size(_ member: JSONMember, of bytes: UnsafeRawBufferPointer) -> OutlineValue {
        var outline = OutlineObject()
        if member.kind == .array || member.kind == .object {
            var count: Int64 = 0
            JSONWalk.forEachChild(bytes, member.value) { _ in count += 1 }
            outline.add("count", .count(count))
        }
        outline.add("bytes", .count(writtenBytes(member)))
        return .object(outline)
    }

    /// As written in JSON, a string without its quotes.
    private static func writtenBytes(_ member: JSONMember) -> Int64 {
        Int64(member.kind == .string ? max(0, member.value.count - 2) : member.value.count)
    }

    // MARK: - Words

    /// Empty for other kinds, and for a string that does not end.
    private static func text(_ member: JSONMember, of bytes: UnsafeRawBufferPointer) -> String {
        member.value.count >= 2 ? member.text(in: bytes) ?? "" : ""
    }

    private static func number(_ member: JSONMember, of bytes: UnsafeRawBufferPointer) -> OutlineValue {
        var elements: [JSONMember] = []
        let kind = try? JSONScanner.scan(bytes, member.value, children: &elements)
        return kind == .number ? .raw(String(decoding: bytes[member.value], as: UTF8.self)) : .text("other")
    }

    private static func known(_ text: String, in words: Set<String>) -> OutlineValue {
        .text(words.contains(text) ? text : "other")
    }

    /// Names are told; what has a space in it, or is long, is no name.
    private static func word(_ text: String) -> OutlineValue {
        let isWord =
            (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: ":"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
        return .text(isWord ? text : "other")
    }
}

/// A value of an outline.
private enum OutlineValue {
    case count(Int64)
    case text(String)
    /// JSON already.
    case raw(String)
    case list([OutlineValue])
    case object(OutlineObject)

    var json: String {
        switch self {
        case .count(let count): return String(count)
        case .text(let text):
            var bytes: [UInt8] = []
            JSONString.write(text, into: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        case .raw(let text): return text
        case .list(let values): return "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let object): return object.text
        }
    }
}

/// An object of an outline, members in the order in which they came.
private struct OutlineObject {
    private var members: [String] = []

    var text: String { "{" + members.joined(separator: ",") + "}" }

    /// - Parameter name: one of ours.
    mutating func add(_ name: String, _ value: OutlineValue) { members.append("\"\(name)\":\(value.json)") }
}
