import Domain

/// A call whose process died, or whose settlement cannot be booked: what closing it without one needs of its row.
struct OpenCall: Sendable {
    static let columns =
        "id, user_id, key_id, model_id, route_id, provider_id, price_version_id, endpoint, is_streamed, estimated_input_tokens, estimated_input_price, created_at, hold, output_limit"

    let call: CallIntent
    let hold: Money
    let outputLimit: Int64

    /// - Parameter row: ``columns``, in their order.
    init(_ row: any SQLStatement) throws {
        guard let id = row.callID(0) else { throw StorageError.unusable("the row of a call is damaged") }
        call = CallIntent(
            id: id,
            userID: row.id(1),
            keyID: row.id(2),
            modelID: row.id(3),
            routeID: row.id(4),
            providerID: row.id(5),
            priceVersionID: row.id(6),
            // Nothing of the closing depends on it, so a damaged one must not keep the hold.
            endpoint: Endpoint(rawValue: row.int64(7)) ?? .chatCompletions,
            isStreamed: row.bool(8),
            estimatedInputTokens: row.int64(9),
            estimatedInputPrice: row.money(10),
            startedAt: row.instant(11),
            clientAddress: "",
            userAgent: ""
        )
        hold = row.money(12)
        outputLimit = row.int64(13)
    }

    /// - Returns: nil unless the call is open or uncertain.
    static func find(_ id: CallID, _ connection: any SQLConnection) throws -> OpenCall? {
        try connection.query(
            "SELECT \(columns) FROM api_requests WHERE id = ? AND state IN (0, 3)",
            SQLValue(id),
            row: OpenCall.init
        ).first
    }
}
