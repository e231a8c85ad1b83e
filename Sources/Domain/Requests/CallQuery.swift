/// Some of the calls, newest first, from a place in the order of their ids.
package struct CallQuery: Hashable, Sendable {
    package var cursor: SliceCursor<CallID>?
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
