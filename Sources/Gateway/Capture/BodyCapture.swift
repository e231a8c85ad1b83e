package import Domain
import Synchronization

/// Whether bodies are kept, how much of each, and who takes them; the first two may change while calls run.
package final class BodyCapture: Sendable {
    private let sink: any BodySink
    private let budget: BodyBudget
    private let code = Atomic<UInt8>(0)
    private let most = Atomic<Int>(0)

    /// - Parameter budgetBytes: of bodies in memory at a time, until they are written.
    package init(sink: any BodySink, budgetBytes: Int) {
        self.sink = sink
        budget = BodyBudget(limit: budgetBytes)
    }

    /// - Parameter mostBytes: of each direction.
    package func set(_ capture: Capture, mostBytes: Int) {
        most.store(mostBytes, ordering: .relaxed)
        code.store(capture.code, ordering: .relaxed)
    }

    /// - Returns: nil where nothing is kept of this key's calls.
    func begin(for principal: Principal) -> CallCapture? {
        let code = principal.capture?.code ?? code.load(ordering: .relaxed)
        guard code > 0 else { return nil }
        return CallCapture(isWhole: code == Capture.full.code, mostBytes: most.load(ordering: .relaxed), budget: budget)
    }

    func end(_ capture: CallCapture, of id: CallID, isStreamed: Bool) {
        sink.keep(capture.call(id, isStreamed: isStreamed))
    }
}

extension Capture {
    fileprivate var code: UInt8 {
        switch self {
        case .off: 0
        case .metadata: 1
        case .full: 2
        }
    }
}
