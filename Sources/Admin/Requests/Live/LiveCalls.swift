import Domain
package import Logging
import NIOCore
import Synchronization

/// Tells whoever listens of calls as they begin and end, from the database, so that it does not matter which replica served
/// them. One reading a second serves all listeners of a process; where nobody listens, nothing is read.
package final class LiveCalls: Sendable {
    fileprivate struct State {
        var board: LiveBoard
        var streams: [LiveBoard.ID: AsyncStream<ByteBuffer>.Continuation] = [:]
        /// Those who wait for the first reading.
        var ungreeted: Set<LiveBoard.ID> = []
        var isFollowing = false
        var isStopped = false
    }

    enum Refusal: Error, Hashable {
        case tooMany
        case stopped
    }

    /// Parcels that wait for a slow reader.
    private static let mostWaiting = 4

    private let log: any CallLog
    private let sessions: any SessionStore
    private let now: @Sendable () -> Instant
    private let interval: Duration
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(
        log: any CallLog,
        sessions: any SessionStore,
        limits: LiveBoard.Limits = LiveBoard.Limits(),
        interval: Duration = .seconds(1),
        now: @escaping @Sendable () -> Instant
    ) {
        self.log = log
        self.sessions = sessions
        self.interval = interval
        self.now = now
        state = Mutex(State(board: LiveBoard(limits)))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Begins to listen; whoever drops the stream has ended.
    func listen(_ listener: LiveListener) throws(Refusal) -> AsyncStream<ByteBuffer> {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream(
            bufferingPolicy: .bufferingOldest(Self.mostWaiting)
        )
        let id: LiveBoard.ID = try state.withLock { state throws(Refusal) in
            guard !state.isStopped else { throw .stopped }
            guard let id = state.board.add(listener) else { throw .tooMany }
            state.streams[id] = continuation
            if state.isFollowing {
                continuation.yield(ByteBuffer(string: LiveParcel.greeting))
            } else {
                state.ungreeted.insert(id)
            }
            return id
        }
        continuation.onTermination = { [weak self] _ in self?.leave(id) }
        wake.yield()
        return stream
    }

    private func leave(_ id: LiveBoard.ID) {
        state.withLock { state in
            state.board.remove(id)
            state.streams[id] = nil
            state.ungreeted.remove(id)
        }
    }

    /// Ends all streams, and lets nobody listen any more.
    package func stop() {
        let streams = state.withLock { state in
            state.isStopped = true
            return Array(state.streams.values)
        }
        for stream in streams { stream.finish() }
    }

    /// Reads while somebody listens, until the task is cancelled.
    package func run(logger: Logger) async {
        for await _ in wakes { await follow(logger) }
    }

    private func follow(_ logger: Logger) async {
        var mark: CallMark?
        var isFailing = false
        while !Task.isCancelled, isWanted() {
            keepAlive()
            do {
                mark = try await read(since: mark)
                isFailing = false
            } catch {
                if !isFailing { logger.warning("live calls wait for the database", metadata: ["cause": "\(error)"]) }
                isFailing = true
            }
            try? await Task.sleep(for: interval)
        }
    }

    private func isWanted() -> Bool {
        state.withLock { state in
            if state.streams.isEmpty { state.isFollowing = false }
            return !state.streams.isEmpty
        }
    }

    private func keepAlive() {
        state.withLock { state in
            for id in state.board.secondPassed() {
                state.streams[id]?.yield(ByteBuffer(string: LiveParcel.keepAlive))
                state.board.sent(to: id)
            }
        }
    }

    /// Asks first whether those who listen still may.
    private func read(since mark: CallMark?) async throws(DeskError) -> CallMark {
        // Whoever comes meanwhile was just asked about.
        let asked = state.withLock { $0.board }
        let ended = asked.ended(try await sessions.standings(of: asked.sessions), at: now())
        for stream in state.withLock({ state in ended.compactMap { state.streams[$0] } }) { stream.finish() }
        let board = state.withLock { $0.board }
        let news = try await log.news(since: mark) { board.chosen(of: $0) }
        // Written beside the lock, for that takes a while.
        let parcels = board.parcels(of: news)
        let cut = state.withLock { state in
            state.isFollowing = true
            for id in state.ungreeted { state.streams[id]?.yield(ByteBuffer(string: LiveParcel.greeting)) }
            state.ungreeted = []
            return parcels.compactMap { state.deliver($1, to: $0) }
        }
        for stream in cut { stream.finish() }
        return news.mark
    }
}

extension LiveCalls.State {
    /// - Returns: a stream that is to be ended, for its reader takes nothing.
    fileprivate mutating func deliver(
        _ parcel: LiveParcel,
        to id: LiveBoard.ID
    ) -> AsyncStream<ByteBuffer>.Continuation? {
        guard let stream = streams[id] else { return nil }
        switch stream.yield(ByteBuffer(string: parcel.text)) {
        case .enqueued: board.delivered(to: id)
        case .dropped: return board.refused(parcel, by: id) ? stream : nil
        default: break
        }
        return nil
    }
}
