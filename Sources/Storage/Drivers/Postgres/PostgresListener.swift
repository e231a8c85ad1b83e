import CPostgres
import Dispatch
import Glibc
import Synchronization

/// Hears of changes as they are committed, on a session of its own. Whoever listens asks at times all the same: a session may be
/// gone for a while before that is known.
package final class PostgresListener: Sendable {
    static let channel = "tokenaudit_changes"
    /// Between two attempts to get a session.
    private static let pauseMilliseconds = 1_000

    private struct State {
        /// The session's, to be cut when it is to end.
        var socket: Int32?
        var isStopped = false
    }

    private let url: String
    private let state = Mutex(State())
    private let stopping = Permits(0)

    init(url: String) { self.url = url }

    /// What is committed now will be heard of.
    package var isListening: Bool { state.withLock { $0.socket != nil } }

    /// - Parameter heard: something may have changed; also where the session comes or goes. On the listener's own thread.
    func start(_ heard: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "tokenaudit.changes").async { [self] in
            repeat {
                try? listen(heard)
                heard()
            } while !stopping.take(withinMilliseconds: Self.pauseMilliseconds)
        }
    }

    /// Its session ends soon. Never blocks: it may just be waiting for a server that is away.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            if let socket = state.socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        stopping.give()
    }

    /// Returns or throws when the session has ended.
    private func listen(_ heard: () -> Void) throws {
        let session = try PostgresConnection(url: url, use: .reports)
        try session.run("LISTEN \(Self.channel)")
        let isWanted = state.withLock { state in
            if !state.isStopped { state.socket = session.socket }
            return !state.isStopped
        }
        // Before the session, whose descriptor may be another's soon.
        defer { withExtendedLifetime(session) { state.withLock { $0.socket = nil } } }
        guard isWanted else { return }
        // What was committed before it listened.
        heard()
        while try session.awaitNotice() { heard() }
    }
}

extension PostgresConnection {
    /// Blocks until the server tells something. - Returns: false once the session has ended.
    fileprivate func awaitNotice() throws(StorageError) -> Bool {
        while true {
            var wanted = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if poll(&wanted, 1, -1) < 0 {
                guard errno == EINTR else { throw .io("its session cannot be waited for") }
                continue
            }
            guard PQconsumeInput(handle) == 1, PQstatus(handle) == CONNECTION_OK else { return false }
            var count = 0
            while let notice = PQnotifies(handle) {
                PQfreemem(notice)
                count += 1
            }
            if count > 0 { return true }
        }
    }
}
