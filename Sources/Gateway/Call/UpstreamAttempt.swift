import Dialects
import Domain
import Logging
import NIOCore
import NIOHTTP1

/// One attempt to have a call answered: its connection to the upstream, what comes back on it, and the meter on that.
///
/// Tells its exchange what happened and forwards through it; on the call's event loop, which is why it may be unchecked.
final class UpstreamAttempt: UpstreamDelegate, @unchecked Sendable {
    /// Until the exchange is over.
    private var exchange: Exchange?
    private let prepared: PreparedCall
    private let limits: GatewaySettings.Limits
    private var connection: UpstreamConnection?
    private(set) var head: HTTPResponseHead?
    private(set) var firstByteMilliseconds: Int64?
    /// Of the budget for held answers; a small one needs none.
    private(set) var share: BudgetShare?
    var meter = AnswerMeter()

    init(of exchange: Exchange, answering prepared: PreparedCall, hold: Hold) {
        self.exchange = exchange
        self.prepared = prepared
        limits = exchange.gateway.settings.limits
        meter.credential = prepared.quoted.route.provider.credential
        if prepared.request.isStreamed {
            meter.expectStream(
                stripsUsage: !prepared.request.asksForUsage,
                choices: prepared.request.choices,
                prompts: prepared.request.promptCount,
                eventByteLimit: limits.eventBytes,
                outputBound: OutputBound(
                    tokens: prepared.heldOutput(hold),
                    choices: prepared.request.choices,
                    echoBytes: prepared.request.largestEchoBytes
                )
            )
        }
    }

    private var provider: Provider { prepared.quoted.route.provider }

    // MARK: - The exchange's side

