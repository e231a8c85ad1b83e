import Dialects
import Domain

/// What the gateway knows of a call when it ends: the facts from which its bill follows.
struct BookingFacts {
    var reading: UsageReading?
    var rawUsage: [UInt8]?
    /// More output came than the usage was stated for.
    var isUsageBehind = false
    /// Events that carried output, and what the text in them is taken for.
    var contentEvents: Int64 = 0
    var contentTokens: Int64 = 0
    /// What of that text the client sent itself.
    var echoTokens: Int64 = 0
    var isClientGone = false
    var statusCode = 200
}

extension CallResult {
    /// The bill of a call, decided from facts alone.
    ///
    /// Reported usage is charged as reported, also zero. Where it is missing, the prompt's estimate and the counted
    /// output are charged and flagged, and so is output beyond the usage that came last; where a client's leaving hid the
    /// output, `policy` says what the unknown costs.
    /// The charge never passes the hold.
    static func booking(
        _ ending: CallMachine.Ending,
        facts: BookingFacts,
        call: CallIntent,
        hold: Hold,
        rates: Rates,
        costRates: Rates,
        policy: DisconnectPolicy,
        inputLimit: Int64,
        outputLimit: Int64,
        endedAt: Instant,
        durationMilliseconds: Int64,
        firstByteMilliseconds: Int64?
    ) -> CallResult {
        var usage = Usage()
        var flags = facts.isClientGone ? BillFlags.clientGone : .none
        let charge: Money
        let cost: Money
        var excess = Money.zero

        switch ending {
        case .void(let attempt):
            charge = .zero
            if attempt == .unknown {
                flags.insert(.unknownCost)
                usage.set(.input, to: call.estimatedInputTokens, .estimated)
                cost = Bill(usage: usage, rates: costRates, costRates: costRates, multiplier: .one, hold: .zero).cost
                usage = Usage()
            } else {
                cost = .zero
            }

        case .capture(let delivery):
            let reading = facts.reading
            if let reading {
                usage = reading.usage
                if !reading.isPlausible || usage.inputTokens > inputLimit || usage.outputTokens > outputLimit {
                    flags.insert(.implausibleUsage)
                }
            }
            if reading?.hasInput != true {
                flags.insert(.estimated)
                usage.set(.input, to: call.estimatedInputTokens, .estimated)
            }
            if call.endpoint != .embeddings, reading?.hasOutput != true || facts.isUsageBehind {
                flags.insert(.estimated)
                // An event carries at least a token as a rule.
                let counted = max(facts.contentEvents, facts.contentTokens - facts.echoTokens)
                let missing = counted - usage.outputTokens
                if missing >= 0 { usage.set(.output, to: usage[.output] + missing, .estimated) }
            }
            switch delivery {
            case .complete: break
            case .upstreamBroke: flags.insert(.upstreamBroken)
            case .clientGone: flags.insert(.clientGone)
            case .cutAtHold: flags.insert(.cutAtLimit)
            }
            if rates.lacksRate(for: usage) { flags.insert(.fallbackRate) }
            let bill = Bill(
                usage: usage,
                rates: rates,
                costRates: costRates,
                multiplier: hold.multiplier,
                hold: hold.amount
            )
            cost = bill.cost
            excess = bill.excess
            // Usage that states no output leaves it as unknown as no usage; embeddings have none.
            let isOutputKnown =
                !facts.isUsageBehind && (call.endpoint == .embeddings ? reading != nil : reading?.hasOutput == true)
            if !isOutputKnown, delivery == .clientGone, policy != .estimate {
                charge = policy == .chargeHold ? hold.amount : .zero
                flags.insert(.unknownOutput)
            } else {
                charge = bill.charge
            }
            if excess > .zero { flags.insert(.exceededHold) }
        }
        return CallResult(
            outcome: { if case .capture = ending { .captured } else { .voided } }(),
            usage: usage,
            charge: charge,
            cost: cost,
            excess: excess,
            flags: flags,
            statusCode: facts.statusCode,
            endedAt: endedAt,
            durationMilliseconds: durationMilliseconds,
            firstByteMilliseconds: firstByteMilliseconds,
            rawUsage: facts.rawUsage
        )
    }
}

extension Rates {
    /// Some class of `usage` has tokens but no price of its own.
    func lacksRate(for usage: Usage) -> Bool {
        TokenClass.allCases.contains { usage[$0] > 0 && self[$0] == nil }
    }
}
