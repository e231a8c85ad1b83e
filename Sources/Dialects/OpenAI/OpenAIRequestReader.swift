import Domain
import NIOCore

/// Reads the members of a request that the scanner has accepted.
struct OpenAIRequestReader {
    let bytes: UnsafeRawBufferPointer
    var request: OpenAIRequest
    private var prompt = OpenAIPrompt()
    private var hasModel = false
    /// The largest of `n`, `best_of` and llama.cpp's `n_cmpl`.
    private var answersPerPrompt: Int64 = 1
    /// Qwen's pair: the budget is optional.
    private var enablesThinking = false
    private var hasThinkingBudget = false

    init(bytes: UnsafeRawBufferPointer, request: OpenAIRequest) {
        self.bytes = bytes
        self.request = request
    }

    /// Names this reader has something to do with.
    private enum Name {
        case model, stream, streamOptions
        /// llama.cpp lets its own `n_predict` win over `max_tokens`.
        case outputLimit
        case choices, prompt, messages, tools, functions, responseFormat, schema
        /// OpenAI's `reasoning_effort` stays within the output limit; a budget may be beyond it.
        case reasoningEffort, thinking, reasoning, enableThinking, thinkingBudget
        case echo
        case costBearing, serviceTier, modalities, speed
        /// Input that the upstream keeps, fetches or makes: an earlier answer, a conversation, files, Azure's data sources;
        /// a template, which may write as much as it likes around the messages.
        case keptInput
    }

    mutating func read(_ members: [JSONMember]) throws(OpenAIRequestError) -> OpenAIRequest {
        if let base = bytes.baseAddress {
            let brace = Bytes.skipWhitespace(base, 0, bytes.count)
            request.firstMember = min(brace + 1, bytes.count)
        }
        for member in members {
            if let name = name(of: member) {
                try read(member, name)
            } else if let folded = folded(member), folded.withUnsafeBytes(Self.name) != nil {
                throw Self.otherCase(member.nameText(in: bytes), folded)
            }
        }
        guard hasModel else {
            throw OpenAIRequestError(
                message: "The request names no model.",
                param: "model",
                code: "missing_required_parameter"
            )
        }
        if request.endpoint != .embeddings {
            // Both factors are at most 2,048: no overflow.
            request.choices = answersPerPrompt * request.promptCount
            if enablesThinking, !hasThinkingBudget { request.thinksWithoutBudget = true }
        }
        request.hasExternalInput = request.hasExternalInput || prompt.hasExternalInput
        request.estimatedInputTokens = prompt.estimatedTokens
        if prompt.hasLongCache { request.costBearing.append("cache_control.ttl") }
        request.costBearing.sort()
        return request
    }

    private mutating func read(_ member: JSONMember, _ name: Name) throws(OpenAIRequestError) {
        switch name {
        case .model: try readModel(member)
        case .stream:
            let isStreamed = try bool(member)
            if request.endpoint != .embeddings { request.isStreamed = isStreamed }
        case .streamOptions: try readStreamOptions(member)
        case .outputLimit:
            guard request.endpoint != .embeddings else { return }
            let limit = try integer(member, in: 1...OpenAIRequest.largestOutputLimit)
            request.outputLimitMembers.append(
                OpenAIRequest.OutputLimitMember(name: limitName(of: member), value: member.value, limit: limit)
            )
            if let limit { request.outputLimit = min(limit, request.outputLimit ?? limit) }
        case .choices:
            guard request.endpoint != .embeddings else { return }
            if let count = try integer(member, in: 1...OpenAIRequest.largestChoices) {
                answersPerPrompt = max(answersPerPrompt, count)
            }
        case .prompt:
            prompt.read(bytes, member.value)
            // A stored prompt by its id, or llama.cpp's text with media.
            if member.kind == .object { request.hasExternalInput = true }
            if request.endpoint != .chatCompletions { try countPrompts(member) }
        case .messages: prompt.read(bytes, member.value)
        case .tools:
            prompt.addRaw(bytes, member.value)
            try readTools(member)
        case .functions: prompt.addRaw(bytes, member.value)
        case .reasoningEffort:
            if isSet(member) { request.forbidsClamp = true }
        case .thinking: try readThinking(member)
        case .reasoning:
            if isSet(member) { request.forbidsClamp = true }
            _ = try budget(of: member, "reasoning", "max_tokens")
        case .enableThinking:
            guard isSet(member) else { return }
            request.forbidsClamp = true
            enablesThinking = true
        case .thinkingBudget:
            if isSet(member) { request.forbidsClamp = true }
            if try noteBudget(member), member.isNamed("thinking_budget", in: bytes) { hasThinkingBudget = true }
        case .responseFormat:
            JSONWalk.forEachChild(bytes, member.value) {
                if $0.isNamed("type", in: bytes), $0.isString("json_schema", in: bytes) { request.forbidsClamp = true }
            }
        case .schema:
            if isSet(member) { request.forbidsClamp = true }
        case .echo: request.echoesPrompt = isSet(member) && request.endpoint != .embeddings
        case .keptInput:
            if isSet(member) { request.hasExternalInput = true }
        case .costBearing:
            if isSet(member) { noteCost(member) }
        case .serviceTier:
            if isSet(member), !member.isString("auto", in: bytes), !member.isString("default", in: bytes) {
                noteCost(member)
            }
        case .speed:
            if isSet(member), !member.isString("standard", in: bytes) { noteCost(member) }
        case .modalities:
            var isTextOnly = member.kind == .array || !isSet(member)
            JSONWalk.forEachChild(bytes, member.value) { if !$0.isString("text", in: bytes) { isTextOnly = false } }
            if !isTextOnly { noteCost(member) }
        }
    }

