package import Domain

/// Derives every balance, bill and sum again from calls, entries and prices, as of one snapshot, beside a running server.
///
/// Proves: each bill = usage × its pinned price × multiplier, at most the hold, which is the sum of its parts; on each
/// grant and key limit `funded`, `held`, `captured` and `forfeited` follow from entries and calls and add up; roll-ups =
/// Σ of closed calls, in every dimension and column, and days and months of each zone = their quarters; each closed call has the leaf of just this bill, and there is no
/// other; nothing is held for a process that has ended. Memory grows with grants and with users, keys and models, not with
/// calls.
package enum LedgerVerifier {
    /// - Parameter progress: called every 100,000 calls with how many were read.
    package static func verify(
        _ database: any Database,
        progress: @escaping (Int) -> Void = { _ in }
    ) throws -> VerifyReport {
        try database.read { connection in
            var pass = try Pass(connection, progress: progress)
            try pass.readEntries()
            try pass.readCalls()
            return try pass.compare()
        }
    }

    private struct Pass {
        private let connection: any SQLConnection
        private let progress: (Int) -> Void
        private let bills: BillProof
        /// Replicas that have ended.
        private let ended: Set<ReplicaID>
        private let quarantined: Set<CallID>
        private var report = VerifyReport()
        private var lanes = LaneProof()
        private var rollups = RollupProof()
        private var leaves = LeafProof()

        init(_ connection: any SQLConnection, progress: @escaping (Int) -> Void) throws {
            self.connection = connection
            self.progress = progress
            bills = try BillProof(connection)
            ended = Set(try connection.query("SELECT id FROM replicas WHERE ended_at IS NOT NULL") { $0.id(0) })
            report.quarantined = try connection.query("SELECT call_id FROM quarantine ORDER BY id") { $0.callID(0) }
                .compactMap(\.self)
            quarantined = Set(report.quarantined)
        }

        mutating func readEntries() throws {
            let rows = try connection.prepare(
                "SELECT lane, lane_id, kind, SUM(amount / 1000000), SUM(amount % 1000000) FROM ledger_entries GROUP BY lane, lane_id, kind"
            )
            defer { rows.reset() }
            while try rows.step() {
                guard let lane = Lane(kind: rows.int64(0), id: rows.int64(1)),
                    let kind = EntryKind(rawValue: rows.int64(2))
                else {
                    report.differ("entries of \(rows.int64(1))", stored: rows.int64(2), derived: "a known kind")
                    continue
                }
                lanes.add(kind, Int128(rows.int64(3)) * 1_000_000 + Int128(rows.int64(4)), to: lane)
            }
        }

        /// Calls and their corrections, side by side in the order of the calls' ids.
        mutating func readCalls() throws {
            var corrections = try Corrections(connection)
            defer { corrections.end() }
            let rows = try connection.prepare("SELECT \(VerifiedCall.columns) FROM api_requests ORDER BY id")
            defer { rows.reset() }
            while try rows.step() {
                report.calls += 1
                if report.calls % 100_000 == 0 { progress(report.calls) }
                guard var call = VerifiedCall(rows) else {
                    report.differ("call row \(report.calls)", stored: "unreadable", derived: "a call")
                    continue
                }
                let id = call.bill.id
                for stray in try corrections.skip(to: id) {
                    report.differ("entry of call \(stray)", stored: "an entry", derived: "no such call")
                }
                let (correction, refunded) = try corrections.take(id)
                if correction != 0, !call.isCorrected {
                    report.differ("call \(id): correction", stored: VerifyReport.dollars(correction), derived: "none")
                }
                call.bill.correction = Money(picoDollars: Int64(clamping: correction))
                try check(call, paid: Int128(call.bill.charge.picoDollars) + correction - refunded, refunded: refunded)
            }
            for stray in try corrections.skip(to: nil) {
                report.differ("entry of call \(stray)", stored: "an entry", derived: "no such call")
            }
        }

        private mutating func check(_ call: VerifiedCall, paid: Int128, refunded: Int128) throws {
            let bill = call.bill
            if !call.isExact {
                report.differ("call \(bill.id): row", stored: "a value that no bill has", derived: "a bill")
            }
            bills.check(call, refunded: refunded, &report)
            if call.isOpen {
                report.noteOpen(bill.id)
                lanes.hold(bill.parts)
                if ended.contains(call.replica), !quarantined.contains(bill.id) {
                    report.differ("call \(bill.id): state", stored: "open", derived: "closed, as its process has ended")
                }
                return
            }
            if call.isByPolicy, !call.isCorrected { report.noteUncertain(bill.id) }
            report.charged += paid
            if paid < 0 {
                report.differ(
                    "call \(bill.id): net charge",
                    stored: VerifyReport.dollars(paid),
                    derived: "not negative"
                )
            }
            let left = lanes.capture(bill.charge, by: bill.parts)
            if left != 0 {
                report.differ(
                    "call \(bill.id): charge beyond its parts",
                    stored: VerifyReport.dollars(left),
                    derived: "0"
                )
            }
            try rollups.add(call, connection)
            leaves.expect(call)
        }

        mutating func compare() throws -> VerifyReport {
            try lanes.compare(&report, connection)
            try rollups.compare(&report, connection)
            try leaves.compare(&report, connection)
            return report
        }
    }
}
