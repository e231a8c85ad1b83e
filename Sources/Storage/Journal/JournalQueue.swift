import Domain

/// What waits for the writer, and whether the journal takes anything: a value under the journal's lock.
///
/// One writer takes both kinds of work, or each kind has a writer of its own. Settlements are never refused. Admissions are:
/// beyond the queue, beyond a user's quarter of it, and where the spool would have no room for the settlement of one more call.
struct JournalQueue: Sendable {
    /// What becomes of an admission that is offered.
    enum Offer: Hashable {
        case answered(Admission)
        case queued
    }

    /// What a writer takes.
    enum Side: Hashable, CaseIterable {
        case both, settlements, admissions
    }

    /// The writer's next batch.
    struct Taken {
        var work: [JournalWork] = []
        /// To be answered 503: they waited too long, or nothing is admitted now.
        var refused: [PendingAdmission] = []
        /// To be given up: others have had its rows locked for too long.
        var late: [JournalWork] = []
        /// The batch must not wait for locks, and the writer not sleep for long: there is work that waits apart.
        var skipsLocked = false
        /// Nothing is left and nothing will come: the writer ends.
        var isOver = false
    }

    private let settings: JournalSettings
    private var admissions = Fifo<PendingAdmission>()
    private var settlements = Fifo<PendingSettlement>()
    private var admissionsByUser: [UserID: Int] = [:]
    /// Taken by the writer, not yet disposed of.
    private var inFlight: [PendingSettlement] = []
    private var apart: [Side: JournalApart] = [:]
    private var refusals = Refusals()
    /// Calls that wait for admission or run.
    private(set) var promised = 0
    /// The database takes nothing; settlements go to the spool.
    private(set) var isAway = false
    /// Records fail alike: nothing is admitted until what waits in the spool went through.
    private(set) var isHalted = false
    private(set) var isStopping = false
    /// No writer is left.
    private(set) var isStopped = false
    /// The writer of admissions has ended, after which no settlement comes of it.
    private var hasStoppedAdmitting = false
    /// Writers that sleep.
    private var sleeping: Set<Side> = []

    init(_ settings: JournalSettings) { self.settings = settings }

    var isReady: Bool { !isAway && !isHalted && !isStopping }
    var unsettled: Int { settlements.count + inFlight.count }
    var waiting: Int { settlements.count + admissions.count }
    var waitingAdmissions: Int { admissions.count }

    // MARK: - Offering

    /// - Parameter spooled: records that take room in the spool, which is not there for this call's.
    mutating func offer(_ pending: PendingAdmission, spooled: Int = 0, now: UInt64) -> Offer {
        guard isReady else { return .answered(.unavailable) }
        if let refusal = refusals.refusal(of: pending.request, now: now) { return .answered(.refused(refusal)) }
        let userID = pending.request.call.userID
        let ofUser = admissionsByUser[userID, default: 0]
        guard admissions.count < settings.admitQueue, ofUser < settings.admitQueue / 4,
            promised + spooled < settings.runningCalls
        else { return .answered(.unavailable) }
        admissionsByUser[userID] = ofUser + 1
        promised += 1
        admissions.append(pending)
        return .queued
    }

    /// - Returns: false once the writer has ended: the caller has to take care of it.
    mutating func offer(_ pending: PendingSettlement) -> Bool {
        guard !isStopped else { return false }
        settlements.append(pending)
        return true
    }

    /// The writer that has to be woken for what was offered.
    mutating func takeWake(for side: Side) -> Side? {
        if sleeping.isEmpty { return nil }
        return sleeping.remove(.both) ?? sleeping.remove(side)
    }

    // MARK: - The writer's side

    /// What had waited apart, settlements, then admissions. An empty batch means that the writer may sleep, unless it is over.
    mutating func take(_ side: Side = .both, now: UInt64) -> Taken {
        var taken = Taken()
        taken.work.reserveCapacity(settings.batchCalls)
        takeApart(side, into: &taken, now: now)
        if side != .admissions {
            for pending in settlements.take(settings.batchCalls - taken.work.count) {
                taken.work.append(.settle(pending))
            }
            inFlight = taken.work.compactMap { if case .settle(let pending) = $0 { pending } else { nil } }
        }
        if side != .settlements { takeAdmissions(into: &taken, now: now) }
        let isEmpty = taken.work.isEmpty && taken.refused.isEmpty && taken.late.isEmpty
        if isEmpty, isStopping, !taken.skipsLocked { taken.isOver = end(side) }
        if isEmpty, !taken.isOver { sleeping.insert(side) } else { sleeping.remove(side) }
        return taken
    }

