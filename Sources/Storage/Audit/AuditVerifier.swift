package import AuditLog
package import Domain

/// Proves from the rows alone that the audit log is what was signed, as of one snapshot, beside a running server or offline.
///
/// Each bill is digested again from its call's row, and has just one leaf; each log's tree is built again from the leaves in
/// their places and compared with its tiles, its checkpoints, and those from outside. What has no place yet is listed, and is
/// an error where a signer that ran would have given it one.
package struct AuditVerifier {
    /// How long a leaf may wait for its place while a signer runs.
    private static let lagMicroseconds: Int64 = 60_000_000

    /// Checkpoints from outside of the database, and where they are from.
    package let external: [(source: String, note: SignedNote)]
    /// Who must have signed; nil: the key that the database names, which whoever rewrites it can change.
    package let key: VerifierKey?
    /// When it is checked; nil where no server runs, so that leaves may wait for the next.
    package let servedAt: Instant?

    package init(external: [(source: String, note: SignedNote)], key: VerifierKey?, servedAt: Instant?) {
        self.external = external
        self.key = key
        self.servedAt = servedAt
    }

    /// - Parameter progress: called every 10,000 rows with how many bills and leaves were read.
    package func verify(_ database: any Database, progress: (Int) -> Void = { _ in }) throws -> AuditReport {
        try database.read { connection in
            var pass = Pass(verifier: self, connection: connection)
            try pass.readBills(progress)
            try pass.readTrees(progress)
            try pass.readUnsequenced()
            return pass.report
        }
    }

    private struct Pass {
        let verifier: AuditVerifier
        let connection: any SQLConnection
        var report = AuditReport()
        private var read = 0
        /// Of each replica the number behind its last leaf that has a place, and the tree of that.
        private var ends: [ReplicaID: (number: Int64, tree: Int64)] = [:]
        private var trees: [AuditTree] = []

        init(verifier: AuditVerifier, connection: any SQLConnection) {
            self.verifier = verifier
            self.connection = connection
        }

        // MARK: - Bills

        mutating func readBills(_ progress: (Int) -> Void) throws {
            var corrections = try Corrections(connection)
            defer { corrections.end() }
            var proof = LeafProof()
            let rows = try connection.prepare("SELECT \(VerifiedCall.columns) FROM api_requests ORDER BY id")
            defer { rows.reset() }
            while try rows.step() {
                count(progress)
                guard var call = VerifiedCall(rows) else {
                    let id = rows.callID(0).map(\.description) ?? "of no id"
                    report.findings.differ("call \(id): row", stored: "unreadable", derived: "a call")
                    continue
                }
                let id = call.bill.id
                _ = try corrections.skip(to: id)
                let (correction, _) = try corrections.take(id)
                if !call.isExact {
                    report.findings.differ("call \(id): row", stored: "a value that no bill has", derived: "a bill")
                }
                if call.isOpen { continue }
                report.bills += 1
                call.bill.correction = Money(picoDollars: Int64(clamping: correction))
                proof.expect(call)
            }
            try proof.compare(&report.findings, connection)
        }

        private mutating func count(_ progress: (Int) -> Void) {
            read += 1
            if read % 10_000 == 0 { progress(read) }
        }

        // MARK: - Trees

        mutating func readTrees(_ progress: (Int) -> Void) throws {
            trees = try AuditTree.all(connection)
            var signed: [String: [UInt64: Set<TreeWalk.Signed>]] = [:]
            for tree in trees {
                for note in try tree.notes(connection) {
                    guard let note = SignedNote(parsing: note) else {
                        report.findings.differ("log \(tree.origin)", stored: "no note", derived: "a checkpoint")
                        continue
                    }
                    take(note, from: "checkpoint", &signed)
                }
                if let key = verifier.key, key.named(tree.origin).description != tree.verifierKey {
                    report.findings.differ(
                        "log \(tree.origin): key",
                        stored: tree.verifierKey,
                        derived: key.named(tree.origin)
                    )
                }
            }
            for (source, note) in verifier.external where take(note, from: source, &signed) {
                report.externalCheckpoints += 1
            }
            for (position, tree) in trees.enumerated() {
                try walk(tree, position: position, signed: signed[tree.origin] ?? [:], progress)
            }
        }

        /// - Returns: true for a checkpoint of a log that is here, signed by who must have signed it.
        @discardableResult
        private mutating func take(
            _ note: SignedNote,
            from source: String,
            _ signed: inout [String: [UInt64: Set<TreeWalk.Signed>]]
        ) -> Bool {
            guard let checkpoint = Checkpoint(text: note.text) else {
                report.findings.differ(source, stored: "another note", derived: "a checkpoint")
                return false
            }
            let origin = checkpoint.origin
            guard let tree = trees.first(where: { $0.origin == origin }) else {
                // A restore that was acknowledged named the log that it broke off.
                if !trees.contains(where: { $0.replaces == origin }) {
                    report.findings.differ("\(source) of \(origin)", stored: "a log", derived: "no such log here")
                }
                return false
            }
            let key = verifier.key?.named(origin) ?? VerifierKey(parsing: tree.verifierKey)
            guard let key, note.isSigned(by: key) else {
                report.findings.differ(
                    "\(source) of \(origin) at \(checkpoint.size) leaves",
                    stored: "signed by another key",
                    derived: key.map(\.description) ?? "a key"
                )
                return false
            }
            // What a restore lost, the next log's first leaves name.
            if let next = trees.first(where: { $0.id > tree.id && $0.replaces == origin }), source != "checkpoint",
                checkpoint.size > tree.size
            {
                report.broken.append("\(origin): \(checkpoint.size - tree.size) leaves lost, as \(next.origin) says")
                return true
            }
            signed[origin, default: [:]][checkpoint.size, default: []].insert(
                .init(root: checkpoint.root, source: source)
            )
            return true
        }

        private mutating func walk(
            _ tree: AuditTree,
            position: Int,
            signed: [UInt64: Set<TreeWalk.Signed>],
            _ progress: (Int) -> Void
        ) throws {
            var walk = TreeWalk(tree, signed: signed, &report)
            var isAcknowledged = false
            let rows = try connection.prepare(
                "SELECT first_index, replica_id, first_number, count FROM audit_segments WHERE tree_id = ? ORDER BY first_index"
            )
            defer { rows.reset() }
            rows.bind(tree.id, at: 1)
            while try rows.step() {
                let (replica, first, count) = (ReplicaID(rows.int64(1)), rows.int64(2), rows.int64(3))
                let name = "segment \(rows.int64(0)) of \(tree.origin)"
                if rows.int64(0) != Int64(clamping: walk.size) {
                    report.findings.differ(name, stored: rows.int64(0), derived: walk.size)
                }
                guard (1...1_000_000).contains(count), (0...(Int64.max - 1_000_000)).contains(first) else {
                    report.findings.differ(name, stored: "\(count) leaves from \(first)", derived: "what a batch has")
                    continue
                }
                let end = ends[replica]
                let mayBeginLater = position > 0 && end.map { $0.tree != tree.id } ?? false
                let expected = end?.number ?? 0
                if mayBeginLater ? first < expected : first != expected {
                    report.findings.differ("\(name): leaves of replica \(replica)", stored: first, derived: expected)
                }
                ends[replica] = (first + count, tree.id)
                try read(first..<(first + count), of: replica, into: &walk, &isAcknowledged, progress)
            }
            try walk.end(&report, connection)
            if position > 0, !isAcknowledged {
                report.findings.differ("log \(tree.origin)", stored: "a new log", derived: "a leaf that says why")
            }
            report.logs.append(
                .init(
                    origin: tree.origin,
                    verifierKey: tree.verifierKey,
                    size: walk.size,
                    root: walk.root.description
                )
            )
        }

        private mutating func read(
            _ numbers: Range<Int64>,
            of replica: ReplicaID,
            into walk: inout TreeWalk,
            _ isAcknowledged: inout Bool,
            _ progress: (Int) -> Void
        ) throws {
            let rows = try connection.prepare(
                "SELECT \(LeafRow.columns) FROM audit_leaves WHERE replica_id = ? AND number >= ? AND number < ? ORDER BY number"
            )
            defer { rows.reset() }
            rows.bind(replica.rawValue, at: 1)
            rows.bind(numbers.lowerBound, at: 2)
            rows.bind(numbers.upperBound, at: 3)
            var next = numbers.lowerBound
            while try rows.step() {
                guard let row = LeafRow(rows), row.number >= next, row.number + row.count <= numbers.upperBound else {
                    report.findings.differ(
                        "leaf \(replica)/\(rows.int64(0))",
                        stored: "another row",
                        derived: "what its segment has"
                    )
                    continue
                }
                try miss(next..<row.number, of: replica, into: &walk)
                if !isAcknowledged, row.calls.isEmpty {
                    isAcknowledged = rows.bytes(3) { RestoreAct.isNaming(walk.tree, $0) }
                }
                for (offset, hash) in row.hashes.enumerated() {
                    count(progress)
                    let number = row.number + Int64(offset)
                    try walk.append(hash, replica: replica, number: number, &report, connection)
                }
                next = row.number + row.count
            }
            try miss(next..<numbers.upperBound, of: replica, into: &walk)
        }

        /// Leaves that are gone; the others keep their places, so that only these differ.
        private mutating func miss(_ numbers: Range<Int64>, of replica: ReplicaID, into walk: inout TreeWalk) throws {
            guard !numbers.isEmpty else { return }
            report.findings.differ(
                "leaf \(replica)/\(numbers.lowerBound)",
                stored: "none",
                derived: numbers.count == 1 ? "a leaf" : "\(numbers.count) leaves"
            )
            for number in numbers {
                try walk.append(.empty, replica: replica, number: number, &report, connection)
            }
        }

        // MARK: - What has no place yet

        mutating func readUnsequenced() throws {
            let replicas = try connection.query("SELECT DISTINCT replica_id FROM audit_leaves ORDER BY replica_id") {
                ReplicaID($0.int64(0))
            }
            var all =
                try connection.query(
                    "SELECT COALESCE(SUM(count), 0) FROM audit_leaves WHERE count BETWEEN 1 AND 1000000"
                ) { $0.int64(0) }.first ?? 0
            let caughtUp = trees.last?.caughtUpAt
            for replica in replicas {
                let rows = try connection.prepare(
                    "SELECT \(LeafRow.columns) FROM audit_leaves WHERE replica_id = ? AND number >= ? ORDER BY number"
                )
                defer { rows.reset() }
                rows.bind(replica.rawValue, at: 1)
                rows.bind(ends[replica]?.number ?? 0, at: 2)
                while try rows.step() {
                    // What is wrong with the row itself was said before.
                    guard let row = LeafRow(rows) else { continue }
                    all -= row.count
                    note(row, of: replica, caughtUp: caughtUp)
                }
            }
            for log in report.logs { all -= Int64(clamping: log.size) }
            if all > 0 {
                report.findings.differ("leaves outside of the log", stored: all, derived: 0)
            }
        }

        private mutating func note(_ row: LeafRow, of replica: ReplicaID, caughtUp: Instant?) {
            report.unsequencedCount += row.count
            let room = AuditReport.listLimit - report.unsequenced.count
            if row.calls.isEmpty, room > 0 {
                report.unsequenced.append(.init(call: nil, writtenAt: row.createdAt))
            }
            report.unsequenced += row.calls.prefix(max(0, room)).map { .init(call: $0, writtenAt: row.createdAt) }
            func isLate(at instant: Instant?) -> Bool {
                guard let instant else { return false }
                let (late, isBeyond) = instant.microseconds.subtractingReportingOverflow(AuditVerifier.lagMicroseconds)
                return !isBeyond && row.createdAt.microseconds < late
            }
            if isLate(at: caughtUp) || isLate(at: verifier.servedAt) {
                let what = row.calls.first.map { "bill of call \($0)" } ?? "act"
                let more = row.count > 1 ? " and \(row.count - 1) more" : ""
                report.findings.differ(
                    "leaf \(replica)/\(row.number), \(what)\(more)",
                    stored: "no place since \(row.createdAt)",
                    derived: "one within a minute"
                )
            }
        }
    }
}
