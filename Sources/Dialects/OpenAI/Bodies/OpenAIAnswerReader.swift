package import Domain
import NIOCore

/// Puts answers together: chat completions and completions, streamed or not.
///
/// Not for the data plane: it keeps all text. Whatever the bytes are it ends, with what could be read of them.
package struct OpenAIAnswerReader: AnswerReader {
    package init() {}

    package func read(_ answer: [UInt8], isStreamed: Bool) -> AssembledAnswer {
        var assembly = Assembly()
        // A stream that was asked for and never began is answered by an object, which is no event.
        if isStreamed, answer.first != UInt8(ascii: "{") {
            assembly.readStream(answer)
        } else if !answer.isEmpty {
            answer.withUnsafeBytes { assembly.readObject($0, 0..<$0.count) }
        }
        return assembly.finish()
    }
}

/// An answer that is being put together.
private struct Assembly {
    /// No answer has more; what comes beyond is passed over.
    private static let mostChoices = 1_024
    private static let mostToolCalls = 1_024

    private var answer = AssembledAnswer()
    private var choices: [Int64: AssembledAnswer.Choice] = [:]

    mutating func readStream(_ bytes: [UInt8]) {
        var parser = SSEParser(eventByteLimit: max(bytes.count, 64))
        let work = parser.join(ByteBuffer(bytes: bytes))
        work.withUnsafeReadableBytes { bytes in
            while let event = try? parser.next(in: bytes) {
                readEvent(bytes, event, isFirst: event.lowerBound == 0)
            }
        }
        parser.keepRest(of: work)
        // What was cut off before its blank line may still be a whole event.
        parser.takeHeld().withUnsafeReadableBytes { rest in
            if !rest.isEmpty { readEvent(rest, 0..<rest.count, isFirst: rest.count == bytes.count) }
        }
    }

    private mutating func readEvent(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isFirst: Bool) {
        let event = SSEEvent(bytes, range, isFirst: isFirst)
        guard let data = event.data, !data.isEmpty else { return }
        if event.dataLineCount > 1 {
            let joined = event.joinedData(bytes)
            return joined.withUnsafeBytes { readObject($0, 0..<$0.count) }
        }
        if let base = bytes.baseAddress, Bytes.equal(base, data.lowerBound, data.upperBound, "[DONE]") { return }
        readObject(bytes, data)
    }

    /// One event's data, or a whole answer.
    mutating func readObject(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard let members = try? JSONScanner.members(of: bytes, in: range) else {
            answer.unreadableCount += 1
            return
        }
        for member in members {
            if member.isNamed("id", in: bytes) {
                answer.id = member.text(in: bytes) ?? answer.id
            } else if member.isNamed("model", in: bytes) {
                answer.model = member.text(in: bytes) ?? answer.model
            } else if member.isNamed("usage", in: bytes), member.kind == .object {
                answer.usage = String(decoding: bytes[member.value], as: UTF8.self)
            } else if member.isNamed("error", in: bytes), member.kind != .null {
                answer.error = String(decoding: bytes[member.value], as: UTF8.self)
            } else if member.isNamed("data", in: bytes), member.kind == .array {
                JSONWalk.forEachChild(bytes, member.value) { _ in answer.embeddingCount += 1 }
            } else if member.isNamed("choices", in: bytes), member.kind == .array {
                JSONWalk.forEachChild(bytes, member.value) { if $0.kind == .object { readChoice(bytes, $0.value) } }
            }
        }
    }

    private mutating func readChoice(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        var index: Int64 = 0
        JSONWalk.forEachChild(bytes, range) { member in
            if member.isNamed("index", in: bytes) { index = member.integer(in: bytes) ?? 0 }
        }
        guard choices[index] != nil || choices.count < Self.mostChoices else { return }
        var choice = choices[index] ?? AssembledAnswer.Choice(index: index)
        JSONWalk.forEachChild(bytes, range) { member in
            if member.isNamed("finish_reason", in: bytes) {
                choice.finishReason = member.text(in: bytes) ?? choice.finishReason
            } else if member.isNamed("text", in: bytes) {
                choice.content += member.text(in: bytes) ?? ""
            } else if member.isNamed("delta", in: bytes) || member.isNamed("message", in: bytes) {
                Self.readMessage(bytes, member.value, into: &choice)
            }
        }
        choices[index] = choice
    }

    private static func readMessage(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        into choice: inout AssembledAnswer.Choice
    ) {
        JSONWalk.forEachChild(bytes, range) { member in
            if member.isNamed("role", in: bytes) {
                choice.role = member.text(in: bytes) ?? choice.role
            } else if member.isNamed("content", in: bytes) {
                choice.content += member.text(in: bytes) ?? ""
            } else if member.isNamed("reasoning_content", in: bytes) || member.isNamed("reasoning", in: bytes) {
                choice.reasoning += member.text(in: bytes) ?? ""
            } else if member.isNamed("refusal", in: bytes) {
                choice.refusal += member.text(in: bytes) ?? ""
            } else if member.isNamed("tool_calls", in: bytes), member.kind == .array {
                var position: Int64 = 0
                JSONWalk.forEachChild(bytes, member.value) { call in
                    if call.kind == .object { readToolCall(bytes, call.value, at: position, into: &choice) }
                    position += 1
                }
            }
        }
    }

    /// - Parameter position: its number where it tells none, as in answers that are not streamed.
    private static func readToolCall(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        at position: Int64,
        into choice: inout AssembledAnswer.Choice
    ) {
        var index = position
        JSONWalk.forEachChild(bytes, range) { member in
            if member.isNamed("index", in: bytes) { index = member.integer(in: bytes) ?? position }
        }
        let place: Int
        if let known = choice.toolCalls.firstIndex(where: { $0.index == index }) {
            place = known
        } else {
            guard choice.toolCalls.count < mostToolCalls else { return }
            place = choice.toolCalls.count
            choice.toolCalls.append(AssembledAnswer.ToolCall(index: index))
        }
        JSONWalk.forEachChild(bytes, range) { member in
            if member.isNamed("id", in: bytes) {
                choice.toolCalls[place].id = member.text(in: bytes) ?? choice.toolCalls[place].id
            } else if member.isNamed("function", in: bytes) {
                JSONWalk.forEachChild(bytes, member.value) { part in
                    if part.isNamed("name", in: bytes) {
                        choice.toolCalls[place].name += part.text(in: bytes) ?? ""
                    } else if part.isNamed("arguments", in: bytes) {
                        choice.toolCalls[place].arguments += part.text(in: bytes) ?? ""
                    }
                }
            }
        }
    }

    consuming func finish() -> AssembledAnswer {
        answer.choices = choices.values.sorted { $0.index < $1.index }
        return answer
    }
}
