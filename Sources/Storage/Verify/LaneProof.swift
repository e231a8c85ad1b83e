import Domain

/// Derives every pot of every grant and key limit again, from entries and calls.
struct LaneProof {
    private struct Pots {
        var funded: Int128 = 0
        var held: Int128 = 0
        var captured: Int128 = 0
        /// Forfeited, or still to be taken.
        var lost: Int128 = 0
    }

    private var pots: [Lane: Pots] = [:]

    mutating func add(_ kind: EntryKind, _ amount: Int128, to lane: Lane) {
        switch kind {
        case .opening, .topUp, .carryOver: pots[lane, default: Pots()].funded += amount
        case .correction, .refund: pots[lane, default: Pots()].captured += amount
        case .reduction, .expiry, .deactivation: pots[lane, default: Pots()].lost -= amount
        }
    }

    mutating func hold(_ parts: [HoldPart]) {
        for part in parts { pots[part.lane, default: Pots()].held += Int128(part.amount.picoDollars) }
    }

    /// Fills the grants' parts with the charge in their order; a key's bears all of it.
    /// - Returns: what of the charge no part could take.
    mutating func capture(_ charge: Money, by parts: [HoldPart]) -> Int128 {
        var left = Int128(charge.picoDollars)
        for part in parts {
            let amount = Int128(part.amount.picoDollars)
            switch part.lane {
            case .grant:
                let share = max(0, min(left, amount))
                left -= share
                pots[part.lane, default: Pots()].captured += share
            case .key: pots[part.lane, default: Pots()].captured += min(Int128(charge.picoDollars), amount)
            }
        }
        return left
    }

    /// Compares with the rows that hold the money. - Returns: how many grants and key limits there are.
    func compare(_ report: inout VerifyReport, _ connection: any SQLConnection) throws {
        var seen: Set<Lane> = []
        let columns = "funded, available, held, captured, forfeited, pending_clawback"
        for (table, key, kind) in [("quota_grants", "id", Int64(1)), ("api_key_limits", "key_id", 2)] {
            let rows = try connection.prepare("SELECT \(key), \(columns) FROM \(table) ORDER BY \(key)")
            defer { rows.reset() }
            while try rows.step() {
                let id = rows.int64(0)
                guard let lane = Lane(kind: kind, id: id) else { continue }
                seen.insert(lane)
                if kind == 1 { report.grants += 1 } else { report.keyLimits += 1 }
                compare(lane, (1...6).map { Int128(rows.int64($0)) }, &report)
            }
        }
        for lane in pots.keys where !seen.contains(lane) {
            report.differ(Self.name(lane), stored: "no such lane", derived: "entries or calls of it")
        }
    }

    private func compare(_ lane: Lane, _ stored: [Int128], _ report: inout VerifyReport) {
        let (funded, available, held, captured) = (stored[0], stored[1], stored[2], stored[3])
        let (forfeited, pending) = (stored[4], stored[5])
        let due = pots[lane] ?? Pots()
        for (what, have, want) in [
            ("funded", funded, available + held + captured + forfeited), ("funded by entries", funded, due.funded),
            ("held", held, due.held), ("captured", captured, due.captured),
            ("forfeited or pending", forfeited + pending, due.lost),
        ] where have != want {
            report.differ(
                "\(Self.name(lane)): \(what)",
                stored: VerifyReport.dollars(have),
                derived: VerifyReport.dollars(want)
            )
        }
        for (what, amount) in [
            ("available", available), ("held", held), ("captured", captured), ("forfeited", forfeited),
            ("pending_clawback", pending),
        ] where amount < 0 {
            report.differ("\(Self.name(lane)): \(what)", stored: VerifyReport.dollars(amount), derived: "not negative")
        }
        if pending > 0, available > 0 {
            report.differ(
                "\(Self.name(lane)): available",
                stored: VerifyReport.dollars(available),
                derived: "nothing while a clawback waits"
            )
        }
    }

    static func name(_ lane: Lane) -> String {
        switch lane {
        case .grant(let id): "grant \(id)"
        case .key(let id): "limit of key \(id)"
        }
    }
}