    private mutating func takeApart(_ side: Side, into taken: inout Taken, now: UInt64) {
        guard let waiting = apart[side], !waiting.isEmpty else { return }
        var rest = waiting
        (taken.work, taken.late) = rest.take(settings.batchCalls, now: now)
        apart[side] = rest
        taken.skipsLocked = !rest.isEmpty
    }

    /// What a batch left out because others have its rows locked.
    mutating func setApart(_ work: [JournalWork], of side: Side, now: UInt64) {
        apart[side, default: JournalApart()].put(work, now: now)
    }

    private mutating func takeAdmissions(into taken: inout Taken, now: UInt64) {
        // While nothing can be admitted, nobody is left waiting for it.
        let isRefusing = isAway || isHalted
        let room = isRefusing ? admissions.count : settings.batchCalls - taken.work.count
        for pending in admissions.take(room) {
            forget(pending)
            if isRefusing || isLate(pending, now: now) {
                taken.refused.append(pending)
            } else {
                taken.work.append(.admit(pending))
            }
        }
        release(taken.refused.count)
    }

    /// Admissions that no writer takes in time: the database answers nobody.
    mutating func expired(now: UInt64) -> [PendingAdmission] {
        var late = 0
        for pending in admissions.elements {
            guard isLate(pending, now: now) else { break }
            late += 1
        }
        let expired = admissions.take(late)
        for pending in expired { forget(pending) }
        release(late)
        return expired
    }

    private func isLate(_ pending: PendingAdmission, now: UInt64) -> Bool {
        now &- pending.queuedAt > settings.admitMilliseconds * 1_000_000
    }

    private mutating func forget(_ pending: PendingAdmission) {
        let userID = pending.request.call.userID
        let left = (admissionsByUser[userID] ?? 1) - 1
        admissionsByUser[userID] = left > 0 ? left : nil
    }

    /// - Returns: whether the writer may end: that of settlements is the last.
    private mutating func end(_ side: Side) -> Bool {
        switch side {
        case .both: isStopped = true
        case .admissions: hasStoppedAdmitting = true
        case .settlements:
            guard hasStoppedAdmitting else { return false }
            isStopped = true
        }
        return true
    }

    mutating func disposed() { inFlight.removeAll(keepingCapacity: true) }

    /// After a commit. - Parameter freed: calls that run no more.
    mutating func committed(_ work: ArraySlice<JournalWork>, answers: [Admission?], freed: Int, now: UInt64) {
        isAway = false
        release(freed)
        if !refusals.isEmpty {
            var users: Set<UserID> = []
            for case .settle(let pending) in work { users.insert(pending.settlement.call.userID) }
            if !users.isEmpty { refusals.forget(users: users) }
        }
        for (item, answer) in zip(work, answers) {
            guard case .admit(let pending) = item else { continue }
            if case .held = answer { continue }
            release(1)
            if case .refused(let refusal) = answer { refusals.remember(refusal, of: pending.request, now: now) }
        }
    }

    mutating func release(_ count: Int) { promised = max(0, promised - count) }

    /// Settlements that nobody has acknowledged in time, wherever they are.
    func overdue(now: UInt64) -> [PendingSettlement] {
        let limit = settings.spoolAfterMilliseconds * 1_000_000
        func isOverdue(_ pending: PendingSettlement) -> Bool { !pending.isDone && now &- pending.queuedAt > limit }
        let waiting = apart.values.flatMap(\.settlements)
        return (inFlight + waiting).filter(isOverdue) + settlements.elements.filter(isOverdue)
    }

    // MARK: - Conditions

    /// - Returns: true if that is news.
    mutating func goAway() -> Bool {
        defer { isAway = true }
        return !isAway
    }

    mutating func comeBack() { isAway = false }
    mutating func halt() { isHalted = true }
    mutating func resume() { isHalted = false }
    mutating func stop() { isStopping = true }
}

/// First in, first out, without moving what stays.
struct Fifo<Element: Sendable>: Sendable {
    private var items: [Element] = []
    private var head = 0

    var count: Int { items.count - head }
    var first: Element? { head < items.count ? items[head] : nil }
    var elements: ArraySlice<Element> { items[head...] }

    mutating func append(_ element: Element) { items.append(element) }

    mutating func take(_ limit: Int) -> [Element] {
        let end = head + min(max(0, limit), count)
        let taken = Array(items[head..<end])
        head = end
        if head == items.count {
            items.removeAll(keepingCapacity: items.count <= 4_096)
            head = 0
        } else if head >= 1_024, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return taken
    }
}
