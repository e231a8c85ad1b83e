import Glibc
import Synchronization

/// Sessions of one use: opened when they are first needed, replaced once they are broken, never more than so many.
final class SessionPool: Sendable {
    private struct State {
        var idle: [any ServerConnection] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let free: Permits
    private let waitMilliseconds: Int
    private let open: @Sendable () throws -> any ServerConnection

    /// - Parameter waitMilliseconds: how long somebody waits for a session.
    init(limit: Int, waitMilliseconds: Int, open: @escaping @Sendable () throws -> any ServerConnection) {
        self.waitMilliseconds = waitMilliseconds
        self.open = open
        free = Permits(limit)
    }

    /// - Throws: `StorageError.busy` where none becomes free in time, else what opening or `body` throws.
    func lend<Value>(_ body: (any ServerConnection) throws -> Value) throws -> Value {
        guard free.take(withinMilliseconds: waitMilliseconds) else { throw StorageError.busy }
        defer { free.give() }
        guard !state.withLock(\.isClosed) else { throw StorageError.io("the database is closed") }
        let session = try takeIdle() ?? open()
        defer {
            if !session.isBroken {
                state.withLock { if !$0.isClosed { $0.idle.append(session) } }
            }
        }
        return try body(session)
    }

    /// What idles has nothing to hear, except that it is over.
    private func takeIdle() -> (any ServerConnection)? {
        while let session = state.withLock({ $0.idle.popLast() }) {
            var wanted = pollfd(fd: session.socket, events: Int16(POLLIN), revents: 0)
            if poll(&wanted, 1, 0) == 0 { return session }
        }
        return nil
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.idle = []
        }
    }
}
