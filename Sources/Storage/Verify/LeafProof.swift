import Crypto
import Domain

/// Proves that every closed call has the leaf of just this bill, and that there are no other leaves.
///
/// Calls come in the order of their ids and leaves in the order of their writing, and there are too many of either to be
/// kept. So each adds a keyed hash of (call, number, digest) to one of a few thousand sums, a leaf with the other sign:
/// sums that end at zero are proven, and only what fell into the others is read again and compared one by one. The key is
/// new in each run, so that nobody can prepare a row whose hash makes up for another's.
struct LeafProof {
    private static let partitions = 4_096
    /// Partitions that are compared one by one at a time.
    private static let partitionsAtOnce = 64
    private static let mostInRow: Int64 = 1_000_000

    private var sums = [UInt64](repeating: 0, count: partitions)
    /// Their policy's leaf stays beside that of the correction.
    private var corrected: [CallID: VerifiedCall] = [:]

    mutating func expect(_ call: VerifiedCall) {
        sums[Self.partition(of: call.bill.id)] &+= Self.mix(
            call.bill.id,
            call.leafNumber ?? -1,
            Array(call.bill.digest)
        )
        if call.isCorrected { corrected[call.bill.id] = call }
    }

    private static func partition(of id: CallID) -> Int { Int(truncatingIfNeeded: id.low & UInt64(partitions - 1)) }

    private static func mix(_ id: CallID, _ number: Int64, _ digest: [UInt8]) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(id)
        hasher.combine(number)
        digest.withUnsafeBytes { hasher.combine(bytes: $0) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    // MARK: - Reading

    /// Reads all leaves, compares, and names what differs.
    mutating func compare(_ report: inout VerifyReport, _ connection: any SQLConnection) throws {
        var withoutPolicyLeaf = Set(corrected.keys)
        try Self.scan(connection, &report) { id, number, digest, writtenAt in
            if let call = corrected[id], isLeafOfPolicy(call, number, digest, writtenAt) {
                withoutPolicyLeaf.remove(id)
            } else {
                sums[Self.partition(of: id)] &-= Self.mix(id, number, digest)
            }
        }
        for id in withoutPolicyLeaf.sorted() {
            report.differ("call \(id): leaf of its policy", stored: "none", derived: "one")
        }
        let open = sums.indices.filter { sums[$0] != 0 }
        for start in stride(from: 0, to: open.count, by: Self.partitionsAtOnce) where !report.isCut {
            let some = Set(open[start..<min(open.count, start + Self.partitionsAtOnce)])
            try name(some, &report, connection)
        }
    }

    /// - Parameter found: call, number, digest, and when the leaf was written.
    private static func scan(
        _ connection: any SQLConnection,
        _ report: inout VerifyReport,
        found: (CallID, Int64, [UInt8], Instant) -> Void
    ) throws {
        let rows = try connection.prepare(
            "SELECT replica_id, number, count, kind, data, created_at FROM audit_leaves ORDER BY replica_id, number"
        )
        defer { rows.reset() }
        var replica = Int64.min
        var next: Int64 = 0
        while try rows.step() {
            if rows.int64(0) != replica { (replica, next) = (rows.int64(0), 0) }
            let (number, count, isAct) = (rows.int64(1), rows.int64(2), rows.int64(3) == 2)
            if number != next { report.differ("leaves of replica \(replica)", stored: number, derived: next) }
            guard (1...mostInRow).contains(count), (0...(Int64.max - mostInRow)).contains(number), !isAct || count == 1
            else {
                report.differ("leaf \(replica)/\(number): count", stored: count, derived: "what its row can hold")
                next = number &+ 1
                continue
            }
            next = number + count
            if isAct { continue }
            let data = rows.blob(4)
            guard data.count == Int(count) * AuditLeaves.billBytes else {
                report.differ(
                    "leaf \(replica)/\(number): bytes",
                    stored: data.count,
                    derived: Int(count) * AuditLeaves.billBytes
                )
                continue
            }
            for index in 0..<Int(count) {
                let start = index * AuditLeaves.billBytes
                let id = data[start..<(start + 16)].withUnsafeBytes { CallID(bytes: $0) }
                guard let id else { continue }
                found(
                    id,
                    number + Int64(index),
                    Array(data[(start + 16)..<(start + AuditLeaves.billBytes)]),
                    rows.instant(5)
                )
            }
        }
    }

    /// Whether a leaf of a corrected call is the one that its policy wrote.
    private func isLeafOfPolicy(_ call: VerifiedCall, _ number: Int64, _ digest: [UInt8], _ writtenAt: Instant) -> Bool
    {
        if number == call.leafNumber, digest == Array(call.bill.digest) { return false }
        var bill = call.bill
        bill.usage = Usage()
        bill.correction = .zero
        bill.cost = .zero
        bill.excess = .zero
        bill.statusCode = 0
        bill.durationMilliseconds = 0
        bill.firstByteMilliseconds = nil
        // Its booking and its end are one instant.
        bill.endedAt = writtenAt
        for flags in [BillFlags.chargedByPolicy, [.chargedByPolicy, .estimated]] {
            bill.flags = flags
            for state in [CallState.captured, .voided] {
                bill.state = state
                if digest == Array(bill.digest) { return true }
            }
        }
        return false
    }

    // MARK: - Naming

    private struct Leaf {
        let number: Int64
        let digest: [UInt8]
    }

    private func name(_ partitions: Set<Int>, _ report: inout VerifyReport, _ connection: any SQLConnection) throws {
        var leaves: [CallID: [Leaf]] = [:]
        // What is wrong with the rows themselves was said before.
        var ignored = VerifyReport()
        try Self.scan(connection, &ignored) { id, number, digest, writtenAt in
            guard partitions.contains(Self.partition(of: id)) else { return }
            if let call = corrected[id], isLeafOfPolicy(call, number, digest, writtenAt) { return }
            leaves[id, default: []].append(Leaf(number: number, digest: digest))
        }
        let rows = try connection.prepare(
            "SELECT \(VerifiedCall.columns) FROM api_requests WHERE state BETWEEN 1 AND 2 ORDER BY id"
        )
        defer { rows.reset() }
        while try rows.step(), !report.isCut {
            guard let id = rows.callID(0), partitions.contains(Self.partition(of: id)),
                let call = corrected[id] ?? VerifiedCall(rows)
            else { continue }
            compare(call, leaves.removeValue(forKey: id) ?? [], &report)
        }
        for id in leaves.keys.sorted() {
            report.differ("leaf of call \(id)", stored: "a bill", derived: "no closed call of this id")
        }
    }

    private func compare(_ call: VerifiedCall, _ leaves: [Leaf], _ report: inout VerifyReport) {
        let id = call.bill.id
        let number = call.leafNumber ?? -1
        let digest = Array(call.bill.digest)
        if leaves.isEmpty {
            report.differ("call \(id): leaf", stored: "none", derived: "one")
        } else if leaves.contains(where: { $0.number == number && $0.digest == digest }) {
            if leaves.count > 1 { report.differ("call \(id): leaves", stored: leaves.count, derived: 1) }
        } else if leaves.contains(where: { $0.number == number }) {
            report.differ("call \(id): leaf", stored: "another bill", derived: "this row")
        } else {
            report.differ("call \(id): leaf number", stored: number, derived: leaves[0].number)
        }
    }
}