    /// `{"type":"enabled","budget_tokens":1024}`, or less of it.
    private mutating func readThinking(_ member: JSONMember) throws(OpenAIRequestError) {
        guard isSet(member) else { return }
        request.forbidsClamp = true
        var isDisabled = false
        JSONWalk.forEachChild(bytes, member.value) {
            if $0.isNamed("type", in: bytes) { isDisabled = $0.isString("disabled", in: bytes) }
        }
        let hasBudget = try budget(of: member, "thinking", "budget_tokens")
        if !hasBudget, !isDisabled, request.endpoint != .embeddings { request.thinksWithoutBudget = true }
    }

    /// Notes the budget that a member of `object` states.
    /// - Returns: whether there is one.
    private mutating func budget(
        of object: JSONMember,
        _ outer: String,
        _ name: String
    ) throws(OpenAIRequestError) -> Bool {
        var found: JSONMember?
        var refusal: OpenAIRequestError?
        JSONWalk.forEachChild(bytes, object.value) {
            if JSONString.text(bytes, $0.name, hasEscapes: $0.nameHasEscapes) == name {
                found = $0
            } else {
                refusal = refusal ?? otherCase($0, of: outer, name, "type")
            }
        }
        if let refusal { throw refusal }
        return try found.map { member throws(OpenAIRequestError) in
            try noteBudget(member, as: "\(outer).\(name)")
        } ?? false
    }

    private mutating func noteBudget(
        _ member: JSONMember,
        as name: String? = nil
    ) throws(OpenAIRequestError) -> Bool {
        guard request.endpoint != .embeddings,
            let tokens = try integer(member, in: 0...OpenAIRequest.largestOutputLimit, as: name)
        else { return false }
        request.thinkingTokens = max(request.thinkingTokens, tokens)
        return true
    }

    private func limitName(of member: JSONMember) -> OutputLimitName? {
        if member.isNamed("max_tokens", in: bytes) { return .maxTokens }
        return member.isNamed("max_completion_tokens", in: bytes) ? .maxCompletionTokens : nil
    }

    private mutating func readModel(_ member: JSONMember) throws(OpenAIRequestError) {
        // An escape is six bytes for one at most.
        guard member.kind == .string, member.value.count <= 6 * OpenAIRequest.longestModelNameBytes + 2,
            let model = member.text(in: bytes), !model.isEmpty,
            model.utf8.count <= OpenAIRequest.longestModelNameBytes,
            model.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        else {
            throw OpenAIRequestError(
                message:
                    "'model' must be a string of 1 to \(OpenAIRequest.longestModelNameBytes) bytes without control characters.",
                param: "model",
                code: member.kind == .string ? "invalid_value" : "invalid_type"
            )
        }
        hasModel = true
        request.model = model
        request.modelValue = member.value
    }

