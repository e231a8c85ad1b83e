import Dispatch
import Synchronization

/// Sessions of one use: opened when they are first needed, replaced once they are broken, never more than so many.
final class SessionPool: Sendable {
    private struct State {
        var idle: [any ServerConnection] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let free: DispatchSemaphore
    private let limit: Int
    private let waitMilliseconds: Int
    private let open: @Sendable () throws -> any ServerConnection

    /// - Parameter waitMilliseconds: how long somebody waits for a session.
    init(limit: Int, waitMilliseconds: Int, open: @escaping @Sendable () throws -> any ServerConnection) {
        self.limit = limit
        self.waitMilliseconds = waitMilliseconds
        self.open = open
        free = DispatchSemaphore(value: limit)
    }

    /// - Throws: `StorageError.busy` where none becomes free in time, else what opening or `body` throws.
    func lend<Value>(_ body: (any ServerConnection) throws -> Value) throws -> Value {
        guard free.wait(timeout: .now() + .milliseconds(waitMilliseconds)) == .success else { throw StorageError.busy }
        defer { free.signal() }
        let (kept, isClosed) = state.withLock { state in (state.idle.popLast(), state.isClosed) }
        guard !isClosed else { throw StorageError.io("the database is closed") }
        let session = try kept ?? open()
        defer {
            if !session.isBroken {
                state.withLock { if !$0.isClosed { $0.idle.append(session) } }
            }
        }
        return try body(session)
    }

    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        _ = idle
    }
}
