import Dispatch
import Synchronization

/// Where reports are read: few threads and a bounded queue before them, so that no number of reports takes what the data
/// plane needs.
final class ReportThreads: Sendable {
    /// As many as the reading connections that reports have.
    static let width = 2
    private static let limit = 256

    private let lanes: [DispatchQueue]
    private let turn = Atomic(0)
    private let waiting = Atomic(0)

    init() {
        lanes = (0..<Self.width).map { DispatchQueue(label: "tokenaudit.reports.\($0)") }
    }

    /// - Throws: `StorageError.busy` where too many wait already, else what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.limit else { throw StorageError.busy }
        let lane = lanes[turn.wrappingAdd(1, ordering: .relaxed).newValue & (Self.width - 1)]
        return try await withCheckedThrowingContinuation { continuation in
            lane.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
