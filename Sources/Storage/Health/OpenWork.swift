import Domain

/// What of the books is not settled.
struct OpenWork: Sendable {
    private static let selectCalls =
        "SELECT COUNT(*), COUNT(CASE WHEN state = 3 THEN 1 END) FROM api_requests WHERE state IN (0, 3)"
    private static let selectQuarantine = "SELECT COUNT(*) FROM quarantine"

    /// Calls that run, as far as the books know.
    private(set) var open: Int64 = 0
    private(set) var uncertain: Int64 = 0
    private(set) var quarantined: Int64 = 0

    init(_ connection: any SQLConnection) throws {
        for (all, uncertain) in try connection.query(Self.selectCalls, row: { ($0.int64(0), $0.int64(1)) }) {
            open = all - uncertain
            self.uncertain = uncertain
        }
        quarantined = try connection.query(Self.selectQuarantine) { $0.int64(0) }.first ?? 0
    }
}
