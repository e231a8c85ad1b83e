@testable import Domain

/// A balance as tables show it, in pico-dollars: `available/held/captured`, then `/forfeited` and `/pending clawback` where
/// they are not zero.
func balance(_ text: String) -> Balance {
    let pots = text.split(separator: "/").map { Money(picoDollars: Int64($0) ?? -1) } + [.zero, .zero]
    let funded = pots[..<min(4, pots.count)].reduce(Money.zero) { $0.saturatingAdding($1) }
    return Balance(
        funded: funded,
        available: pots[0],
        held: pots[1],
        captured: pots[2],
        forfeited: pots[3],
        pendingClawback: pots[4]
    )
}

extension Balance {
    var pots: String {
        let all = [available, held, captured, forfeited, pendingClawback].map { String($0.picoDollars) }
        let shown = pendingClawback > .zero ? 5 : forfeited > .zero ? 4 : 3
        return all[..<shown].joined(separator: "/")
    }
}

extension Money {
    init(_ picoDollars: Int64) { self.init(picoDollars: picoDollars) }
}

extension Instant {
    init(_ microseconds: Int64) { self.init(microseconds: microseconds) }
}

/// A grant of user 1; `now` is 100 in all tables.
func grant(
    _ id: Int64,
    _ pots: String,
    quota: Int64 = 1,
    user: Int64 = 1,
    group: Int64 = 1,
    startsAt: Int64 = 0,
    endsAt: Int64? = nil,
    isActive: Bool = true
) -> Grant {
    Grant(
        id: GrantID(id),
        quotaID: QuotaID(quota),
        userID: UserID(user),
        groupID: ModelGroupID(group),
        ordinal: 1,
        startsAt: Instant(startsAt),
        endsAt: endsAt.map { Instant($0) },
        isActive: isActive,
        balance: balance(pots)
    )
}

func limit(_ key: Int64, _ pots: String) -> KeyLimit { KeyLimit(keyID: APIKeyID(key), balance: balance(pots)) }

func balances(_ grants: [Grant], keys: [KeyLimit] = []) throws -> Balances {
    var balances = Balances()
    for grant in grants { try balances.load(grant) }
    for key in keys { try balances.load(key) }
    return balances
}

func intent(_ number: UInt64 = 1, user: Int64 = 1, key: Int64 = 1, estimate: Int64 = 0, at: Int64 = 100) -> CallIntent {
    CallIntent(
        id: CallID(high: 0x7000, low: 0x8000_0000_0000_0000 | number),
        userID: UserID(user),
        keyID: APIKeyID(key),
        modelID: ModelID(1),
        routeID: RouteID(1),
        providerID: ProviderID(1),
        priceVersionID: PriceVersionID(1),
        endpoint: .chatCompletions,
        isStreamed: true,
        estimatedInputTokens: 0,
        estimatedInputPrice: Money(estimate),
        startedAt: Instant(at),
        clientAddress: "127.0.0.1",
        userAgent: "test"
    )
}

/// `fixed + perToken × limit`, to be lowered no further than `lowest`.
func candidate(_ group: Int64 = 1, fixed: Int64, perToken: Int64 = 0, limit: Int64 = 0, lowest: Int64? = nil)
    -> Candidate
{
    Candidate(
        groupID: ModelGroupID(group),
        multiplier: .one,
        quote: Quote(
            fixed: Money(fixed),
            perOutputToken: Money(perToken),
            outputLimit: limit,
            lowestOutputLimit: lowest ?? limit
        )
    )
}

func request(_ candidates: [Candidate], number: UInt64 = 1, hasSpendingLimit: Bool = false) -> AdmissionRequest {
    AdmissionRequest(call: intent(number), candidates: candidates, hasSpendingLimit: hasSpendingLimit)
}

/// Parts as tables show them: `1:30 2:20 key1:50`.
func parts(_ text: String) -> [HoldPart] {
    text.split(separator: " ").map { part in
        let pair = part.split(separator: ":")
        let amount = Money(Int64(pair[1]) ?? -1)
        if pair[0].hasPrefix("key") {
            return HoldPart(lane: .key(APIKeyID(Int64(pair[0].dropFirst(3)) ?? -1)), amount: amount)
        }
        return HoldPart(lane: .grant(GrantID(Int64(pair[0]) ?? -1)), amount: amount)
    }
}

func text(_ parts: [HoldPart]) -> String {
    parts.map { part in
        switch part.lane {
        case .grant(let id): "\(id):\(part.amount.picoDollars)"
        case .key(let id): "key\(id):\(part.amount.picoDollars)"
        }
    }
    .joined(separator: " ")
}

/// Entries as tables show them: `correction 1:-30, carryOver 2:30`.
func text(_ entries: [Entry]) -> String {
    entries.map { "\($0.kind) \(text([HoldPart(lane: $0.lane, amount: $0.amount)]))" }.joined(separator: ", ")
}

func row(
    _ holds: String,
    _ state: CallState = .open,
    flags: BillFlags = [],
    charge: Int64 = 0,
    correction: Int64 = 0,
    refunded: Int64 = 0,
    estimate: Int64 = 0,
    multiplier: Multiplier = .one
) -> LockedCall {
    LockedCall(
        id: intent().id,
        userID: UserID(1),
        groupID: ModelGroupID(1),
        multiplier: multiplier,
        estimatedInputPrice: Money(estimate),
        parts: parts(holds),
        state: state,
        flags: flags,
        charge: Money(charge),
        correction: Money(correction),
        refunded: Money(refunded)
    )
}

/// The settlement of a call held as `holds`; nil charge: voided.
func settlement(_ holds: String, charge: Int64?, excess: Int64 = 0) -> Settlement {
    let all = parts(holds)
    var amount = Money.zero
    for part in all {
        if case .grant = part.lane { amount = amount.saturatingAdding(part.amount) }
    }
    return Settlement(
        call: intent(),
        hold: Hold(
            groupID: ModelGroupID(1),
            multiplier: .one,
            amount: amount,
            outputLimit: 1,
            isClamped: false,
            parts: all
        ),
        result: CallResult(
            outcome: charge == nil ? .voided : .captured,
            usage: Usage(),
            charge: Money(charge ?? 0),
            cost: .zero,
            excess: Money(excess),
            flags: [],
            statusCode: 200,
            endedAt: Instant(100),
            durationMilliseconds: 1,
            firstByteMilliseconds: 1,
            rawUsage: nil
        )
    )
}
