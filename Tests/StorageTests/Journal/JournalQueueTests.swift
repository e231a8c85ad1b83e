import Domain
import Testing

@testable import Storage

@Suite("what waits for the writer")
struct JournalQueueTests {
    private func admission(_ number: UInt64, user: Int64 = 1, bound: Int64 = 10, at now: UInt64 = 0) -> PendingAdmission
    {
        let call = Books.call(number)
        let request = AdmissionRequest(
            call: CallIntent(
                id: call.id,
                userID: UserID(user),
                keyID: call.keyID,
                modelID: call.modelID,
                routeID: call.routeID,
                providerID: call.providerID,
                priceVersionID: call.priceVersionID,
                endpoint: call.endpoint,
                isStreamed: false,
                estimatedInputTokens: 1,
                estimatedInputPrice: .zero,
                startedAt: call.startedAt,
                clientAddress: "",
                userAgent: ""
            ),
            candidates: Books.request(number, bound: Money(picoDollars: bound)).candidates,
            hasSpendingLimit: false
        )
        return PendingAdmission(request, queuedAt: now) { _ in }
    }

    private let hold = Hold(
        groupID: Books.group,
        multiplier: .one,
        amount: Money(picoDollars: 10),
        outputLimit: 1,
        isClamped: false,
        parts: []
    )

    private func settlement(_ number: UInt64, at now: UInt64 = 0) -> PendingSettlement {
        PendingSettlement(Books.settlement(number, hold: hold, charge: .zero), queuedAt: now)
    }

    private func settings(_ change: (inout JournalSettings) -> Void) -> JournalSettings {
        var settings = JournalSettings()
        change(&settings)
        return settings
    }

    private func ids(_ taken: JournalQueue.Taken) -> [String] {
        taken.work.map { item in
            switch item {
            case .settle(let pending): "settle \(pending.settlement.call.id.low & 0xFFFF)"
            case .admit(let pending): "admit \(pending.request.call.id.low & 0xFFFF)"
            }
        }
    }

