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

    private var sums: [[Int64: Sums]] = Array(repeating: [:], count: UsageDimension.allCases.count)

    private var cacheSavings = CacheSavings()
    private var flowMark = FlowMark()

    mutating func add(_ call: VerifiedCall, _ connection: any SQLConnection) throws {
        let bill = call.bill
        let savings = try cacheSavings.amount(
            state: bill.state,
            usage: bill.usage,
            price: bill.priceVersionID,
            multiplier: bill.multiplier,
            endedAt: bill.endedAt,
            connection
        )
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
                        cacheSavings: savings,
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
                cacheSavings: savings,
                statusCode: bill.statusCode,
                durationMilliseconds: bill.durationMilliseconds
            )
        }
        let countsFlow = try flowMark.counts(startedAt: bill.startedAt, connection)
        for dimension in UsageDimension.allCases where countsFlow || !dimension.isFlow {
            let id = dimension.id(
                user: bill.userID,
                key: bill.keyID,
                model: bill.modelID,
                provider: bill.providerID,
                group: bill.groupID,
                route: bill.routeID
            )
            sums[Int(dimension.rawValue)][id, default: Sums()].add(dimension.isFlow ? delta.ofFlow : delta)
            if unknownVoids > 0 { sums[Int(dimension.rawValue)][id]?.unknownVoids += unknownVoids }
        }
    }

    func compare(_ report: inout VerifyReport, _ connection: any SQLConnection) throws {
        let tiers = try RollupTiers(connection)
        let booked = try tiers.booked()
        for id in booked.keys.sorted() where UsageDimension(rawValue: id.dimension) == nil {
            report.differ("roll-ups", stored: "dimension \(id.dimension)", derived: "no such dimension")
        }
        for dimension in UsageDimension.allCases {
            let due = sums[Int(dimension.rawValue)]
            let ids = Set(due.keys).union(booked.keys.lazy.filter { $0.dimension == dimension.rawValue }.map(\.id))
            for id in ids.sorted() {
                let stored = booked[.init(dimension: dimension.rawValue, id: id)] ?? RollupTiers.Sums()
                compare(dimension, id, stored.figures, isSaturated: stored.isSaturated, &report)
            }
        }
        try tiers.compare(&report)
    }

    private func compare(
        _ dimension: UsageDimension,
        _ id: Int64,
        _ stored: [Int128],
        isSaturated: Bool,
        _ report: inout VerifyReport
    ) {
        let due = sums[Int(dimension.rawValue)][id] ?? Sums()
        for column in UsageFigure.allCases {
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
