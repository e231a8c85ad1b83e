import Domain

/// Rows that a batch needs and others have locked.
struct LockedElsewhere {
    var calls: Set<CallID> = []
    var lanes: Set<Lane> = []
    /// Those of whose grants some are.
    var holders: Set<QuotaHolder> = []

    var isEmpty: Bool { calls.isEmpty && lanes.isEmpty }

    /// Whether an admission would have to wait.
    func holdsUp(_ request: AdmissionRequest) -> Bool {
        if isEmpty { return false }
        if request.hasSpendingLimit, lanes.contains(.key(request.call.keyID)) { return true }
        return request.candidates.contains {
            holders.contains(QuotaHolder(userID: request.call.userID, groupID: $0.groupID))
        }
    }

    /// Whether a settlement would have to wait. - Parameter row: its call's, nil where it is absent or not locked.
    func holdsUp(_ settlement: Settlement, row: LockedCall?) -> Bool {
        if isEmpty { return false }
        if calls.contains(settlement.call.id) { return true }
        if (row?.parts ?? settlement.hold.parts).contains(where: { lanes.contains($0.lane) }) { return true }
        if let row, row.state == .open || row.state == .uncertain { return false }
        return holders.contains(QuotaHolder(userID: settlement.call.userID, groupID: settlement.hold.groupID))
    }
}
