import Dialects
import Domain
import NIOCore

/// What is kept of a running call's bodies.
struct CallCapture {
    private let isWhole: Bool
    private let budget: BodyBudget
    private var request: KeptPieces
    private var answer: KeptPieces

    init(isWhole: Bool, mostBytes: Int, budget: BodyBudget) {
        self.isWhole = isWhole
        self.budget = budget
        // A description needs the whole request, and is small.
        request = KeptPieces(mostBytes: isWhole ? mostBytes : .max)
        answer = KeptPieces(mostBytes: mostBytes)
    }

    mutating func take(request bytes: ByteBuffer) { request.append(bytes, from: budget) }

    mutating func take(answer bytes: ByteBuffer) { answer.append(bytes, from: budget) }

    func call(_ id: CallID, isStreamed: Bool) -> CapturedCall {
        let kept = KeptBodies(request: request, answer: answer, budget: budget)
        return CapturedCall(id: id, capture: isWhole ? .full : .metadata, isStreamed: isStreamed) { [isWhole] in
            let (request, answer) = (kept.request.bytes(), kept.answer.bytes())
            if isWhole { return (kept.request.captured(request), kept.answer.captured(answer)) }
            return (
                kept.request.captured(OpenAIOutline.request(request)),
                kept.answer.captured(OpenAIOutline.answer(answer, isStreamed: isStreamed))
            )
        }
    }
}

/// The bodies of a call that is over; with the last reference the budget has its bytes back.
private final class KeptBodies: Sendable {
    let request: KeptPieces
    let answer: KeptPieces
    private let budget: BodyBudget

    init(request: KeptPieces, answer: KeptPieces, budget: BodyBudget) {
        self.request = request
        self.answer = answer
        self.budget = budget
    }

    deinit { budget.giveBack(request.keptBytes + answer.keptBytes) }
}
