import Domain
import Testing

@testable import Gateway

/// A call told as the events it met, the actions it answered with, and where it ended.
struct CallStory: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var isStreamed = true
    let events: [CallMachine.Event]
    let actions: [CallMachine.Action]

    init(
        _ name: String,
        isStreamed: Bool = true,
        _ events: [CallMachine.Event],
        _ actions: [CallMachine.Action]
    ) {
        testDescription = name
        self.isStreamed = isStreamed
        self.events = events
        self.actions = actions
    }
}

private let sent: [CallMachine.Event] = [.held, .connected]
private let sentActions: [CallMachine.Action] = [.connect, .send]

private let stories: [CallStory] = [
    CallStory(
        "a stream that goes well: the tail waits for the commit",
        sent + [.head(.eventStream), .answerEnded(.complete), .settled(.durable)],
        sentActions + [.deliver, .settle(.capture(.complete)), .finish(.tail)]
    ),
    CallStory(
        "a whole answer that goes well: its head waits for the commit",
        isStreamed: false,
        sent + [.head(.whole), .answerEnded(.complete), .settled(.durable)],
        sentActions + [.holdAnswer, .settle(.capture(.complete)), .finish(.answer)]
    ),
    CallStory(
        "a whole answer larger than what is held back",
        isStreamed: false,
        sent + [.head(.whole), .answerOutgrewHold, .answerEnded(.complete), .settled(.durable)],
        sentActions + [.holdAnswer, .deliver, .settle(.capture(.complete)), .finish(.tail)]
    ),
    CallStory("refused: nothing to settle", [.refused(.insufficientQuota)], [.respond(.insufficientQuota)]),
    CallStory(
        "the client left before the hold came: held, so it is voided, and nothing is sent",
        [.clientGone, .held, .settled(.durable)],
        [.none, .settle(.void(.notSent)), .finish(.nothing)]
    ),
    CallStory(
        "the hold came too late: it is given back, and nothing is sent",
        [.heldTooLate, .settled(.durable)],
        [.settle(.void(.notSent)), .finish(.respond(.journalUnavailable))]
    ),
    CallStory(
        "the client left while a connection was had",
        [.held, .clientGone, .connected, .settled(.durable)],
        [.connect, .settle(.void(.notSent)), .none, .finish(.nothing)]
    ),
    CallStory(
        "connect refused",
        [.held, .connectFailed(.upstreamUnreachable), .settled(.durable)],
        [.connect, .settle(.void(.notSent)), .finish(.respond(.upstreamUnreachable))]
    ),
    CallStory(
        "sent and timed out: void for the customer, unknown at the provider",
        sent + [.deadline(.firstByte), .settled(.durable)],
        sentActions + [.settle(.void(.unknown)), .finish(.respond(.upstreamTimeout))]
    ),
    CallStory(
        "sent and cut before any answer",
        sent + [.upstreamFailed, .settled(.durable)],
        sentActions + [.settle(.void(.unknown)), .finish(.respond(.upstreamBroken))]
    ),
    CallStory(
        "an HTTP error is relayed and costs nothing",
        sent + [.head(.error), .answerEnded(.complete), .settled(.durable)],
        sentActions + [.readError, .settle(.void(.answered)), .finish(.relayError)]
    ),
    CallStory(
        "the provider refuses us: our 503, not its 401",
        sent + [.head(.error), .answerEnded(.refusesUs), .settled(.durable)],
        sentActions + [.readError, .settle(.void(.answered)), .finish(.respond(.upstreamRefusesUs))]
    ),
    CallStory(
        "a first event that is an error is void, and passes",
        sent + [.head(.eventStream), .answerEnded(.errorInside), .settled(.durable)],
        sentActions + [.deliver, .settle(.void(.answered)), .finish(.tail)]
    ),
    CallStory(
        "a first event that tells our credential is void, and does not pass",
        sent + [.head(.eventStream), .answerEnded(.refusesUs), .settled(.durable)],
        sentActions + [.deliver, .settle(.void(.answered)), .finish(.breakOff(.upstreamRefusesUs))]
    ),
    CallStory(
        "cut in the middle: what was delivered is charged, the client learns of the break",
        sent + [.head(.eventStream), .upstreamFailed, .settled(.durable)],
        sentActions + [.deliver, .settle(.capture(.upstreamBroke)), .finish(.breakOff(.upstreamBroken))]
    ),
    CallStory(
        "the client leaves a stream: drained to its usage",
        sent + [.head(.eventStream), .clientGone, .answerEnded(.complete), .settled(.durable)],
        sentActions + [.deliver, .drain, .settle(.capture(.complete)), .finish(.nothing)]
    ),
    CallStory(
        "the client leaves a stream that is too long to drain",
        sent + [.head(.eventStream), .clientGone, .drainLimit, .settled(.durable)],
        sentActions + [.deliver, .drain, .settle(.capture(.clientGone)), .finish(.nothing)]
    ),
    CallStory(
        "the client leaves a call that is not streamed: it runs on to its end",
        isStreamed: false,
        sent + [.clientGone, .head(.whole), .answerEnded(.complete), .settled(.durable)],
        sentActions + [.none, .holdAnswer, .settle(.capture(.complete)), .finish(.nothing)]
    ),
    CallStory(
        "and no limit on what is drained cuts it, held or not: only a stream has one",
        isStreamed: false,
        sent + [
            .clientGone, .head(.whole), .drainLimit, .answerOutgrewHold, .drainLimit, .answerEnded(.complete),
            .settled(.durable),
        ],
        sentActions + [
            .none, .holdAnswer, .none, .deliver, .none, .settle(.capture(.complete)), .finish(.nothing),
        ]
    ),
    CallStory(
        "the client leaves before the head: whatever deadline ends the stream, its leaving hid the output",
        sent + [.clientGone, .head(.eventStream), .deadline(.upstreamIdle), .settled(.durable)],
        sentActions + [.drain, .deliver, .settle(.capture(.clientGone)), .finish(.nothing)]
    ),
    CallStory(
        "the client leaves an answer too large to hold, which does not end in time",
        isStreamed: false,
        sent + [.head(.whole), .answerOutgrewHold, .clientGone, .deadline(.total), .settled(.durable)],
        sentActions + [.holdAnswer, .deliver, .none, .settle(.capture(.clientGone)), .finish(.nothing)]
    ),
    CallStory(
        "output beyond the hold is cut",
        sent + [.head(.eventStream), .outputBeyondHold, .settled(.durable)],
        sentActions + [.deliver, .settle(.capture(.cutAtHold)), .finish(.breakOff(.outputBeyondHold))]
    ),
    CallStory(
        "garbage under status 200",
        isStreamed: false,
        sent + [.head(.whole), .answerEnded(.unreadable), .settled(.durable)],
        sentActions + [.holdAnswer, .settle(.void(.unknown)), .finish(.respond(.upstreamInvalid))]
    ),
    CallStory(
        "a bill that is nowhere on disk: the last part is withheld",
        sent + [.head(.eventStream), .answerEnded(.complete), .settled(.lost)],
        sentActions + [.deliver, .settle(.capture(.complete)), .abandon]
    ),
    CallStory(
        "the end of the grace period, before anything was sent",
        [.shutdown, .held, .settled(.durable)],
        [.none, .settle(.void(.notSent)), .finish(.respond(.shuttingDown))]
    ),
    CallStory(
        "the end of the grace period in a stream",
        sent + [.head(.eventStream), .shutdown, .settled(.durable)],
        sentActions + [.deliver, .settle(.capture(.upstreamBroke)), .finish(.breakOff(.shuttingDown))]
    ),
    CallStory(
        "events after the settlement began change nothing",
        sent + [
            .head(.eventStream), .answerEnded(.complete), .upstreamFailed, .deadline(.total), .settled(.durable),
            .clientGone,
        ],
        sentActions + [.deliver, .settle(.capture(.complete)), .none, .none, .finish(.tail), .none]
    ),
]

