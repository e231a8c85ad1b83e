package import Domain

/// How the control plane's stores reach the database: reads on few threads and connections apart from the data plane's,
/// writes one at a time on a thread of their own, each a short transaction at the ledger's time.
package struct ControlDesk: Sendable {
    /// As many threads as the control plane has reading connections.
    static let readers = 2

    let clock: @Sendable () -> Instant
    private let writer: any Database
    private let reader: any Database
    private let reads = BoundedThreads(label: "tokenaudit.control.reads", width: readers, waiting: 254)
    private let writes = BoundedThreads(label: "tokenaudit.control.writes", width: 1, waiting: 255)

    /// - Parameter reader: where it has reading connections apart from the writer's.
    package init(writer: any Database, reader: any Database, clock: @escaping @Sendable () -> Instant) {
        self.writer = writer
        self.reader = reader
        self.clock = clock
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws(DeskError) -> Value {
        do {
            return try await reads.run { [reader] in try reader.read(body) }
        } catch { throw DeskError(error) }
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (ActTransaction) throws -> Value
    ) async throws(DeskError) -> Value {
        do {
            return try await writes.run { [writer, clock] in
                try writer.write { try body(ActTransaction($0, clock: clock)) }
            }
        } catch { throw DeskError(error) }
    }
}

extension DeskError {
    init(_ error: any Error) {
        switch error {
        case let error as DeskError: self = error
        case LedgerError.ended: self = .conflict(.ended)
        case LedgerError.exceedsCaptured: self = .conflict(.exceedsCaptured)
        case let error as StorageError: self = .unavailable(error.description)
        default: self = .unavailable("\(error)")
        }
    }
}
