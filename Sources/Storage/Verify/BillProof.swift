import Domain

/// Computes every bill again: usage × the pinned price × multiplier, at most the hold; and what was held, from its parts.
struct BillProof {
    private let prices: [PriceVersionID: (modelID: ModelID, rates: Rates)]

    init(_ connection: any SQLConnection) throws {
        let rows = try connection.query("SELECT id, model_id, rates FROM price_versions") { row in
            (row.id(0, PriceVersionID.self), row.id(1, ModelID.self), RatesCoding.decode(row.text(2)))
        }
        prices = rows.reduce(into: [:]) { prices, row in
            if let rates = row.2 { prices[row.0] = (row.1, rates) }
        }
    }

    /// - Parameter refunded: of what the call was charged, not negative.
    func check(_ call: VerifiedCall, refunded: Int128, _ report: inout VerifyReport) {
        checkParts(call, &report)
        if !call.isOpen { checkCharge(call, refunded: refunded, &report) }
    }

    private func checkParts(_ call: VerifiedCall, _ report: inout VerifyReport) {
        let bill = call.bill
        // A call whose row was lost holds nothing: its parts say what was found.
        let whole = call.isOrphan ? bill.charge : bill.hold
        var sum: Int128 = 0
        for (index, part) in bill.parts.enumerated() {
            let isTwice = bill.parts[..<index].contains { $0.lane == part.lane }
            if case .grant = part.lane { sum += Int128(part.amount.picoDollars) }
            if isTwice || part.amount < .zero {
                report.differ(
                    "call \(bill.id): parts",
                    stored: LaneProof.name(part.lane),
                    derived: "once, not negative"
                )
            }
            if case .key = part.lane, part.amount != whole {
                report.differ(
                    "call \(bill.id): part of \(LaneProof.name(part.lane))",
                    stored: part.amount,
                    derived: whole
                )
            }
        }
        if sum != Int128(whole.picoDollars) {
            report.differ("call \(bill.id): parts", stored: VerifyReport.dollars(sum), derived: whole)
        }
    }

    private func checkCharge(_ call: VerifiedCall, refunded: Int128, _ report: inout VerifyReport) {
        let bill = call.bill
        let charge = Int128(bill.charge.picoDollars)
        guard let price = prices[bill.priceVersionID], price.modelID == bill.modelID else {
            return report.differ(
                "call \(bill.id): price",
                stored: bill.priceVersionID,
                derived: "a version of its model"
            )
        }
        let exact = Bill(
            usage: bill.usage,
            rates: price.rates,
            costRates: price.rates,
            multiplier: bill.multiplier,
            hold: bill.hold
        )
        let hold = Int128(bill.hold.picoDollars)
        var due: [Int128] =
            if bill.state == .voided {
                [0]
            } else if bill.flags.contains(.unknownOutput) {
                [0, hold]
            } else {
                [Int128(exact.charge.picoDollars)]
            }
        var paid = charge
        var mayBeLess = call.isOrphan
        if call.isByPolicy {
            if call.isCorrected {
                paid += Int128(bill.correction.picoDollars)
                // What was refunded before the correction came is not taken back again.
                mayBeLess = bill.flags.contains(.unfunded) || refunded > 0
            } else {
                let estimate =
                    (try? bill.multiplier.apply(to: Int128(max(.zero, bill.estimatedInputPrice).picoDollars)))
                due = [0, hold, min(hold, estimate.map { Int128($0.picoDollars) } ?? hold)]
            }
        }
        let agrees = due.contains(paid) || (mayBeLess && paid >= 0 && due.contains { paid < $0 })
        if !agrees {
            report.differ(
                "call \(bill.id): charge",
                stored: VerifyReport.dollars(paid),
                derived: due.map(VerifyReport.dollars).joined(separator: " or ")
            )
        }
        if !call.isByPolicy, !call.isOrphan, bill.state == .captured, bill.excess != exact.excess {
            report.differ("call \(bill.id): excess", stored: bill.excess, derived: exact.excess)
        }
    }
}
