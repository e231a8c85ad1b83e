import Domain

/// One call from its admission to its end, as a pure state machine: events in, one action out, no clock, no socket.
///
/// Whatever happens, a call that was held is settled exactly once, and what ends its answer comes after that commit.
struct CallMachine {
    enum Phase: Hashable {
        /// The hold was asked for.
        case admitting
        /// Held; a connection to the upstream is being had.
        case connecting
        /// The request was sent; no byte of an answer yet.
        case awaitingHead
        /// A 2xx answer that is held whole until its bill is durable.
        case holdingAnswer
        /// An error answer is being read.
        case readingError
        /// Bytes of the answer have gone to the client.
        case delivering(isEventStream: Bool)
        case settling(then: Finale)
        case ended
    }

    enum AnswerKind: Hashable {
        case eventStream
        case whole
        /// Any status that is not 2xx.
        case error
        /// 2xx in an encoding that cannot be metered.
        case unusable
    }

    enum Deadline: Hashable {
        case connect
        case firstByte
        case upstreamIdle
        case total
        case drain
        case writeStall
    }

    enum Event: Hashable {
        case held
        /// The hold came after the client's patience with the database: it is given back.
        case heldTooLate
        case refused(CallError)
        case connected
        case connectFailed(CallError)
        case head(AnswerKind)
        /// A whole answer outgrew what is held back.
        case answerOutgrewHold
        /// The last byte came, or the stream's own end mark.
        case answerEnded(AnswerVerdict)
        /// Closed early, reset, or not HTTP.
        case upstreamFailed
        case outputBeyondHold
        /// More of a stream was drained for a client that is gone than the limit allows.
        case drainLimit
        case deadline(Deadline)
        case clientGone
        /// The grace period is over.
        case shutdown
        case settled(SettleOutcome)
    }

    enum AnswerVerdict: Hashable {
        case complete
        /// The upstream said, inside a 2xx, that it failed before it produced anything.
        case errorInside
        /// Not JSON where JSON was due.
        case unreadable
        /// An error of ours in the provider's eyes: credentials, its own quota.
        case refusesUs
    }

    /// How the call is to be booked.
    enum Ending: Hashable {
        case capture(Delivery)
        case void(Attempt)
    }

    enum Delivery: Hashable {
        case complete
        case upstreamBroke
        /// Cut because the client was gone and the rest was too long to wait for.
        case clientGone
        case cutAtHold
    }

    enum Attempt: Hashable {
        case notSent
        /// Sent, and no answer: the provider may charge us all the same.
        case unknown
        /// Answered with an error: it will not.
        case answered
    }

    /// What the client gets once the booking is durable.
    enum Finale: Hashable {
        /// The withheld tail of a stream.
        case tail
        /// The whole answer, with its cost.
        case answer
        /// The upstream's own error.
        case relayError
        case respond(CallError)
        /// An error frame into a running stream, then the end of the connection.
        case breakOff(CallError)
        case nothing
    }

    enum Action: Hashable {
        case none
        /// No hold exists: answer and be done.
        case respond(CallError)
        case connect
        case send
        /// Send the head and what has come so far.
        case deliver
        case holdAnswer
        case readError
        /// Read on without forwarding, within the drain's limits.
        case drain
        case settle(Ending)
        case finish(Finale)
        /// The bill is nowhere on disk: nothing more may reach the client.
        case abandon
    }

    private(set) var phase: Phase = .admitting
    private(set) var isClientGone = false
    private(set) var isCut = false
    let isStreamed: Bool

    init(isStreamed: Bool) {
        self.isStreamed = isStreamed
    }

    /// Something was sent upstream and nothing settled yet.
    var isExchanging: Bool {
        switch phase {
        case .awaitingHead, .holdingAnswer, .readingError, .delivering: true
        default: false
        }
    }

    mutating func receive(_ event: Event) -> Action {
        if event == .clientGone { isClientGone = true }
        if event == .shutdown { isCut = true }
        switch phase {
        case .admitting: return admitting(event)
        case .connecting: return connecting(event)
        case .awaitingHead: return awaitingHead(event)
        case .holdingAnswer: return holdingAnswer(event)
        case .readingError: return readingError(event)
        case .delivering(let isEventStream): return delivering(event, isEventStream: isEventStream)
        case .settling(let finale):
            guard case .settled(let outcome) = event else { return .none }
            phase = .ended
            if outcome == .lost { return .abandon }
            return .finish(isClientGone ? .nothing : finale)
        case .ended: return .none
        }
    }

    private mutating func settle(_ ending: Ending, then finale: Finale) -> Action {
        phase = .settling(then: finale)
        return .settle(ending)
    }

