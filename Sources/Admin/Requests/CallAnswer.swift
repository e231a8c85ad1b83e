import Domain

/// Who reads calls: what a call cost at its provider is the operator's business.
enum CallReader: Hashable, Sendable {
    case auditor, owner
}

/// A call as the request log lists it.
struct CallAnswer: Encodable {
    let call: CallRecord
    let reader: CallReader

    static func shape(for reader: CallReader) -> Shape {
        .object(reader == .owner ? "OwnRequest" : "Request", members(for: reader))
    }

    static func members(for reader: CallReader) -> [(name: String, shape: Shape, isRequired: Bool)] {
        let all: [(String, Shape)] = [
            ("request_id", .callID), ("created_at", .instant), ("ended_at", .instant.nullable()), ("user", .id),
            ("user_email", .text.nullable()), ("key", .id), ("key_name", .text.nullable()), ("model", .id),
            ("model_name", .text.nullable()), ("model_group", .id), ("model_group_name", .text.nullable()),
            ("method", .text), ("endpoint", .text.nullable()), ("is_streamed", .flag),
            ("state", .choice(CallState.allCases.map(\.name))), ("status_code", .count), ("input_tokens", .count),
            ("output_tokens", .count),
            ("total_cost", .money.noted("What the user pays, after corrections and refunds.")),
            ("duration_ms", .count.nullable()), ("first_byte_ms", .count.nullable()),
            ("flags", .list(.choice(BillFlags.names.map(\.name)))), ("ip_address", .text), ("user_agent", .text),
            ("client_request_id", .text.nullable()),
        ]
        let operators: [(String, Shape)] = [
            ("provider", .id), ("provider_name", .text.nullable()), ("provider_cost", .money),
        ]
        return (reader == .owner ? all : all + operators).map { ($0.0, $0.1, true) }
    }

    enum CodingKeys: String, CodingKey {
        case user, key, model, provider, method, endpoint, state, flags
        case id = "request_id"
        case createdAt = "created_at"
        case endedAt = "ended_at"
        case userEmail = "user_email"
        case keyName = "key_name"
        case modelName = "model_name"
        case group = "model_group"
        case groupName = "model_group_name"
        case isStreamed = "is_streamed"
        case statusCode = "status_code"
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case totalCost = "total_cost"
        case duration = "duration_ms"
        case firstByte = "first_byte_ms"
        case address = "ip_address"
        case userAgent = "user_agent"
        case clientID = "client_request_id"
        case providerName = "provider_name"
        case providerCost = "provider_cost"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let bill = call.bill
        try container.encode(bill.id.description, forKey: .id)
        try container.encode(bill.startedAt.description, forKey: .createdAt)
        try container.encode(call.endedAt?.description, forKey: .endedAt)
        try container.encode(call.user.id.rawValue, forKey: .user)
        try container.encode(call.user.name, forKey: .userEmail)
        try container.encode(call.key.id.rawValue, forKey: .key)
        try container.encode(call.key.name, forKey: .keyName)
        try container.encode(call.model.id.rawValue, forKey: .model)
        try container.encode(call.model.name, forKey: .modelName)
        try container.encode(call.group.id.rawValue, forKey: .group)
        try container.encode(call.group.name, forKey: .groupName)
        try container.encode("POST", forKey: .method)
        try container.encode(bill.endpoint?.path, forKey: .endpoint)
        try container.encode(bill.isStreamed, forKey: .isStreamed)
        try container.encode(bill.state.name, forKey: .state)
        try container.encode(bill.statusCode, forKey: .statusCode)
        try container.encode(bill.usage.inputTokens, forKey: .inputTokens)
        try container.encode(bill.usage.outputTokens, forKey: .outputTokens)
        try container.encode(bill.charge.description, forKey: .totalCost)
        try container.encode(bill.durationMilliseconds, forKey: .duration)
        try container.encode(bill.firstByteMilliseconds, forKey: .firstByte)
        try container.encode(bill.flags.list, forKey: .flags)
        try container.encode(call.clientAddress, forKey: .address)
        try container.encode(call.userAgent, forKey: .userAgent)
        try container.encode(call.clientRequestID, forKey: .clientID)
        guard reader == .auditor else { return }
        try container.encode(call.provider.id.rawValue, forKey: .provider)
        try container.encode(call.provider.name, forKey: .providerName)
        try container.encode(call.cost.description, forKey: .providerCost)
    }
}
