/// Why a change by an administrator was refused; nothing has changed then.
package enum DeskError: Error, Hashable, Sendable {
    case notFound
    /// The actor's role is not enough for this row.
    case forbidden
    /// Another row has this value already.
    case taken(field: String)
    /// A value that does not go with what is stored.
    case refused(field: String, Refusal)
    /// A setting that something else sets, which goes before.
    case pinned(field: String, by: String)
    /// Nothing is kept of the call's bodies.
    case absent(BodyAbsence)
    /// What is stored forbids it, whatever the values.
    case conflict(Conflict)
    /// The row changed since the caller read it.
    case stale
    /// The database could not be asked or took nothing; the text is for the log.
    case unavailable(String)

    /// Stable codes of what stands in the way.
    package enum Conflict: String, Hashable, Sendable, CaseIterable {
        /// It would leave nobody who may do everything.
        case lastSuperAdmin = "last_super_admin"
        /// The stored credential does not open under this master key.
        case undecryptable
        /// A price version that has begun, or is about to, may have been quoted.
        case hasBegun = "has_begun"
        /// The quota has ended or is inactive: money put there would be lost.
        case ended
        /// The quota's period has not begun.
        case notBegun = "not_begun"
        /// More would be given back than was charged and not given back yet.
        case exceedsCaptured = "exceeds_captured"
        /// A revoked key stays revoked.
        case revoked
        /// The playground's key keeps its name and its end, and has new secrets of the playground only.
        case playground = "playground_key"
        case tooMany = "too_many"
        /// What is kept does not open: it is damaged, or its key is sealed under another master key.
        case unreadable
        /// An alert is acknowledged once.
        case acknowledged
    }

    /// Why a value does not go with what is stored.
    package enum Refusal: String, Hashable, Sendable, CaseIterable {
        /// No active row has this id.
        case unknown
        /// Input and output have prices of their own, or there is none.
        case incompletePrice = "incomplete_price"
        /// Above what prices mostly are, and not said to be meant.
        case highPrice = "high_price"
        case past
        /// Settings allow no private addresses.
        case privateAddress = "private_address"
        case forbiddenAddress = "forbidden_address"
        case aboveContext = "above_context_length"
        case aboveMaximum = "above_max_output_tokens"
        case notFuture = "not_future"
        /// More than the ledger's largest amount.
        case tooLarge = "too_large"
        /// What has been charged already cannot be taken.
        case exceedsQuota = "exceeds_quota"
        /// Money moves for a reason.
        case needed
        /// Its periods end when the renewal says.
        case renews
        /// The owner may not do that, so neither may a key.
        case beyondOwner = "beyond_owner"
        /// The key of a request that may come again was another one's.
        case otherRequest = "other_request"
        /// Not a value of this setting.
        case malformed
    }
}
