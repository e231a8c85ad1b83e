/// The balances that one ledger transaction has locked, and every rule by which they change.
///
/// Load all rows concerned, decide call by call in order of arrival, then write ``changedGrants`` and ``changedKeyLimits``,
/// each guarded by what was read. A value: to undo, drop it. To be loaded beforehand:
/// - for an admission: all grants of the user in the candidates' groups, and the key's limit if it has one;
/// - for a settlement of an open or uncertain row: the lanes of its parts;
/// - for one whose row is absent or closed by policy, and for a refund: also all grants of that user in that group.
package struct Balances: Sendable {
    private struct Slot: Sendable {
        let before: Grant
        var grant: Grant
        /// The next grant of the same user and group by expiry; -1 at the end.
        var next: Int
    }

    private struct Holder: Hashable, Sendable {
        let userID: UserID
        let groupID: ModelGroupID
    }

    private struct KeySlot: Sendable {
        let before: KeyLimit
        var limit: KeyLimit
    }

    private var slots: [Slot] = []
    private var slotByGrant: [GrantID: Int] = [:]
    private var firstSlotByHolder: [Holder: Int] = [:]
    private var keySlots: [KeySlot] = []
    private var slotByKey: [APIKeyID: Int] = [:]

    package init(minimumCapacity: Int = 0) {
        slots.reserveCapacity(minimumCapacity)
        slotByGrant.reserveCapacity(minimumCapacity)
        firstSlotByHolder.reserveCapacity(minimumCapacity)
    }

    /// Takes a row in as it was read. A row loaded before is left as it is now.
    /// - Throws: `LedgerError.unbalanced` for a row that is not conserved; it must not be touched.
    package mutating func load(_ grant: Grant) throws(LedgerError) {
        guard slotByGrant[grant.id] == nil else { return }
        guard grant.balance.isConserved else { throw .unbalanced(.grant(grant.id)) }
        slotByGrant[grant.id] = slots.count
        slots.append(Slot(before: grant, grant: grant, next: -1))
        link(slots.count - 1)
    }

    /// As ``load(_:)-(Grant)``.
    package mutating func load(_ limit: KeyLimit) throws(LedgerError) {
        guard slotByKey[limit.keyID] == nil else { return }
        guard limit.balance.isConserved else { throw .unbalanced(.key(limit.keyID)) }
        slotByKey[limit.keyID] = keySlots.count
        keySlots.append(KeySlot(before: limit, limit: limit))
    }

    package subscript(id: GrantID) -> Grant? { slotByGrant[id].map { slots[$0].grant } }

    package subscript(id: APIKeyID) -> KeyLimit? { slotByKey[id].map { keySlots[$0].limit } }

    /// Rows to be written, by id ascending.
    package var changedGrants: [(before: Grant, after: Grant)] {
        slots.lazy.filter { $0.before != $0.grant }.map { (before: $0.before, after: $0.grant) }
            .sorted { $0.after.id < $1.after.id }
    }

    /// Rows to be written, by id ascending.
    package var changedKeyLimits: [(before: KeyLimit, after: KeyLimit)] {
        keySlots.lazy.filter { $0.before != $0.limit }.map { (before: $0.before, after: $0.limit) }
            .sorted { $0.after.keyID < $1.after.keyID }
    }

    // MARK: - Slots

    func slot(of id: GrantID) -> Int? { slotByGrant[id] }

    func keySlot(of id: APIKeyID) -> Int? { slotByKey[id] }

    /// The grants of a user in a group, soonest expiry first: start here, go on with ``slot(after:)``, end at -1.
    func firstSlot(of userID: UserID, in groupID: ModelGroupID) -> Int {
        firstSlotByHolder[Holder(userID: userID, groupID: groupID)] ?? -1
    }

    func slot(after slot: Int) -> Int { slots[slot].next }

    subscript(slot slot: Int) -> Grant {
        _read { yield slots[slot].grant }
        _modify { yield &slots[slot].grant }
    }

    subscript(keySlot slot: Int) -> KeyLimit {
        _read { yield keySlots[slot].limit }
        _modify { yield &keySlots[slot].limit }
    }

    /// The grant on which its quota's new money goes now; nil if the quota has no running one (or it is not loaded).
    func currentSlot(of quotaID: QuotaID, userID: UserID, groupID: ModelGroupID, now: Instant) -> Int? {
        var slot = firstSlot(of: userID, in: groupID)
        while slot >= 0 {
            if slots[slot].grant.quotaID == quotaID, slots[slot].grant.isUsable(at: now) { return slot }
            slot = slots[slot].next
        }
        return nil
    }

    /// Puts a slot into its holder's list, by expiry, then id.
    private mutating func link(_ slot: Int) {
        let grant = slots[slot].grant
        let holder = Holder(userID: grant.userID, groupID: grant.groupID)
        var previous = -1
        var next = firstSlotByHolder[holder] ?? -1
        while next >= 0, (slots[next].grant.expiryOrder, slots[next].grant.id) < (grant.expiryOrder, grant.id) {
            previous = next
            next = slots[next].next
        }
        slots[slot].next = next
        if previous < 0 { firstSlotByHolder[holder] = slot } else { slots[previous].next = slot }
    }

    /// Changes when a grant ends, keeping the order of expiry.
    mutating func setEnd(_ endsAt: Instant?, ofSlot slot: Int) {
        let holder = Holder(userID: slots[slot].grant.userID, groupID: slots[slot].grant.groupID)
        if firstSlotByHolder[holder] == slot {
            firstSlotByHolder[holder] = slots[slot].next
        } else {
            var previous = firstSlotByHolder[holder] ?? -1
            while previous >= 0, slots[previous].next != slot { previous = slots[previous].next }
            if previous >= 0 { slots[previous].next = slots[slot].next }
        }
        slots[slot].grant.endsAt = endsAt
        link(slot)
    }
}
