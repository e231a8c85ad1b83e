import Domain

/// Records that could not be booked. Their calls keep what they hold; an operator decides.
enum QuarantineRows {
    private static let insert =
        "INSERT INTO quarantine (call_id, record, cause, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (call_id) DO NOTHING"

    /// Idempotent by call. An empty record stands for an open call that no policy could close.
    static func insert(
        _ id: CallID,
        record: [UInt8],
        cause: String,
        now: Instant,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(insert, SQLValue(id), .blob(record), .text(cause), SQLValue(now))
    }
}