    private mutating func readStreamOptions(_ member: JSONMember) throws(OpenAIRequestError) {
        switch member.kind {
        case .null: request.streamOptions = .null(member.value)
        case .object:
            var isEmpty = true
            var option: JSONMember?
            var refusal: OpenAIRequestError?
            JSONWalk.forEachChild(bytes, member.value) {
                isEmpty = false
                if $0.isNamed("include_usage", in: bytes) {
                    option = $0
                } else {
                    refusal = refusal ?? otherCase($0, of: "stream_options", "include_usage")
                }
            }
            if let refusal { throw refusal }
            if let option {
                guard option.kind == .bool || option.kind == .null else {
                    throw OpenAIRequestError(
                        message: "'stream_options.include_usage' must be true or false.",
                        param: "stream_options.include_usage",
                        code: "invalid_type"
                    )
                }
                request.asksForUsage = option.bool(in: bytes) ?? false
            }
            request.streamOptions = .object(member.value, isEmpty: isEmpty, includeUsage: option?.value)
        default:
            throw OpenAIRequestError(
                message: "'stream_options' must be an object.",
                param: "stream_options",
                code: "invalid_type"
            )
        }
    }

    /// Each string or token array is a prompt; an array of token ids is one.
    private mutating func countPrompts(_ member: JSONMember) throws(OpenAIRequestError) {
        guard member.kind == .array else { return }
        var count: Int64 = 0
        JSONWalk.forEachChild(bytes, member.value) { if $0.kind != .number { count += 1 } }
        guard count <= OpenAIRequest.largestPromptCount else {
            let name = request.endpoint == .embeddings ? "input" : "prompt"
            throw OpenAIRequestError(
                message: "'\(name)' may hold at most \(OpenAIRequest.largestPromptCount) elements.",
                param: name,
                code: "invalid_value"
            )
        }
        request.promptCount = max(1, count)
    }

    private mutating func readTools(_ member: JSONMember) throws(OpenAIRequestError) {
        var isOurs = member.kind == .array || !isSet(member)
        var refusal: OpenAIRequestError?
        JSONWalk.forEachChild(bytes, member.value) { tool in
            var isLocal = false
            var hasType = false
            JSONWalk.forEachChild(bytes, tool.value) {
                if $0.isNamed("type", in: bytes) {
                    hasType = true
                    isLocal = $0.isString("function", in: bytes) || $0.isString("custom", in: bytes)
                } else if $0.isNamed("function", in: bytes) {
                    if !hasType { isLocal = true }
                } else {
                    refusal = refusal ?? otherCase($0, of: "tools", "type", "function")
                }
            }
            if !isLocal { isOurs = false }
        }
        if let refusal { throw refusal }
        if !isOurs { noteCost(member) }
    }

    /// The refusal of an inner member that is one of `names` but for its case.
    private func otherCase(_ member: JSONMember, of outer: String, _ names: String...) -> OpenAIRequestError? {
        guard let folded = folded(member), names.contains(where: { folded.elementsEqual($0.utf8) }) else { return nil }
        return Self.otherCase("\(outer).\(member.nameText(in: bytes))", folded)
    }

    private mutating func noteCost(_ member: JSONMember) { request.costBearing.append(member.nameText(in: bytes)) }

    /// Neither null nor false.
    private func isSet(_ member: JSONMember) -> Bool { member.kind != .null && member.bool(in: bytes) != false }

    private func bool(_ member: JSONMember) throws(OpenAIRequestError) -> Bool {
        if member.kind == .null { return false }
        guard let value = member.bool(in: bytes) else {
            let name = member.nameText(in: bytes)
            throw OpenAIRequestError(message: "'\(name)' must be true or false.", param: name, code: "invalid_type")
        }
        return value
    }

    private func integer(
        _ member: JSONMember,
        in allowed: ClosedRange<Int64>,
        as name: String? = nil
    ) throws(OpenAIRequestError) -> Int64? {
        if member.kind == .null { return nil }
        guard let value = member.integer(in: bytes), allowed.contains(value) else {
            let name = name ?? member.nameText(in: bytes)
            throw OpenAIRequestError(
                message: "'\(name)' must be an integer from \(allowed.lowerBound) to \(allowed.upperBound).",
                param: name,
                code: member.kind == .number ? "invalid_value" : "invalid_type"
            )
        }
        return value
    }