@Suite("the call's state machine")
struct CallMachineTests {
    @Test("stories", arguments: stories)
    func story(_ story: CallStory) {
        var machine = CallMachine(isStreamed: story.isStreamed)
        #expect(story.events.map { machine.receive($0) } == story.actions)
    }

    /// Whatever the order of events, a held call is settled exactly once, and nothing is finished before its settlement.
    @Test("random orders settle once", arguments: 0..<20)
    func randomOrders(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let events: [CallMachine.Event] = [
            .held, .heldTooLate, .refused(.overloaded), .connected, .connectFailed(.upstreamUnreachable),
            .head(.eventStream),
            .head(.whole),
            .head(.error), .head(.unusable), .answerOutgrewHold, .answerEnded(.complete), .answerEnded(.errorInside),
            .answerEnded(.unreadable), .answerEnded(.refusesUs), .upstreamFailed, .outputBeyondHold, .drainLimit,
            .deadline(.connect), .deadline(.firstByte), .deadline(.drain), .deadline(.total), .clientGone, .shutdown,
            .settled(.durable), .settled(.lost),
        ]
        for _ in 0..<2_000 {
            var machine = CallMachine(isStreamed: Bool.random(using: &random))
            var held = false
            var settled = 0
            for _ in 0..<40 {
                let event = events.randomElement(using: &random) ?? .held
                let wasAdmitting = machine.phase == .admitting
                switch machine.receive(event) {
                case .settle: settled += 1
                case .finish, .abandon: #expect(settled == (held ? 1 : 0))
                case .respond: #expect(settled == 0 && !held)
                case .send: #expect(held)
                default: break
                }
                if wasAdmitting, event == .held || event == .heldTooLate { held = true }
            }
            if machine.phase == .ended { #expect(settled == (held ? 1 : 0)) }
            #expect(settled <= 1)
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same run from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
