import Domain

/// Adds every closed call up again, in each dimension, and compares with the roll-ups.
struct RollupProof {
    private struct Sums {
        var columns = [Int128](repeating: 0, count: RollupDelta.count)
        /// Calls of which only the roll-up knows whether their policy voided or charged them.
        var unknownVoids: Int128 = 0

        mutating func add(_ delta: RollupDelta) {
            for index in 0..<RollupDelta.count where delta[index] != 0 { columns[index] += Int128(delta[index]) }
        }
    }

    private var sums: [[Int64: Sums]] = Array(repeating: [:], count: Rollups.Dimension.allCases.count)

    mutating func add(_ call: VerifiedCall) {
        let bill = call.bill
        var delta: RollupDelta
        var unknownVoids: Int128 = 0
        if call.isByPolicy {
            delta = .resolved(state: call.isCorrected ? .captured : bill.state, charge: bill.charge)
            if call.isCorrected {
                unknownVoids = bill.charge == .zero ? 1 : 0
                delta.add(
                    .corrected(
                        usage: bill.usage,
                        correction: bill.correction,
                        cost: bill.cost,
                        excess: bill.excess,
                        statusCode: bill.statusCode,
                        durationMilliseconds: bill.durationMilliseconds
                    )
                )
            }
        } else {
            delta = .settled(
                state: bill.state,
                usage: bill.usage,
                charge: bill.charge,
                cost: bill.cost,
                excess: bill.excess,
                statusCode: bill.statusCode,
                durationMilliseconds: bill.durationMilliseconds
            )
        }
        for dimension in Rollups.Dimension.allCases {
            let id = dimension.id(bill)
            sums[Int(dimension.rawValue)][id, default: Sums()].add(delta)
            if unknownVoids > 0 { sums[Int(dimension.rawValue)][id]?.unknownVoids += unknownVoids }
        }
    }

    func compare(_ report: inout VerifyReport, _ connection: any SQLConnection) throws {
        // Summed in two halves, for SQLite's SUM fails on overflow.
        let halves = RollupDelta.Column.allCases.map { "SUM(\($0.name) / 1000000), SUM(\($0.name) % 1000000)" }
            .joined(separator: ", ")
        let rows = try connection.prepare(
            "SELECT dimension, dimension_id, MAX(is_saturated), \(halves) FROM usage_rollups GROUP BY dimension, dimension_id"
        )
        defer { rows.reset() }
        var seen = Array(repeating: Set<Int64>(), count: Rollups.Dimension.allCases.count)
        while try rows.step() {
            guard let dimension = Rollups.Dimension(rawValue: rows.int64(0)) else {
                report.differ("roll-ups", stored: "dimension \(rows.int64(0))", derived: "no such dimension")
                continue
            }
            let id = rows.int64(1)
            seen[Int(dimension.rawValue)].insert(id)
            let stored = (0..<RollupDelta.count).map {
                Int128(rows.int64(3 + 2 * $0)) * 1_000_000 + Int128(rows.int64(4 + 2 * $0))
            }
            compare(dimension, id, stored, isSaturated: rows.bool(2), &report)
        }
        let zeros = [Int128](repeating: 0, count: RollupDelta.count)
        for dimension in Rollups.Dimension.allCases {
            let index = Int(dimension.rawValue)
            for id in sums[index].keys.sorted() where !seen[index].contains(id) {
                compare(dimension, id, zeros, isSaturated: false, &report)
            }
        }
    }

    private func compare(
        _ dimension: Rollups.Dimension,
        _ id: Int64,
        _ stored: [Int128],
        isSaturated: Bool,
        _ report: inout VerifyReport
    ) {
        let due = sums[Int(dimension.rawValue)][id] ?? Sums()
        for column in RollupDelta.Column.allCases {
            let (have, want) = (stored[column.rawValue], due.columns[column.rawValue])
            if have == want { continue }
            if column == .voided, have > want, have <= want + due.unknownVoids { continue }
            // A sum that no longer fits its bucket stands still and says so; no smaller one does.
            if column.isMoney, isSaturated, want > Int128(RollupDelta.largest) { continue }
            report.differ(
                "roll-up \(dimension) \(id): \(column.name)",
                stored: column.isMoney ? VerifyReport.dollars(have) : have.description,
                derived: column.isMoney ? VerifyReport.dollars(want) : want.description
            )
        }
    }
}

extension Rollups.Dimension {
    fileprivate func id(_ bill: BillLeaf) -> Int64 {
        switch self {
        case .all: 0
        case .user: bill.userID.rawValue
        case .key: bill.keyID.rawValue
        case .model: bill.modelID.rawValue
        case .provider: bill.providerID.rawValue
        case .group: bill.groupID.rawValue
        }
    }
}
