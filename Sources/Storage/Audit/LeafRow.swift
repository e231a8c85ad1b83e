import AuditLog
import Domain

/// A row of `audit_leaves`: leaves of neighbouring numbers of one replica.
struct LeafRow {
    static let columns = "number, count, kind, data, created_at"
    /// A row is written by one batch; more says that somebody else wrote it.
    private static let mostLeaves: Int64 = 1_000_000

    let number: Int64
    let createdAt: Instant
    let hashes: [TreeHash]
    /// Of bills, as many as hashes; none of an act.
    let calls: [CallID]

    var count: Int64 { Int64(hashes.count) }

    /// Nil for a row that holds other than it says.
    init?(_ row: any SQLStatement) {
        let (number, count) = (row.int64(0), row.int64(1))
        guard (1...Self.mostLeaves).contains(count), (0...(Int64.max - Self.mostLeaves)).contains(number) else {
            return nil
        }
        self.number = number
        createdAt = row.instant(4)
        let data = row.blob(3)
        switch AuditLeaves.Kind(rawValue: row.int64(2)) {
        case .act?:
            guard count == 1 else { return nil }
            hashes = [.leaf(data)]
            calls = []
        case .bills?:
            guard data.count == Int(count) * AuditLeaves.billBytes else { return nil }
            let starts = stride(from: 0, to: data.count, by: AuditLeaves.billBytes)
            // A bill's digest is its leaf's hash already.
            hashes = starts.compactMap { TreeHash(data[($0 + 16)..<($0 + AuditLeaves.billBytes)]) }
            calls = starts.compactMap { start in data[start..<(start + 16)].withUnsafeBytes { CallID(bytes: $0) } }
        case nil: return nil
        }
    }
}
