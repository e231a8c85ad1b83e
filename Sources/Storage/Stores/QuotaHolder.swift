import Domain

/// Whose grants are asked for: a user's in a model group.
struct QuotaHolder: Hashable, Comparable {
    let userID: UserID
    let groupID: ModelGroupID

    static func < (left: QuotaHolder, right: QuotaHolder) -> Bool {
        (left.userID, left.groupID) < (right.userID, right.groupID)
    }
}