    /// A member's name in small letters; nil where it is written so, or is longer than any of ours can be.
    private func folded(_ member: JSONMember) -> [UInt8]? {
        guard member.name.count <= 6 * Self.longestName else { return nil }
        return JSONName.folded(bytes, member.name, hasEscapes: member.nameHasEscapes)
    }

    /// Whether the upstream would read the other spelling is unknown: it is not let through, and not obeyed.
    private static func otherCase(_ name: String, _ folded: [UInt8]) -> OpenAIRequestError {
        OpenAIRequestError(
            message: "'\(name)' is not known; the name is written '\(String(decoding: folded, as: UTF8.self))'.",
            param: name,
            code: "unknown_parameter"
        )
    }

    private func name(of member: JSONMember) -> Name? {
        if !member.nameHasEscapes { return Self.name(UnsafeRawBufferPointer(rebasing: bytes[member.name])) }
        // `max\u005ftokens` is `max_tokens`.
        guard member.name.count <= 6 * Self.longestName else { return nil }
        var plain: [UInt8] = []
        JSONString.unescape(bytes, member.name, into: &plain)
        return plain.withUnsafeBytes(Self.name)
    }

    private static let longestName = 22

    /// Looks at the length first: most members are none of ours.
    private static func name(_ text: UnsafeRawBufferPointer) -> Name? {
        guard let base = text.baseAddress else { return nil }
        func `is`(_ name: StaticString) -> Bool { Bytes.equal(base, 0, text.count, name) }
        switch text.count {
        case 1: return `is`("n") ? .choices : nil
        case 4: return `is`("echo") ? .echo : nil
        case 5:
            if `is`("model") { return .model }
            if `is`("tools") { return .tools }
            if `is`("input") { return .prompt }
            if `is`("audio") || `is`("route") { return .costBearing }
            return `is`("speed") ? .speed : nil
        case 6:
            if `is`("stream") { return .stream }
            if `is`("n_cmpl") { return .choices }
            if `is`("models") || `is`("preset") { return .costBearing }
            if `is`("images") { return .keptInput }
            return `is`("prompt") ? .prompt : nil
        case 7:
            if `is`("best_of") { return .choices }
            if `is`("plugins") { return .costBearing }
            if `is`("file_id") { return .keptInput }
            return `is`("grammar") ? .schema : nil
        case 8:
            if `is`("messages") { return .messages }
            if `is`("provider") || `is`("deferred") { return .costBearing }
            if `is`("file_ids") { return .keptInput }
            return `is`("thinking") ? .thinking : nil
        case 9:
            if `is`("n_predict") { return .outputLimit }
            if `is`("functions") { return .functions }
            if `is`("image_url") || `is`("thread_id") { return .keptInput }
            return `is`("reasoning") ? .reasoning : nil
        case 10:
            if `is`("max_tokens") { return .outputLimit }
            if `is`("modalities") { return .modalities }
            return `is`("prediction") || `is`("extra_body") ? .costBearing : nil
        case 11:
            if `is`("json_schema") { return .schema }
            if `is`("dataSources") || `is`("datasources") { return .keptInput }
            return `is`("guided_json") ? .schema : nil
        case 12:
            if `is`("data_sources") || `is`("conversation") { return .keptInput }
            return `is`("service_tier") ? .serviceTier : nil
        case 13:
            if `is`("chat_template") { return .keptInput }
            return `is`("enable_search") || `is`("cache_control") ? .costBearing : nil
        case 14: return `is`("stream_options") ? .streamOptions : nil
        case 15:
            if `is`("response_format") { return .responseFormat }
            if `is`("enable_thinking") { return .enableThinking }
            if `is`("conversation_id") { return .keptInput }
            return `is`("thinking_budget") ? .thinkingBudget : nil
        case 16:
            if `is`("vector_store_ids") { return .keptInput }
            return `is`("reasoning_effort") ? .reasoningEffort : nil
        case 17: return `is`("search_parameters") ? .costBearing : nil
        case 18: return `is`("web_search_options") ? .costBearing : nil
        case 20: return `is`("previous_response_id") ? .keptInput : nil
        case 21: return `is`("max_completion_tokens") ? .outputLimit : nil
        case 22: return `is`("thinking_budget_tokens") ? .thinkingBudget : nil
        default: return nil
        }
    }
}
