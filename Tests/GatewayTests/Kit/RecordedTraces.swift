import Domain
import Synchronization

/// Traces as calls end, for a test to read.
final class RecordedTraces: TraceSink {
    private let kept = Mutex<[CallTrace]>([])

    var traces: [CallTrace] { kept.withLock { $0 } }

    func keep(_ trace: CallTrace) { kept.withLock { $0.append(trace) } }
}