    private mutating func admitting(_ event: Event) -> Action {
        switch event {
        case .held:
            if isClientGone { return settle(.void(.notSent), then: .nothing) }
            if isCut { return settle(.void(.notSent), then: .respond(.shuttingDown)) }
            phase = .connecting
            return .connect
        case .heldTooLate: return settle(.void(.notSent), then: .respond(.journalUnavailable))
        case .refused(let error):
            phase = .ended
            return isClientGone ? .finish(.nothing) : .respond(error)
        default: return .none
        }
    }

    private mutating func connecting(_ event: Event) -> Action {
        switch event {
        case .connected:
            phase = .awaitingHead
            return .send
        case .connectFailed(let error): return settle(.void(.notSent), then: .respond(error))
        case .deadline: return settle(.void(.notSent), then: .respond(.upstreamTimeout))
        case .clientGone: return settle(.void(.notSent), then: .nothing)
        case .shutdown: return settle(.void(.notSent), then: .respond(.shuttingDown))
        default: return .none
        }
    }

    private mutating func awaitingHead(_ event: Event) -> Action {
        switch event {
        case .head(.eventStream):
            phase = .delivering(isEventStream: true)
            return .deliver
        case .head(.whole):
            phase = .holdingAnswer
            return .holdAnswer
        case .head(.error):
            phase = .readingError
            return .readError
        case .head(.unusable): return settle(.void(.unknown), then: .respond(.upstreamInvalid))
        case .upstreamFailed: return settle(.void(.unknown), then: .respond(.upstreamBroken))
        case .deadline: return settle(.void(.unknown), then: .respond(.upstreamTimeout))
        case .shutdown: return settle(.void(.unknown), then: .respond(.shuttingDown))
        case .clientGone: return isStreamed ? .drain : .none
        default: return .none
        }
    }

    private mutating func holdingAnswer(_ event: Event) -> Action {
        switch event {
        case .answerEnded(.complete): return settle(.capture(.complete), then: .answer)
        case .answerEnded(.errorInside): return settle(.void(.answered), then: .answer)
        case .answerEnded(.unreadable): return settle(.void(.unknown), then: .respond(.upstreamInvalid))
        case .answerEnded(.refusesUs): return settle(.void(.answered), then: .respond(.upstreamRefusesUs))
        case .answerOutgrewHold:
            phase = .delivering(isEventStream: false)
            return .deliver
        case .upstreamFailed: return settle(.void(.unknown), then: .respond(.upstreamBroken))
        case .deadline: return settle(.void(.unknown), then: .respond(.upstreamTimeout))
        case .shutdown: return settle(.void(.unknown), then: .respond(.shuttingDown))
        default: return .none
        }
    }

    private mutating func readingError(_ event: Event) -> Action {
        switch event {
        case .answerEnded(.refusesUs): return settle(.void(.answered), then: .respond(.upstreamRefusesUs))
        case .answerEnded(.unreadable): return settle(.void(.answered), then: .respond(.upstreamInvalid))
        case .answerEnded: return settle(.void(.answered), then: .relayError)
        case .upstreamFailed: return settle(.void(.answered), then: .respond(.upstreamBroken))
        case .deadline: return settle(.void(.answered), then: .respond(.upstreamTimeout))
        case .shutdown: return settle(.void(.answered), then: .respond(.shuttingDown))
        default: return .none
        }
    }

    private mutating func delivering(_ event: Event, isEventStream: Bool) -> Action {
        switch event {
        case .answerEnded(.errorInside): return settle(.void(.answered), then: .tail)
        case .answerEnded(.refusesUs): return settle(.void(.answered), then: .breakOff(.upstreamRefusesUs))
        case .answerEnded: return settle(.capture(.complete), then: .tail)
        case .upstreamFailed: return settle(.capture(.upstreamBroke), then: .breakOff(.upstreamBroken))
        case .outputBeyondHold: return settle(.capture(.cutAtHold), then: .breakOff(.outputBeyondHold))
        case .drainLimit where !isEventStream: return .none
        case .drainLimit, .deadline(.drain), .deadline(.writeStall):
            return settle(.capture(.clientGone), then: .nothing)
        case .deadline:
            // Who stays is told; who left has hidden what was still to come.
            if isClientGone { return settle(.capture(.clientGone), then: .nothing) }
            return settle(.capture(.upstreamBroke), then: .breakOff(.upstreamTimeout))
        case .shutdown:
            return settle(.capture(isClientGone ? .clientGone : .upstreamBroke), then: .breakOff(.shuttingDown))
        case .clientGone: return isEventStream ? .drain : .none
        default: return .none
        }
    }
}
