/// Something that a call was about, with its name of now.
package struct Named<Entity>: Hashable, Sendable {
    package let id: Identifier<Entity>
    /// Nil where the row is gone.
    package let name: String?

    package init(id: Identifier<Entity>, name: String?) {
        self.id = id
        self.name = name
    }
}

/// A call as the request log lists it.
package struct CallRecord: Hashable, Sendable {
    package let bill: BillReport
    /// By their address.
    package let user: Named<Entity.User>
    package let key: Named<Entity.APIKey>
    package let model: Named<Entity.Model>
    package let provider: Named<Entity.Provider>
    package let group: Named<Entity.ModelGroup>
    /// At the provider.
    package let cost: Money
    package let clientAddress: String
    package let userAgent: String
    package let clientRequestID: String?
    package let endedAt: Instant?

    package init(
        bill: BillReport,
        user: Named<Entity.User>,
        key: Named<Entity.APIKey>,
        model: Named<Entity.Model>,
        provider: Named<Entity.Provider>,
        group: Named<Entity.ModelGroup>,
        cost: Money,
        clientAddress: String,
        userAgent: String,
        clientRequestID: String?,
        endedAt: Instant?
    ) {
        self.bill = bill
        self.user = user
        self.key = key
        self.model = model
        self.provider = provider
        self.group = group
        self.cost = cost
        self.clientAddress = clientAddress
        self.userAgent = userAgent
        self.clientRequestID = clientRequestID
        self.endedAt = endedAt
    }
}

/// A call with all that explains its bill.
package struct CallDetail: Hashable, Sendable {
    package let call: CallRecord
    package let priceVersion: PriceVersionID
    package let upstreamModel: String?
    /// As the call was closed, before corrections and refunds.
    package let firstCharge: Money
    /// The provider's loss: what the charge would have been beyond the hold.
    package let excess: Money
    package let outputLimit: Int64
    package let estimatedInputTokens: Int64
    package let estimatedInputPrice: Money
    package let parts: [HoldPart]
    /// Corrections, refunds and what they moved on, oldest first.
    package let entries: [EntryRecord]
    /// As the upstream sent it; nil where it is not kept.
    package let rawUsage: String?
    /// Raw usage of that time is kept no longer.
    package let isRawUsageExpired: Bool

    package init(
        call: CallRecord,
        priceVersion: PriceVersionID,
        upstreamModel: String?,
        firstCharge: Money,
        excess: Money,
        outputLimit: Int64,
        estimatedInputTokens: Int64,
        estimatedInputPrice: Money,
        parts: [HoldPart],
        entries: [EntryRecord],
        rawUsage: String?,
        isRawUsageExpired: Bool
    ) {
        self.call = call
        self.priceVersion = priceVersion
        self.upstreamModel = upstreamModel
        self.firstCharge = firstCharge
        self.excess = excess
        self.outputLimit = outputLimit
        self.estimatedInputTokens = estimatedInputTokens
        self.estimatedInputPrice = estimatedInputPrice
        self.parts = parts
        self.entries = entries
        self.rawUsage = rawUsage
        self.isRawUsageExpired = isRawUsageExpired
    }
}

/// Where calls are read. A slice looks at a bounded number of rows, whatever is asked for.
package protocol CallLog: Sendable {
    func calls(_ query: CallQuery) async throws(DeskError) -> ListSlice<CallRecord, CallID>
    /// - Parameter owner: another user's is nil.
    func call(_ id: CallID, of owner: UserID?) async throws(DeskError) -> CallDetail?
    /// What began and ended since `mark`; where it is nil, nothing, but the mark of now. It costs the same however many calls
    /// there are.
    /// - Parameter choose: which of them are to be read whole; asked on a thread of the database's.
    func news(
        since mark: CallMark?,
        choosing choose: @escaping @Sendable ([CallGlance]) -> [CallID]
    ) async throws(DeskError) -> CallNews
    /// Notes that calls are taken out, as an audit leaf; before the first of them leaves.
    func noteExport(by actor: Actor) async throws(DeskError)
}
