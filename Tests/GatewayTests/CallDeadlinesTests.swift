import NIOCore
import Testing

@testable import Gateway

/// What happened at which second, and what is said of the deadline at another; the whole has 100 seconds.
private struct Wait: CustomTestStringConvertible, Sendable {
    enum Step: Sendable {
        case expect(CallMachine.Deadline, Double)
        case activity
        case holdBack
        case readOn
    }

    let testDescription: String
    let steps: [(at: Int64, step: Step)]
    /// When to look again, as the last step says; nil where it changes nothing.
    let look: Int64?
    let now: Int64
    let verdict: CallDeadlines.Verdict
}

private func second(_ count: Int64) -> NIODeadline { .uptimeNanoseconds(UInt64(count) * 1_000_000_000) }

private let waits: [Wait] = [
    Wait(
        testDescription: "bytes move the idle deadline",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .activity)],
        look: nil,
        now: 10,
        verdict: .wait(second(17))
    ),
    Wait(
        testDescription: "and nothing moves another",
        steps: [(0, .expect(.firstByte, 10)), (7, .activity)],
        look: nil,
        now: 10,
        verdict: .over(.firstByte)
    ),
    Wait(
        testDescription: "silence is over",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .activity)],
        look: nil,
        now: 17,
        verdict: .over(.upstreamIdle)
    ),
    Wait(
        testDescription: "who is held back is not silent",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .holdBack)],
        look: nil,
        now: 17,
        verdict: .wait(second(100))
    ),
    Wait(
        testDescription: "for all that, the whole ends",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .holdBack)],
        look: nil,
        now: 100,
        verdict: .over(.total)
    ),
    Wait(
        testDescription: "reading on, the wait begins anew",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .holdBack), (50, .readOn)],
        look: 60,
        now: 60,
        verdict: .over(.upstreamIdle)
    ),
    Wait(
        testDescription: "within the whole",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .holdBack), (95, .readOn)],
        look: 100,
        now: 97,
        verdict: .wait(second(100))
    ),
    Wait(
        testDescription: "reading on without having been held back is nothing",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .readOn)],
        look: nil,
        now: 10,
        verdict: .over(.upstreamIdle)
    ),
    Wait(
        testDescription: "a drain does not wait for a client that is gone",
        steps: [(0, .expect(.upstreamIdle, 10)), (7, .holdBack), (8, .expect(.drain, 5)), (9, .readOn)],
        look: nil,
        now: 13,
        verdict: .over(.drain)
    ),
]

@Suite("what a call waits for")
struct CallDeadlinesTests {
    @Test("table", arguments: waits)
    fileprivate func table(_ wait: Wait) {
        var deadlines = CallDeadlines()
        deadlines.begin(totalSeconds: 100, now: second(0))
        var look: NIODeadline?
        for (at, step) in wait.steps {
            switch step {
            case .expect(let kind, let seconds):
                let first = deadlines.expect(kind, within: seconds, now: second(at))
                #expect(first == second(at) + .seconds(seconds))
            case .activity: deadlines.sawActivity(now: second(at))
            case .holdBack: deadlines.holdBack()
            case .readOn: look = deadlines.readOn(now: second(at))
            }
        }
        #expect(look == wait.look.map(second))
        #expect(deadlines.passed(now: second(wait.now)) == wait.verdict)
    }
}
