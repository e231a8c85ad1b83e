import Domain

/// A call's row in the file of bodies.
struct BodyRow: Sendable {
    let capture: Capture
    let isStreamed: Bool
    let keyVersion: Int64
    let request: SealedBody
    let answer: SealedBody

    /// Where a call's bodies are sealed.
    static func places(_ id: CallID, key: Int64) -> (request: SecretPlace, answer: SecretPlace) {
        func place(_ column: String) -> SecretPlace {
            SecretPlace(table: "api_request_bodies", row: id.description, column: column, version: key)
        }
        return (place("request_data"), place("response_data"))
    }
}

/// The statements on the file of bodies.
enum BodyRows {
    private static let columns =
        "capture, is_streamed, key_version, request_data, request_bytes, request_kept, request_is_truncated, response_data, response_bytes, response_kept, response_is_truncated"

    static func insert(_ row: BodyRow, of id: CallID, _ connection: any SQLConnection) throws {
        let isNew = try connection.execute(
            "INSERT INTO api_request_bodies (call_id, \(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (call_id) DO NOTHING",
            SQLValue(id),
            .text(row.capture.rawValue),
            SQLValue(row.isStreamed),
            .integer(row.keyVersion),
            row.request.data.map { .blob($0) } ?? .null,
            .integer(row.request.wholeBytes),
            .integer(row.request.keptBytes),
            SQLValue(row.request.isTruncated),
            row.answer.data.map { .blob($0) } ?? .null,
            .integer(row.answer.wholeBytes),
            .integer(row.answer.keptBytes),
            SQLValue(row.answer.isTruncated)
        )
        guard isNew > 0 else { return }
        let bytes = (row.request.data?.count ?? 0) + (row.answer.data?.count ?? 0)
        try add(calls: 1, bytes: Int64(bytes), connection)
    }

    enum Finding: Sendable {
        case nothing
        case erased
        case kept(BodyRow)
    }

    static func find(_ id: CallID, _ connection: any SQLConnection) throws -> Finding {
        try connection.query(
            "SELECT \(columns), erased_at FROM api_request_bodies WHERE call_id = ?",
            SQLValue(id)
        ) { row -> Finding in
            guard row.isNull(11), let capture = Capture(rawValue: row.text(0)) else { return .erased }
            return .kept(
                BodyRow(
                    capture: capture,
                    isStreamed: row.bool(1),
                    keyVersion: row.int64(2),
                    request: body(row, from: 3),
                    answer: body(row, from: 7)
                )
            )
        }.first ?? .nothing
    }

    private static func body(_ row: any SQLStatement, from first: Int) -> SealedBody {
        SealedBody(
            data: row.isNull(first) ? nil : row.blob(first),
            wholeBytes: row.int64(first + 1),
            keptBytes: row.int64(first + 2),
            isTruncated: row.bool(first + 3)
        )
    }

    /// What is kept of a call, without reading it.
    static func capture(of id: CallID, _ connection: any SQLConnection) throws -> Capture? {
        try connection.query(
            "SELECT capture FROM api_request_bodies WHERE call_id = ? AND erased_at IS NULL",
            SQLValue(id)
        ) { Capture(rawValue: $0.text(0)) }.first ?? nil
    }

    /// Leaves a row that says so until its time is over.
    static func erase(_ id: CallID, now: Instant, _ connection: any SQLConnection) throws {
        let sizes = try connection.query(
            "SELECT \(storedBytes) FROM api_request_bodies WHERE call_id = ? AND erased_at IS NULL",
            SQLValue(id)
        ) { $0.int64(0) }
        guard let bytes = sizes.first else { return }
        try connection.execute(
            "UPDATE api_request_bodies SET request_data = NULL, response_data = NULL, erased_at = ? WHERE call_id = ?",
            SQLValue(now),
            SQLValue(id)
        )
        try add(calls: -1, bytes: -bytes, connection)
    }

    /// Deletes at most `most` rows of calls that began before `first`. - Returns: how many.
    static func expire(before first: CallID, most: Int64, _ connection: any SQLConnection) throws -> Int {
        let rows = try connection.query(
            "DELETE FROM api_request_bodies WHERE id IN (SELECT id FROM api_request_bodies WHERE call_id < ? ORDER BY call_id LIMIT ?) RETURNING \(storedBytes), erased_at IS NULL",
            SQLValue(first),
            .integer(most)
        ) { (bytes: $0.int64(0), isKept: $0.bool(1)) }
        let kept = rows.filter(\.isKept)
        try add(calls: -Int64(kept.count), bytes: -kept.reduce(0) { $0 + $1.bytes }, connection)
        return rows.count
    }

    static func sums(_ connection: any SQLConnection) throws -> (calls: Int64, bytes: Int64) {
        try connection.query("SELECT calls, bytes FROM body_sums") { ($0.int64(0), $0.int64(1)) }.first ?? (0, 0)
    }

    /// When the oldest call began that has a row.
    static func oldest(_ connection: any SQLConnection) throws -> Instant? {
        try connection.query("SELECT call_id FROM api_request_bodies ORDER BY call_id LIMIT 1") { $0.callID(0)?.time }
            .first ?? nil
    }

    private static let storedBytes = "COALESCE(length(request_data), 0) + COALESCE(length(response_data), 0)"

    private static func add(calls: Int64, bytes: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE body_sums SET calls = calls + ?, bytes = bytes + ?",
            .integer(calls),
            .integer(bytes)
        )
    }
}