    func connect() {
        guard let exchange else { return }
        let pool = exchange.loop.pool
        let key = UpstreamPool.Key(provider.baseURL)
        if let idle = pool.takeIdle(key, now: .now()) {
            connection = idle
            return exchange.receive(.connected)
        }
        pool.connect(key).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let connected):
                guard let exchange = self.exchange, exchange.phase == .connecting else { return connected.close() }
                connection = connected
                exchange.receive(.connected)
            case .failure(let error):
                warn("provider unreachable", cause: error)
                self.exchange?.receive(.connectFailed(.upstreamUnreachable))
            }
        }
    }

    func send(_ request: ByteBuffer) {
        guard let connection else { return upstreamFailed(nil) }
        connection.send(request, delegate: self)
    }

    /// Stops reading, so that the upstream waits for the client.
    func pause() {
        connection?.pause()
        exchange?.heldBack()
    }

    func resume() {
        exchange?.readsOn()
        connection?.resume()
    }

    /// The answer is over for the bill. A stream that told its end keeps its connection: the last bytes are on their way.
    func end(_ ending: CallMachine.Ending) -> BookingFacts {
        if !meter.hasStreamEnded || ending != .capture(.complete) {
            connection?.cancel()
            connection = nil
        }
        return meter.facts()
    }

    /// The exchange is over: what still comes is of no interest.
    func cancel() {
        share = nil
        exchange = nil
        connection?.cancel()
        connection = nil
    }

    /// Lets go of what was held, of an answer too large to be held whole.
    func releaseHeld() {
        forward(meter.exchangeHeld(for: ByteBuffer()), keeping: share)
        share = nil
    }

    /// Whether as much more of the answer may be held.
    private func mayHold(_ bytes: Int) -> Bool {
        guard let exchange, meter.heldBytes + bytes <= limits.heldAnswerBytes else { return false }
        // As much is kept of an answer that is not held: nothing is gained by not holding a small one.
        guard meter.heldBytes + bytes > AnswerMeter.windowBytes else { return true }
        let share = share ?? BudgetShare(of: exchange.gateway.heldAnswers)
        self.share = share
        return share.take(bytes)
    }

    /// The upstream's error as the client may see it.
    func relayedError() -> (head: HTTPResponseHead, body: ByteBuffer)? {
        head.flatMap { AnswerHead.relay($0, body: meter.held, credential: provider.credential) }
    }

    private func forward(_ bytes: ByteBuffer, keeping share: BudgetShare? = nil) {
        if exchange?.forward(bytes, keeping: share) == false { pause() }
    }

    private func warn(_ message: StaticString, cause: any Error) {
        guard let exchange else { return }
        exchange.logger.warning("\(message)", metadata: ["provider": "\(provider.name)", "cause": "\(cause)"])
    }

    /// Tells the call that its answer is over, and the operator where it is we whom the provider refuses.
    private func ended(_ verdict: CallMachine.AnswerVerdict) {
        guard let exchange else { return }
        if verdict == .refusesUs {
            exchange.logger.error(
                "a provider refuses us",
                metadata: ["provider": "\(provider.name)", "status": "\(meter.statusCode)"]
            )
        }
        exchange.receive(.answerEnded(verdict))
    }

    // MARK: - The upstream's side

    func upstreamHead(_ head: HTTPResponseHead) {
        guard let exchange, exchange.phase == .awaitingHead else { return }
        self.head = head
        firstByteMilliseconds = exchange.sinceStart.nanoseconds / 1_000_000
        meter.statusCode = Int(head.status.code)
        Failpoint.hit("gateway.upstream-head")
        exchange.receive(.head(AnswerHead.kind(of: head, isStreamed: prepared.request.isStreamed)))
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        guard let exchange else { return }
        exchange.sawActivity()
        switch exchange.phase {
        case .delivering(isEventStream: true):
            // An answer that is not streamed is read to its end, or nothing would be known of it.
            if exchange.isClientGone, meter.drain(bytes.readableBytes) > limits.drainBytes {
                return exchange.receive(.drainLimit)
            }
            // What one read brought is metered and forwarded as one piece: a burst costs one write, not one an event.
            meter.hold(bytes)
        case .delivering(isEventStream: false): forward(meter.exchangeHeld(for: bytes))
        case .holdingAnswer:
            if mayHold(bytes.readableBytes) { return meter.hold(bytes) }
            exchange.receive(.answerOutgrewHold)
            // It may be the last, and waits.
            forward(meter.exchangeHeld(for: bytes))
        case .readingError:
            if meter.heldBytes + bytes.readableBytes <= limits.errorBodyBytes {
                meter.hold(bytes)
            } else {
                // A piece of it cannot be relayed; whom it refuses is told by its status all the same.
                ended(AnswerHead.refusesUs(head, body: meter.held) ? .refusesUs : .unreadable)
            }
        case .settling: meter.takeTail(bytes)
        default: break
        }
    }

    func upstreamReadComplete() {
        meterBurst()
        exchange?.flush()
    }

    /// Lets what has come of a stream through, and takes from it what the bill needs.
    private func meterBurst() {
        guard meter.heldBytes > 0, let exchange, exchange.phase == .delivering(isEventStream: true) else { return }
        do {
            let out = try meter.meterHeld()
            if out.readableBytes > 0 {
                if meter.isBeyondHold { return exchange.receive(.outputBeyondHold) }
                forward(out)
                if meter.hasOutput { exchange.sawOutput() }
                Failpoint.hit("gateway.mid-stream")
            }
            if let verdict = meter.streamVerdict {
                Failpoint.hit("gateway.usage-received")
                ended(verdict)
            }
        } catch {
            warn("stream could not be read", cause: error)
            if meter.isOnlyError { ended(.refusesUs) } else { exchange.receive(.upstreamFailed) }
        }
    }

    func upstreamEnd() {
        connection = nil
        meterBurst()
        guard let exchange else { return }
        switch exchange.phase {
        case .delivering(isEventStream: true):
            exchange.receive(meter.verdictOfEndedStream.map { .answerEnded($0) } ?? .upstreamFailed)
        case .delivering(isEventStream: false):
            meter.readWindow()
            ended(.complete)
        case .holdingAnswer: ended(meter.readWhole())
        case .readingError: ended(AnswerHead.verdict(ofError: head, body: meter.held))
        default: break
        }
    }

    func upstreamFailed(_ error: (any Error)?) {
        connection = nil
        meterBurst()
        guard let exchange else { return }
        if let error, exchange.isExchanging { warn("provider broke off", cause: error) }
        exchange.receive(.upstreamFailed)
    }
}
