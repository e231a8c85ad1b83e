/// What a user sees of quotas and bills.
package struct UsageReport: Hashable, Sendable {
    package let quotas: [QuotaStanding]
    package let totals: UsageTotals
    /// Newest first.
    package let recent: [BillReport]

    package init(quotas: [QuotaStanding], totals: UsageTotals, recent: [BillReport]) {
        self.quotas = quotas
        self.totals = totals
        self.recent = recent
    }
}

/// A quota as it stands: remaining = total − used − held, never negative.
package struct QuotaStanding: Hashable, Sendable {
    package let id: QuotaID
    package let name: String
    package let groupName: String
    package let total: Money
    package let used: Money
    package let held: Money
    package let remaining: Money
    package let expiresAt: Instant?
    package let isActive: Bool

    package init(
        id: QuotaID,
        name: String,
        groupName: String,
        total: Money,
        used: Money,
        held: Money,
        remaining: Money,
        expiresAt: Instant?,
        isActive: Bool
    ) {
        self.id = id
        self.name = name
        self.groupName = groupName
        self.total = total
        self.used = used
        self.held = held
        self.remaining = remaining
        self.expiresAt = expiresAt
        self.isActive = isActive
    }
}

/// Sums over all of a user's calls that have ended.
package struct UsageTotals: Hashable, Sendable {
    package let requests: Int64
    package let inputTokens: Int64
    package let outputTokens: Int64
    /// In pico-dollars; a sum of bills may leave `Int64`.
    package let charge: Int128

    package init(requests: Int64, inputTokens: Int64, outputTokens: Int64, charge: Int128) {
        self.requests = requests
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.charge = charge
    }
}

/// One call and its bill, with all that explains it.
package struct BillReport: Hashable, Sendable {
    package let id: CallID
    package let modelName: String
    package let groupName: String?
    package let endpoint: Endpoint?
    package let isStreamed: Bool
    package let state: CallState
    package let usage: Usage
    /// The price in force at the hold, with the group's multiplier: what the bill is computed from.
    package let rates: Rates?
    package let multiplier: Multiplier
    package let hold: Money
    package let charge: Money
    package let flags: BillFlags
    /// Zero while the call is open.
    package let statusCode: Int
    package let startedAt: Instant
    package let durationMilliseconds: Int64?
    package let firstByteMilliseconds: Int64?

    package init(
        id: CallID,
        modelName: String,
        groupName: String?,
        endpoint: Endpoint?,
        isStreamed: Bool,
        state: CallState,
        usage: Usage,
        rates: Rates?,
        multiplier: Multiplier,
        hold: Money,
        charge: Money,
        flags: BillFlags,
        statusCode: Int,
        startedAt: Instant,
        durationMilliseconds: Int64?,
        firstByteMilliseconds: Int64?
    ) {
        self.id = id
        self.modelName = modelName
        self.groupName = groupName
        self.endpoint = endpoint
        self.isStreamed = isStreamed
        self.state = state
        self.usage = usage
        self.rates = rates
        self.multiplier = multiplier
        self.hold = hold
        self.charge = charge
        self.flags = flags
        self.statusCode = statusCode
        self.startedAt = startedAt
        self.durationMilliseconds = durationMilliseconds
        self.firstByteMilliseconds = firstByteMilliseconds
    }
}

/// One line of a bill: count × price = amount, before the group's multiplier.
package struct BillLine: Hashable, Sendable {
    package let tokenClass: TokenClass
    package let count: Int64
    package let provenance: Provenance
    package let picosPerToken: Int64
    /// In pico-dollars.
    package let amount: Int128

    package init(tokenClass: TokenClass, count: Int64, provenance: Provenance, picosPerToken: Int64) {
        self.tokenClass = tokenClass
        self.count = count
        self.provenance = provenance
        self.picosPerToken = picosPerToken
        amount = Int128(count) * Int128(picosPerToken)
    }
}

extension BillReport {
    /// The classes that were used, in their fixed order; with the fee a call they add up to the list price.
    package var lines: [BillLine] {
        guard let rates else { return [] }
        return rates.lines(of: usage)
    }
}

extension Rates {
    /// What ``price(of:)`` adds up beside the fee, line by line.
    package func lines(of usage: Usage) -> [BillLine] {
        TokenClass.allCases.filter { usage[$0] != 0 }.map { tokenClass in
            BillLine(
                tokenClass: tokenClass,
                count: usage[tokenClass],
                provenance: usage.provenance(of: tokenClass),
                picosPerToken: effectiveRate(of: tokenClass)
            )
        }
    }
}

/// Where reports are read. Nothing here is on a call's path.
package protocol UsageReports: Sendable {
    /// - Parameters:
    ///   - limit: how many of the newest calls; those of `request` alone where it is given.
    /// - Throws: if the database cannot be asked now.
    func usage(of user: UserID, limit: Int, request: CallID?) async throws -> UsageReport
}
