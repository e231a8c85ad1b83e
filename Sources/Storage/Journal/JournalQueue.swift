import Domain

/// What waits for the writer, and whether the journal takes anything: a value under the journal's lock.
///
/// Settlements are never refused. Admissions are: beyond the queue, beyond a user's quarter of it, and where the spool
/// would have no room for the settlement of one more call.
struct JournalQueue: Sendable {
    /// What becomes of an admission that is offered.
    enum Offer: Hashable {
        case answered(Admission)
        case queued
    }

    /// The writer's next batch.
    struct Taken {
        var work: [JournalWork] = []
        /// To be answered 503: they waited too long, or nothing is admitted now.
        var refused: [PendingAdmission] = []
        /// Nothing is left and nothing will come: the writer ends.
        var isOver = false
    }

    private let settings: JournalSettings
    private var admissions = Fifo<PendingAdmission>()
    private var settlements = Fifo<PendingSettlement>()
    private var admissionsByUser: [UserID: Int] = [:]
    /// Taken by the writer, not yet disposed of.
    private var inFlight: [PendingSettlement] = []
    private var refusals = Refusals()
    /// Calls that wait for admission or run.
    private(set) var promised = 0
    /// The database takes nothing; settlements go to the spool.
    private(set) var isAway = false
    /// Records fail alike: nothing is admitted until what waits in the spool went through.
    private(set) var isHalted = false
    private(set) var isStopping = false
    private(set) var isStopped = false
    /// The writer sleeps.
    private var isWaiting = false

    init(_ settings: JournalSettings) { self.settings = settings }

    var isReady: Bool { !isAway && !isHalted && !isStopping }
    var unsettled: Int { settlements.count + inFlight.count }
    var waiting: Int { settlements.count + admissions.count }

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

    /// Whether the writer has to be woken for what was offered.
    mutating func takeWake() -> Bool {
        defer { isWaiting = false }
        return isWaiting
    }

    // MARK: - The writer's side

    /// Settlements first, then admissions. An empty batch means that the writer may sleep, unless it is over.
    mutating func take(now: UInt64) -> Taken {
        var taken = Taken()
        inFlight = settlements.take(settings.batchCalls)
        taken.work.reserveCapacity(settings.batchCalls)
        for pending in inFlight { taken.work.append(.settle(pending)) }
        // While nothing can be admitted, nobody is left waiting for it.
        let isRefusing = isAway || isHalted
        let room = isRefusing ? admissions.count : settings.batchCalls - taken.work.count
        for pending in admissions.take(room) {
            let userID = pending.request.call.userID
            let left = (admissionsByUser[userID] ?? 1) - 1
            admissionsByUser[userID] = left > 0 ? left : nil
            if isRefusing || now &- pending.queuedAt > settings.admitMilliseconds * 1_000_000 {
                taken.refused.append(pending)
            } else {
                taken.work.append(.admit(pending))
            }
        }
        release(taken.refused.count)
        let isEmpty = taken.work.isEmpty && taken.refused.isEmpty
        if isEmpty, isStopping {
            isStopped = true
            taken.isOver = true
        }
        isWaiting = isEmpty && !isStopping
        return taken
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
        return inFlight.filter(isOverdue) + settlements.elements.filter(isOverdue)
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
