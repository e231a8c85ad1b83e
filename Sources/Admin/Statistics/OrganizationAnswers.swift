import Domain
import Foundation

/// A page of buckets as OpenAI has them.
struct OrganizationPage<Item: Encodable & Sendable>: Encodable, Sendable {
    struct Bucket: Encodable, Sendable {
        let object = "bucket"
        let start: Int64
        let end: Int64
        let results: [Item]

        enum CodingKeys: String, CodingKey {
            case object, results
            case start = "start_time"
            case end = "end_time"
        }
    }

    let data: [Bucket]
    let next: Instant?

    enum CodingKeys: String, CodingKey {
        case object, data
        case hasMore = "has_more"
        case nextPage = "next_page"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("page", forKey: .object)
        try container.encode(data, forKey: .data)
        try container.encode(next != nil, forKey: .hasMore)
        try container.encode(next.map { "page_\($0.microseconds / 1_000_000)" }, forKey: .nextPage)
    }
}

/// Tokens of one group in one bucket. Cached input is part of the input there.
struct CompletionsResult: Encodable, Sendable {
    let sums: UsageSums
    var userID: String?
    var keyID: String?
    var model: String?

    enum CodingKeys: String, CodingKey {
        case object, model, batch
        case input = "input_tokens"
        case cached = "input_cached_tokens"
        case output = "output_tokens"
        case audioInput = "input_audio_tokens"
        case audioOutput = "output_audio_tokens"
        case requests = "num_model_requests"
        case projectID = "project_id"
        case userID = "user_id"
        case keyID = "api_key_id"
        case serviceTier = "service_tier"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("organization.usage.completions.result", forKey: .object)
        try container.encode(Int64(clamping: sums.inputTokens), forKey: .input)
        try container.encode(Int64(clamping: sums[.cacheReadTokens]), forKey: .cached)
        try container.encode(Int64(clamping: sums.outputTokens), forKey: .output)
        try container.encode(Int64(clamping: sums[.audioInputTokens]), forKey: .audioInput)
        try container.encode(Int64(clamping: sums[.audioOutputTokens]), forKey: .audioOutput)
        try container.encode(Int64(clamping: sums[.requests]), forKey: .requests)
        try container.encodeNil(forKey: .projectID)
        try container.encode(userID, forKey: .userID)
        try container.encode(keyID, forKey: .keyID)
        try container.encode(model, forKey: .model)
        try container.encodeNil(forKey: .batch)
        try container.encodeNil(forKey: .serviceTier)
    }
}

/// What was spent on one model, or on all, in one bucket.
struct CostsResult: Encodable, Sendable {
    struct Amount: Encodable, Sendable {
        let currency = "usd"
        /// A number, as there; exact all the same.
        let value: Decimal
    }

    let amount: Amount
    let lineItem: String?

    enum CodingKeys: String, CodingKey {
        case object, amount
        case lineItem = "line_item"
        case projectID = "project_id"
    }

    init(spend: Int128, lineItem: String?) {
        amount = Amount(value: Decimal(string: Money.text(spend)) ?? 0)
        self.lineItem = lineItem
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("organization.costs.result", forKey: .object)
        try container.encode(amount, forKey: .amount)
        try container.encode(lineItem, forKey: .lineItem)
        try container.encodeNil(forKey: .projectID)
    }
}
