package import Domain
package import NIOCore

/// A request as far as its cost and its way depend on it; everything else passes verbatim.
package struct OpenAIRequest: Sendable {
    package static let largestChoices: Int64 = 128
    package static let largestPromptCount: Int64 = 2_048
    package static let largestOutputLimit: Int64 = Int64(Int32.max)
    package static let longestModelNameBytes = 256

    package let endpoint: Endpoint
    package let body: ByteBuffer
    package internal(set) var model = ""
    /// Always false for embeddings.
    package internal(set) var isStreamed = false
    /// The client itself asked for `stream_options.include_usage`.
    package internal(set) var asksForUsage = false
    /// Output tokens per choice: the smallest limit the client names; nil where it names none, and for embeddings.
    package internal(set) var outputLimit: Int64?
    /// Tokens per choice that the client lets the model think, which several providers do not count into the limit; at
    /// most ``largestOutputLimit``.
    package internal(set) var thinkingTokens: Int64 = 0
    /// Thinking is asked for, and nothing says how much.
    package internal(set) var thinksWithoutBudget = false
    /// How many answers are generated and billed: `n` or `best_of`, times the number of prompts; at least 1.
    package internal(set) var choices: Int64 = 1
    /// Prompts of a completion or inputs to embed, each of which may fill the model's context; at least 1.
    package internal(set) var promptCount: Int64 = 1
    /// Some input's tokens are not bounded by the body's bytes: images (also inline), files, anything fetched.
    package internal(set) var hasExternalInput = false
    /// A thinking budget or a schema: lowering the output limit would break the answer rather than shorten it.
    package internal(set) var forbidsClamp = false
    /// Members present that need a price of their own, of ``costBearingNames``; sorted.
    package internal(set) var costBearing: [String] = []
    /// Tokens of the prompt, tools included, at four bytes each and one for each CJK character.
    package internal(set) var estimatedInputTokens: Int64 = 0

    /// Answers begin with their prompts.
    package internal(set) var echoesPrompt = false

    package var bodyBytes: Int { body.readableBytes }

    /// The most bytes, and tokens, of prompt that come back as if they were generated.
    package var largestEchoBytes: Int64 { echoesPrompt ? Int64(bodyBytes) * choices : 0 }

    /// As ``estimatedInputTokens``, of all prompts that come back.
    package var estimatedEchoTokens: Int64 { echoesPrompt ? estimatedInputTokens * (choices / promptCount) : 0 }

    /// The closed list of members that change what a call costs beyond tokens × price.
    ///
    /// `service_tier` unless auto or default; server tools: `web_search_options`, `tools` of other types than function and
    /// custom, and xAI's `search_parameters`, Qwen's `enable_search`, OpenRouter's `plugins`; `modalities` beyond text and
    /// `audio`; `prediction` (rejected tokens are billed beyond the limit); OpenRouter's `models`, `provider`, `preset` and
    /// `route`, which lead to others, priced otherwise; xAI's `deferred`, whose answer comes by another way; `extra_body`,
    /// whose members some proxies lift to the top; `speed` unless standard; `cache_control` of the whole request, and a
    /// `ttl` in one of its parts unless 5m (usage does not tell how long what was written is kept). Null and false are as
    /// absent. Several choices and prompts are in ``choices``.
    package static let costBearingNames: [String] = [
        "audio", "cache_control", "cache_control.ttl", "deferred", "enable_search", "extra_body", "modalities",
        "models", "plugins", "prediction", "preset", "provider", "route", "search_parameters", "service_tier", "speed",
        "tools", "web_search_options",
    ]

    /// A place of the body where something else goes.
    struct OutputLimitMember: Sendable {
        /// nil: llama.cpp's `n_predict`.
        let name: OutputLimitName?
        let value: Range<Int>
        /// nil: null.
        let limit: Int64?
    }

    enum StreamOptions: Sendable {
        case absent
        case null(Range<Int>)
        /// The object, and its `include_usage` if it has one.
        case object(Range<Int>, isEmpty: Bool, includeUsage: Range<Int>?)
    }

    var modelValue = 0..<0
    var outputLimitMembers: [OutputLimitMember] = []
    var streamOptions = StreamOptions.absent
    /// After the opening brace.
    var firstMember = 0

    init(endpoint: Endpoint, body: ByteBuffer) {
        self.endpoint = endpoint
        self.body = body
    }

    /// Validates the whole body in one strict pass and reads the members that matter.
    /// - Throws: what to answer with 400: bytes that are no strict JSON object, a member twice, a model, limit or count
    ///   that is not one.
    package static func parse(_ body: ByteBuffer, endpoint: Endpoint) throws(OpenAIRequestError) -> OpenAIRequest {
        var request = OpenAIRequest(endpoint: endpoint, body: body)
        try body.withUnsafeReadableBytes { bytes throws(OpenAIRequestError) in
            let members: [JSONMember]
            do throws(JSONProblem) {
                members = try JSONScanner.members(of: bytes)
            } catch {
                throw OpenAIRequestError(error)
            }
            var reader = OpenAIRequestReader(bytes: bytes, request: request)
            request = try reader.read(members)
        }
        return request
    }

    /// Whether a limit of the client's stands where an upstream that obeys `limitName` will find it.
    ///
    /// `max_tokens` also counts where `max_completion_tokens` is obeyed: only OpenAI prefers that one, and it knows both
    /// but refuses them together.
    package func isBounded(by limitName: OutputLimitName) -> Bool {
        outputLimitMembers.contains {
            $0.limit != nil
                && ($0.name == limitName || ($0.name == .maxTokens && limitName == .maxCompletionTokens))
        }
    }

    /// The body to send: the client's bytes with the model, the output limit and the usage option put in their places.
    /// - Parameters:
    ///   - outputLimit: written over every limit the client named, and as `limitName` where that is not among them: a
    ///     limit that the upstream does not know bounds nothing. nil leaves a single one as it is; where the client named
    ///     several, all get the smallest, which is what was held for.
    ///   - forceUsage: sets `stream_options.include_usage`; only for streams, as others may not carry the member.
    ///   - limitName: what the upstream obeys.
    package func upstreamBody(
        model: String,
        outputLimit: Int64?,
        forceUsage: Bool,
        limitName: OutputLimitName
    ) -> ByteBuffer {
        var edits: [Edit] = []
        var limit = endpoint == .embeddings ? nil : outputLimit
        if limit == nil, outputLimitMembers.count > 1 || !isBounded(by: limitName) { limit = self.outputLimit }
        if let limit {
            if !isBounded(by: limitName), !outputLimitMembers.contains(where: { $0.name == limitName }) {
                let text = Array("\"\(limitName.rawValue)\":\(limit),".utf8)
                edits.append(Edit(range: firstMember..<firstMember, text: text))
            }
            for member in outputLimitMembers where member.limit != limit {
                // To OpenAI a null is as absent; a number there would be one limit too many.
                if limitName == .maxCompletionTokens, member.name == .maxTokens, member.limit == nil { continue }
                edits.append(Edit(range: member.value, text: Array("\(limit)".utf8)))
            }
        }
        if forceUsage, isStreamed, !asksForUsage {
            switch streamOptions {
            case .absent:
                edits.append(
                    Edit(
                        range: firstMember..<firstMember,
                        text: Array(#""stream_options":{"include_usage":true},"#.utf8)
                    )
                )
            case .null(let value):
                edits.append(Edit(range: value, text: Array(#"{"include_usage":true}"#.utf8)))
            case .object(_, _, let includeUsage?):
                edits.append(Edit(range: includeUsage, text: Array("true".utf8)))
            case .object(let object, let isEmpty, nil):
                let after = object.lowerBound + 1
                edits.append(
                    Edit(range: after..<after, text: Array((#""include_usage":true"# + (isEmpty ? "" : ",")).utf8))
                )
            }
        }
        // Bytes, as a server compares them: to Swift, é in one scalar and in two are equal.
        if !model.utf8.elementsEqual(self.model.utf8) {
            var text: [UInt8] = []
            JSONString.write(model, into: &text)
            edits.append(Edit(range: modelValue, text: text))
        }
        return apply(edits)
    }

    private struct Edit {
        let range: Range<Int>
        let text: [UInt8]
    }

    private func apply(_ edits: [Edit]) -> ByteBuffer {
        if edits.isEmpty { return body }
        // Insertions at one place keep the order in which they were made: the sort is stable.
        let edits = edits.count == 1 ? edits : edits.sorted { $0.range.lowerBound < $1.range.lowerBound }
        var result = ByteBufferAllocator().buffer(
            capacity: body.readableBytes + edits.reduce(0) { $0 + $1.text.count }
        )
        body.withUnsafeReadableBytes { bytes in
            var position = 0
            for edit in edits {
                result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[position..<edit.range.lowerBound]))
                result.writeBytes(edit.text)
                position = edit.range.upperBound
            }
            result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[position...]))
        }
        return result
    }
}
