import Dispatch
import Domain
import Logging
import Synchronization

/// Writes bodies on a thread of its own, a few calls a transaction.
///
/// Whoever hands a call over never waits and is never refused: where too many wait, the disk is full or the key does not
/// open, bodies are dropped, counted, and told once until they are kept again.
final class BodyWriter: BodySink {
    /// Calls that wait; how much memory they may take is seen to by who captures.
    static let waitingLimit = 4_096
    private static let callsAtOnce = 16

    private struct State {
        var waiting: [CapturedCall] = []
        /// Taken from those.
        var writingCount = 0
        var isWriting = false
        var isStopped = false
        var dropped: Int64 = 0
        /// Dropped since it was last said that bodies are kept.
        var untold: Int64 = 0
        var idle: [CheckedContinuation<Void, Never>] = []
    }

    private let file: BodyDatabase
    private let keys: BodyKeys
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "tokenaudit.bodies")

    init(file: BodyDatabase, keys: BodyKeys, logger: Logger, clock: @escaping @Sendable () -> Instant) {
        self.file = file
        self.keys = keys
        self.logger = logger
        self.clock = clock
    }

    var figures: (dropped: Int64, waiting: Int64) {
        state.withLock { ($0.dropped, Int64($0.waiting.count + $0.writingCount)) }
    }

    func keep(_ call: CapturedCall) {
        enum Place { case first, waiting, dropped }
        let place = state.withLock { state -> Place in
            guard !state.isStopped, state.waiting.count < Self.waitingLimit else { return .dropped }
            state.waiting.append(call)
            defer { state.isWriting = true }
            return state.isWriting ? .waiting : .first
        }
        switch place {
        case .first: thread.async { [self] in writeAll() }
        case .waiting: break
        case .dropped: drop(1, because: "too many wait")
        }
    }

    /// Returns when all that waits is written or dropped.
    func settled() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.isWriting { state.idle.append(continuation) }
                return !state.isWriting
            }
            if isIdle { continuation.resume() }
        }
    }

    /// The same; what comes later is dropped.
    func stop() async {
        state.withLock { $0.isStopped = true }
        await settled()
    }

    private func writeAll() {
        while true {
            let (batch, waiters) = state.withLock { state -> ([CapturedCall], [CheckedContinuation<Void, Never>]) in
                let batch = Array(state.waiting.prefix(Self.callsAtOnce))
                state.waiting.removeFirst(batch.count)
                state.writingCount = batch.count
                guard batch.isEmpty else { return (batch, []) }
                state.isWriting = false
                defer { state.idle = [] }
                return (batch, state.idle)
            }
            for waiter in waiters { waiter.resume() }
            if batch.isEmpty { return }
            do {
                try write(batch)
                tellAgain()
            } catch {
                drop(Int64(batch.count), because: "\(error)")
            }
        }
    }

    private func write(_ batch: [CapturedCall]) throws {
        let key = try keys.sealing(now: clock())
        // Before the transaction: what takes time takes no lock.
        let rows = batch.map { call in
            let places = BodyRow.places(call.id, key: key.version)
            let (request, answer) = call.read()
            return BodyRow(
                capture: call.capture,
                isStreamed: call.isStreamed,
                keyVersion: key.version,
                request: SealedBody(sealing: request, with: key, at: places.request),
                answer: SealedBody(sealing: answer, with: key, at: places.answer)
            )
        }
        try file.write { connection in
            for (call, row) in zip(batch, rows) { try BodyRows.insert(row, of: call.id, connection) }
        }
    }

    private func drop(_ count: Int64, because cause: String) {
        let isFirst = state.withLock { state in
            state.dropped += count
            defer { state.untold += count }
            return state.untold == 0
        }
        if isFirst { logger.error("bodies could not be kept", metadata: ["cause": "\(cause)"]) }
    }

    private func tellAgain() {
        let untold = state.withLock { state in
            defer { state.untold = 0 }
            return state.untold
        }
        if untold > 0 { logger.notice("bodies are kept again", metadata: ["dropped": "\(untold)"]) }
    }
}
