package import Domain
import Glibc
import NIOCore
import Synchronization

/// Something with a deadline that its event loop's ticker watches.
///
/// One ticker a loop compares a number per connection four times a second; a scheduled task per call would cost more
/// than the call's own bookkeeping. Deadlines are therefore late by up to 250 ms.
class Timed {
    fileprivate var position = -1
    /// When to call ``deadlinePassed(now:)``; `.distantFuture` for never.
    var deadline: NIODeadline = .distantFuture

    func deadlinePassed(now: NIODeadline) {}

    /// The process is about to end: finish now.
    func cut() {}
}

/// What belongs to one event loop: its upstream connections, its ticker, its random bits, what it has counted.
///
/// Only ever touched on `eventLoop`; that is why it may be unchecked.
final class LoopContext: @unchecked Sendable {
    static let tick = TimeAmount.milliseconds(250)

    let eventLoop: any EventLoop
    let pool: UpstreamPool
    var metrics = CallMetrics()
    private var timed: [Timed] = []
    private let inbox = Mutex<[@Sendable () -> Void]>([])
    private var ticker: RepeatedTask?
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(eventLoop: any EventLoop, pool: UpstreamPool) {
        self.eventLoop = eventLoop
        self.pool = pool
        var system = SystemRandomNumberGenerator()
        state = (system.next(), system.next(), system.next(), system.next() | 1)
    }

    func watch(_ item: Timed) {
        guard item.position < 0 else { return }
        item.position = timed.count
        timed.append(item)
        if ticker == nil {
            ticker = eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { [self] task in
                tick(task)
            }
        }
    }

    func unwatch(_ item: Timed) {
        guard item.position >= 0 else { return }
        let last = timed.removeLast()
        if last !== item {
            timed[item.position] = last
            last.position = item.position
        }
        item.position = -1
    }

    private func tick(_ task: RepeatedTask) {
        let now = NIODeadline.now()
        for item in timed where item.deadline <= now {
            item.deadline = .distantFuture
            item.deadlinePassed(now: now)
        }
        pool.closeStale(now: now)
        if timed.isEmpty, pool.isEmpty {
            task.cancel()
            ticker = nil
        }
    }

    /// Runs `work` on the loop, from any thread: what a batch's commit hands over in a burst costs one wake-up.
    func hop(_ work: @escaping @Sendable () -> Void) {
        let isFirst = inbox.withLock { inbox in
            inbox.append(work)
            return inbox.count == 1
        }
        guard isFirst else { return }
        eventLoop.execute { [self] in
            let burst = inbox.withLock { inbox in
                defer { inbox.removeAll(keepingCapacity: false) }
                return inbox
            }
            for work in burst { work() }
        }
    }

    /// For ids and weights, not for secrets: xoshiro256++ (Blackman and Vigna), seeded by the system; asking the
    /// kernel each time costs more than the digest of the key.
    func random() -> UInt64 {
        let sum = state.0 &+ state.3
        let result = (sum << 23 | sum >> 41) &+ state.0
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = state.3 << 45 | state.3 >> 19
        return result
    }

    /// The end of the grace period: calls are cut and booked, other connections closed.
    func cutEverything() {
        for item in timed { item.cut() }
    }
}

/// The wall clock, for what is stored; deadlines use the monotonic one.
package enum WallClock {
    package static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
