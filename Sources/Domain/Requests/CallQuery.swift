/// Some of the calls, newest first, from a place in the order of their ids.
package struct CallQuery: Hashable, Sendable {
    /// From where a slice goes on.
    package enum Cursor: Hashable, Sendable {
        /// Calls older than this one.
        case before(CallID)
        /// Calls newer than this one.
        case after(CallID)
    }

    package var cursor: Cursor?
    package var limit = 50
    /// Began at or after this.
    package var from: Instant?
    /// Began before this.
    package var to: Instant?
    package var userID: UserID?
    package var keyID: APIKeyID?
    package var modelID: ModelID?
    package var providerID: ProviderID?
    package var groupID: ModelGroupID?
    package var state: CallState?
    package var statusCode: Int64?
    /// Charged at least this, as the call was closed.
    package var leastCharge: Money?
    package var mostCharge: Money?
    /// Has all of these.
    package var flags: BillFlags = []
    /// The beginning of a request id or of a client's own.
    package var search: String?

    package init() {}
}

/// A slice of calls, and where its neighbours begin.
package struct CallSlice: Sendable {
    /// Newest first.
    package let calls: [CallRecord]
    /// Nil at the end; there may be one though `calls` is short, where too much was passed over to find more.
    package let older: CallID?
    package let newer: CallID?
    /// Set where the search stopped for its bound and not for its end: calls that began after this were looked at.
    package let scannedThrough: Instant?

    package init(calls: [CallRecord], older: CallID?, newer: CallID?, scannedThrough: Instant?) {
        self.calls = calls
        self.older = older
        self.newer = newer
        self.scannedThrough = scannedThrough
    }
}
