package import NIOCore
import Synchronization

/// What all connections share: scripts, gates, barriers, counters and what was received.
final class Stage: Sendable {
    private struct State {
        var scripts: [String: [Play]] = [:]
        var cast: [Question: Play] = [:]
        var counters: [String: CallCounters] = [:]
        var openGates: Set<String> = []
        var waiting: [String: [EventLoopPromise<Void>]] = [:]
        var barriers: [String: [EventLoopPromise<Void>]] = [:]
        var arrivals: [(name: String, count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var received: [ReceivedRequest] = []
    }

    private let state = Mutex(State())
    let records: Bool
    private static let receivedLimit = 20_000
    private static let castLimit = 4_096

    init(records: Bool) { self.records = records }

    // MARK: Scripts

    func script(_ name: String, _ plays: [Play]) {
        state.withLock {
            $0.scripts[name] = plays.isEmpty ? nil : plays
            $0.counters[name] = CallCounters()
        }
    }

    /// The play for a call, counted as arrived. Scripts in a list are used up one a call; the last one stays.
    func play(for question: Question, scripted: String?, request: @autoclosure () -> ReceivedRequest) -> (
        name: String, play: Play
    ) {
        let name = scripted ?? question.model
        let (play, ready) = state.withLock { state -> (Play, [CheckedContinuation<Void, Never>]) in
            if records {
                if state.received.count >= Self.receivedLimit { state.received.removeFirst(Self.receivedLimit / 2) }
                state.received.append(request())
            }
            let call = state.counters[name, default: CallCounters()].arrived
            state.counters[name, default: CallCounters()].arrived += 1
            var ready: [CheckedContinuation<Void, Never>] = []
            state.arrivals.removeAll { waiter in
                guard waiter.name == name, call + 1 >= waiter.count else { return false }
                ready.append(waiter.continuation)
                return true
            }
            if let plays = state.scripts[name] { return (plays[min(call, plays.count - 1)], ready) }
            if let known = state.cast[question] { return (known, ready) }
            if state.cast.count >= Self.castLimit { state.cast.removeAll() }
            let play = FakeModel(name: question.model).play(question)
            state.cast[question] = play
            return (play, ready)
        }
        for continuation in ready { continuation.resume() }
        return (name, play)
    }

    func ended(_ name: String, aborted: Bool) {
        state.withLock {
            if aborted { $0.counters[name]?.aborted += 1 } else { $0.counters[name]?.finished += 1 }
        }
    }

    // MARK: Waiting

    func open(gate: String) {
        let promises = state.withLock {
            $0.openGates.insert(gate)
            return $0.waiting.removeValue(forKey: gate) ?? []
        }
        for promise in promises { promise.succeed() }
    }

    func pass(gate: String, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let isOpen = state.withLock {
            if $0.openGates.contains(gate) { return true }
            $0.waiting[gate, default: []].append(promise)
            return false
        }
        if isOpen { promise.succeed() }
        return promise.futureResult
    }

    /// Completes once `count` calls wait at the barrier of `name`; then the barrier is down for the next `count`.
    func meet(_ name: String, count: Int, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let released = state.withLock { state -> [EventLoopPromise<Void>] in
            state.barriers[name, default: []].append(promise)
            return state.barriers[name, default: []].count >= count
                ? state.barriers.removeValue(forKey: name) ?? [] : []
        }
        for promise in released { promise.succeed() }
        return promise.futureResult
    }

    func waitForArrivals(_ name: String, count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock {
                if $0.counters[name, default: CallCounters()].arrived >= count { return true }
                $0.arrivals.append((name, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    // MARK: Reports

    var received: [ReceivedRequest] { state.withLock { $0.received } }
    var counters: [String: CallCounters] { state.withLock { $0.counters } }

    /// Forgets requests, counters, gates and scripts; running calls go on.
    func clear() {
        let abandoned = state.withLock { state in
            let promises = state.waiting.values.flatMap(\.self) + state.barriers.values.flatMap(\.self)
            let arrivals = state.arrivals
            state = State()
            return (promises, arrivals)
        }
        for promise in abandoned.0 { promise.fail(ChannelError.ioOnClosedChannel) }
        for arrival in abandoned.1 { arrival.continuation.resume() }
    }
}

/// How calls of one name fared.
package struct CallCounters: Sendable, Encodable {
    package var arrived = 0
    /// Played to the end.
    package var finished = 0
    /// The client went away first.
    package var aborted = 0

    package init() {}
}

/// One request as it came over the wire.
package struct ReceivedRequest: Sendable {
    /// Request line and header lines, raw.
    package var head: ByteBuffer
    /// Without chunked framing.
    package var body: ByteBuffer

    package init(head: ByteBuffer, body: ByteBuffer) {
        self.head = head
        self.body = body
    }

    package var requestLine: String { String(buffer: head).prefix { $0 != "\r\n" && $0 != "\n" }.description }

    /// In order and as spelled; names may repeat.
    package var headers: [(name: String, value: String)] {
        let lines: [Substring] = String(buffer: head).split(separator: Character("\r\n"))
        return lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts.first ?? ""), String((parts.last ?? "").drop { $0 == " " }))
        }
    }

    /// The first value of a header, the name in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