    @Test("settlements go first, each kind in order of arrival, at most a batch at a time")
    func order() {
        var queue = JournalQueue(settings { $0.batchCalls = 3 })
        for number in 1...2 { #expect(queue.offer(admission(UInt64(number)), now: 0) == .queued) }
        for number in 11...12 { #expect(queue.offer(settlement(UInt64(number))) == true) }
        #expect(ids(queue.take(now: 0)) == ["settle 11", "settle 12", "admit 1"])
        #expect(queue.unsettled == 2)
        queue.disposed()
        #expect(ids(queue.take(now: 0)) == ["admit 2"])
        #expect(queue.unsettled == 0)
    }

    @Test("what others have locked waits apart, is tried again between the rest, and is given up after two seconds")
    func apart() {
        var queue = JournalQueue(settings { $0.batchCalls = 2 })
        let pause = JournalApart.pauseNanoseconds
        _ = queue.offer(settlement(1))
        var taken = queue.take(.settlements, now: 0)
        #expect(ids(taken) == ["settle 1"] && !taken.skipsLocked)
        queue.setApart(taken.work, of: .settlements, now: 0)
        queue.disposed()
        // Others do not wait for it, nor for the lock it waits for.
        for number in 2...4 { _ = queue.offer(settlement(UInt64(number))) }
        taken = queue.take(.settlements, now: pause - 1)
        #expect(ids(taken) == ["settle 2", "settle 3"] && taken.skipsLocked)
        taken = queue.take(.settlements, now: pause)
        #expect(ids(taken) == ["settle 1", "settle 4"] && taken.skipsLocked)
        #expect(queue.unsettled == 2)
        queue.setApart([taken.work[0]], of: .settlements, now: pause)
        queue.disposed()
        // It is late after two seconds since it was first set apart, and ends only then.
        queue.stop()
        _ = queue.take(.admissions, now: pause)
        #expect(!queue.take(.settlements, now: pause).isOver)
        #expect(queue.overdue(now: .max / 2).count == 1)
        taken = queue.take(.settlements, now: JournalApart.limitNanoseconds + 1)
        #expect(taken.late.map(\.call.low) == [Books.call(1).id.low] && taken.work.isEmpty && !taken.isOver)
        #expect(queue.take(.settlements, now: JournalApart.limitNanoseconds + 2).isOver)
    }

    @Test("what waits in the spool takes the room that another call's settlement would need")
    func spooled() {
        var queue = JournalQueue(settings { $0.runningCalls = 3 })
        #expect(queue.offer(admission(1), spooled: 3, now: 0) == .answered(.unavailable))
        #expect(queue.offer(admission(1), spooled: 2, now: 0) == .queued)
        #expect(queue.offer(admission(2), spooled: 2, now: 0) == .answered(.unavailable))
        #expect(queue.offer(admission(2), spooled: 0, now: 0) == .queued)
    }

    @Test("no user has more than a quarter of the queue, and room comes back with the batch")
    func quarter() {
        var queue = JournalQueue(settings { $0.admitQueue = 8 })
        let offers = (0..<4).map { queue.offer(admission(UInt64($0)), now: 0) }
        #expect(offers == [.queued, .queued, .answered(.unavailable), .answered(.unavailable)])
        #expect(queue.offer(admission(9, user: 2), now: 0) == .queued)
        _ = queue.take(now: 0)
        #expect(queue.offer(admission(10), now: 0) == .queued)
    }

    @Test("the whole queue is bounded")
    func bounded() {
        var queue = JournalQueue(settings { $0.admitQueue = 8 })
        let queued = (0..<100).count { queue.offer(admission(UInt64($0), user: Int64($0)), now: 0) == .queued }
        #expect(queued == 8)
        // Settlements are not refused.
        let settled = (0..<100).count { queue.offer(settlement(UInt64($0))) }
        #expect(settled == 100)
    }

    @Test("a call is only admitted while its settlement has room in the spool")
    func promises() {
        var queue = JournalQueue(settings { $0.runningCalls = 2 })
        #expect(queue.offer(admission(1), now: 0) == .queued)
        #expect(queue.offer(admission(2), now: 0) == .queued)
        #expect(queue.offer(admission(3), now: 0) == .answered(.unavailable))
        let taken = queue.take(now: 0)
        // One is refused, the other runs.
        queue.committed(
            taken.work[...],
            answers: [.refused(.insufficientQuota), .held(hold)],
            freed: 0,
            now: 0
        )
        #expect(queue.promised == 1)
        #expect(queue.offer(admission(4, user: 2), now: 0) == .queued)
        #expect(queue.offer(admission(5, user: 3), now: 0) == .answered(.unavailable))
        #expect(queue.offer(settlement(2)) == true)
        let ended = queue.take(now: 0)
        queue.committed(ended.work[...].prefix(1), answers: [nil], freed: 1, now: 0)
        #expect(queue.promised == 1)
    }

    @Test(
        "a refusal is repeated without asking: for as much, for a second, until a call of the user ends",
        arguments: [
            (user: 1, bound: 10, at: 0, ends: false, isRepeated: true),
            (user: 1, bound: 11, at: 0, ends: false, isRepeated: true),
            (user: 1, bound: 9, at: 0, ends: false, isRepeated: false),
            (user: 2, bound: 10, at: 0, ends: false, isRepeated: false),
            (user: 1, bound: 10, at: 999_999_999, ends: false, isRepeated: true),
            (user: 1, bound: 10, at: 1_000_000_000, ends: false, isRepeated: false),
            (user: 1, bound: 10, at: 0, ends: true, isRepeated: false),
        ] as [(user: Int64, bound: Int64, at: UInt64, ends: Bool, isRepeated: Bool)]
    )
    func refusals(user: Int64, bound: Int64, at now: UInt64, ends: Bool, isRepeated: Bool) {
        var queue = JournalQueue(JournalSettings())
        #expect(queue.offer(admission(1, bound: 10), now: 0) == .queued)
        let taken = queue.take(now: 0)
        queue.committed(taken.work[...], answers: [.refused(.insufficientQuota)], freed: 0, now: 0)
        if ends {
            queue.committed([.settle(settlement(9))][...], answers: [nil], freed: 1, now: 0)
        }
        let offer = queue.offer(admission(2, user: user, bound: bound), now: now)
        #expect(offer == (isRepeated ? .answered(.refused(.insufficientQuota)) : .queued))
    }

    @Test("who waited five seconds is refused, not admitted for nobody", arguments: [(5_000, true), (5_001, false)])
    func late(milliseconds: UInt64, isTaken: Bool) {
        var queue = JournalQueue(JournalSettings())
        #expect(queue.offer(admission(1, at: 0), now: 0) == .queued)
        let taken = queue.take(now: milliseconds * 1_000_000)
        #expect(taken.work.count == (isTaken ? 1 : 0))
        #expect(taken.refused.count == (isTaken ? 0 : 1))
        #expect(queue.promised == (isTaken ? 1 : 0))
    }

    @Test("while the database is away admissions are refused, waiting ones too; settlements are still taken")
    func away() {
        var queue = JournalQueue(JournalSettings())
        #expect(queue.offer(admission(1), now: 0) == .queued)
        #expect(queue.goAway() == true)
        #expect(queue.goAway() == false)
        #expect(queue.offer(admission(2), now: 0) == .answered(.unavailable))
        #expect(queue.offer(settlement(3)) == true)
        let taken = queue.take(now: 0)
        #expect(ids(taken) == ["settle 3"] && taken.refused.count == 1)
        queue.comeBack()
        #expect(queue.isReady)
        #expect(queue.offer(admission(4), now: 0) == .queued)
    }

    @Test("only what fails alike, not the database, decides when a halt ends")
    func halt() {
        var queue = JournalQueue(JournalSettings())
        queue.halt()
        queue.committed([], answers: [], freed: 0, now: 0)
        #expect(!queue.isReady)
        queue.resume()
        #expect(queue.isReady)
    }

    @Test(
        "stopping: nothing is admitted, all that waits is done, then the writer ends; later settlements are turned away"
    )
    func stop() {
        var queue = JournalQueue(JournalSettings())
        #expect(queue.offer(settlement(1)) == true)
        queue.stop()
        #expect(queue.offer(admission(2), now: 0) == .answered(.unavailable))
        #expect(queue.offer(settlement(3)) == true)
        #expect(ids(queue.take(now: 0)) == ["settle 1", "settle 3"])
        queue.disposed()
        #expect(queue.take(now: 0).isOver == true)
        #expect(queue.offer(settlement(4)) == false)
    }

    @Test("a settlement is overdue after two seconds, whether it waits or is being written")
    func overdue() {
        var queue = JournalQueue(settings { $0.batchCalls = 1 })
        let first = settlement(1, at: 0)
        #expect(queue.offer(first) == true)
        #expect(queue.offer(settlement(2, at: 1_000_000_000)) == true)
        _ = queue.take(now: 0)
        #expect(queue.overdue(now: 2_000_000_000).isEmpty)
        #expect(queue.overdue(now: 2_000_000_001).map(\.settlement.call.id) == [first.settlement.call.id])
        first.answer(.durable)
        #expect(queue.overdue(now: 3_000_000_001).count == 1)
    }

    @Test("first in, first out, across any takes", arguments: [1, 3, 1_000, 5_000])
    func fifo(step: Int) {
        var queue = Fifo<Int>()
        var taken: [Int] = []
        for number in 0..<10_000 {
            queue.append(number)
            if number % step == step - 1 { taken += queue.take(step / 2 + 1) }
        }
        while queue.count > 0 {
            #expect(queue.first == queue.elements.first)
            taken += queue.take(step)
        }
        #expect(taken == Array(0..<10_000))
    }

    @Test("with a writer each, settlements and admissions are taken apart, and that of settlements ends last")
    func twoWriters() {
        var queue = JournalQueue(settings { _ in })
        _ = queue.take(.settlements, now: 0)
        _ = queue.take(.admissions, now: 0)
        #expect(queue.offer(admission(1), now: 0) == .queued)
        let woken = queue.takeWake(for: .admissions)
        #expect(woken == .admissions)
        _ = queue.offer(settlement(2))
        let other = queue.takeWake(for: .settlements)
        #expect(other == .settlements)
        let again = queue.takeWake(for: .settlements)
        #expect(again == nil)
        let taken1 = queue.take(.settlements, now: 0)
        #expect(taken1.work.count == 1)
        let taken2 = queue.take(.admissions, now: 0)
        #expect(taken2.work.count == 1)
        queue.stop()
        let taken3 = queue.take(.settlements, now: 0)
        #expect(!taken3.isOver)
        let taken4 = queue.take(.admissions, now: 0)
        #expect(taken4.isOver)
        // What the other one's last batch gave back is still taken.
        _ = queue.offer(settlement(3))
        let taken5 = queue.take(.settlements, now: 0)
        #expect(taken5.work.count == 1)
        let taken6 = queue.take(.settlements, now: 0)
        #expect(taken6.isOver)
        let isTooLate = !queue.offer(settlement(4))
        #expect(isTooLate)
    }

    @Test("what no writer takes in time is given up, oldest first, and its room comes back")
    func expired() {
        var queue = JournalQueue(settings { $0.admitMilliseconds = 5 })
        #expect(queue.offer(admission(1, at: 0), now: 0) == .queued)
        #expect(queue.offer(admission(2, at: 3_000_000), now: 3_000_000) == .queued)
        let none = queue.expired(now: 5_000_000)
        #expect(none.isEmpty)
        let expired = queue.expired(now: 6_000_000)
        #expect(expired.map(\.request.call.id) == [Books.call(1).id])
        #expect(queue.waiting == 1 && queue.promised == 1)
    }
}
