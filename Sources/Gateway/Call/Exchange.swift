import Dialects
import Domain
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// One call: reads the request, asks the journal, talks to the upstream, and does what ``CallMachine`` says.
///
/// Lives on its connection's event loop and may outlive the connection, to drain and to be settled. It is unchecked
/// because completions carry it across threads; they only ever touch it after a hop back to `loop`.
final class Exchange: Timed, RateWaiter, @unchecked Sendable {
    let gateway: Gateway
    let loop: LoopContext
    private var connection: ConnectionHandler?
    private let head: RequestHead
    let id: CallID
    private let startedAt: Instant
    private var times = CallTimes(began: .now())
    /// Nil where the call is not traced.
    private var span: CallSpan?
    /// Of the last answer that was decided on; 0 where there is none.
    private var statusCode = 0

    private var principal: Principal?
    private var body = ByteBuffer()
    /// Of the budget for bodies, until the call's end.
    private var takenBytes = 0
    private var clientAddress = ""
    private var isBodyComplete = false
    private var prepared: PreparedCall?
    private var hold: Hold?
    private var machine: CallMachine?
    private var isEnded = false
    private var isCounted = false

    private var attempt: UpstreamAttempt?
    private var writer: AnswerWriter
    private var charge = Money.zero
    /// Nil where nothing is kept of its bodies.
    private var capture: CallCapture?
    /// What the call has taken of rates that are limited, until its end.
    private var lease: CallRates.Lease?
    /// What goes on once its rates are decided.
    private var waiting: (request: OpenAIRequest, quoted: QuotedCall)?
    private var usedTokens: Int64 = 0
    private var deadlines = CallDeadlines()

    init(connection: ConnectionHandler, head: RequestHead) {
        self.connection = connection
        self.head = head
        gateway = connection.gateway
        loop = connection.loop
        startedAt = WallClock.now()
        id = CallID(at: startedAt, random: (loop.random(), loop.random()))
        writer = AnswerWriter(
            call: id,
            version: head.version,
            isKeepAlive: head.isKeepAlive && !connection.closesAfterAnswer
        )
        span = gateway.tracing?.begin(under: head.trace, on: loop)
    }

    /// Says of which call each line is, and of which trace.
    var logger: Logger {
        var logger = gateway.logger
        logger[metadataKey: "request_id"] = "\(id)"
        if let trace = span?.server ?? head.trace { logger[metadataKey: "trace_id"] = "\(trace.traceID)" }
        return logger
    }

    // MARK: - Authenticate and read

    func begin() {
        if head.hasContentEncoding { return refuse(.contentEncoding) }
        guard let key = head.key else { return refuse(.missingKey) }
        if let name = head.costBearing { return refuse(.uncoveredMember(name)) }
        gateway.authenticate(key, at: startedAt, on: loop) { [self] result in
            guard !isEnded else { return }
            switch result {
            case .success(let principal): authenticated(principal)
            case .failure(let error): refuse(error)
            }
        }
    }

    private func authenticated(_ principal: Principal) {
        guard takeAddress(principal) else { return refuse(.addressNotAllowed) }
        let limit = gateway.settings.limits.requestBodyBytes
        if let length = head.contentLength, length > limit { return refuse(.bodyTooLarge(limit: limit)) }
        self.principal = principal
        Failpoint.hit("gateway.authenticated")
        if isBodyComplete { return resolve() }
        if head.expectsContinue {
            connection?.send(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
            connection?.flush()
        }
    }

    /// - Returns: false if the key may not be used from there.
    private func takeAddress(_ principal: Principal) -> Bool {
        guard let connection else { return true }
        guard let peer = connection.peer else { return principal.isAllowed(from: nil) }
        let client = gateway.settings.trustedProxies.client(of: peer, forwardedFor: head.forwardedFor)
        clientAddress = client == peer ? connection.peerText : client.description
        return principal.isAllowed(from: client)
    }

    func receiveBody(_ bytes: ByteBuffer) {
        guard !isEnded else { return }
        let limit = gateway.settings.limits.requestBodyBytes
        guard body.readableBytes + bytes.readableBytes <= limit else { return refuse(.bodyTooLarge(limit: limit)) }
        guard gateway.bodies.take(bytes.readableBytes) else { return refuse(.overloaded) }
        takenBytes += bytes.readableBytes
        body.append(bytes)
    }

    func receiveEnd() {
        isBodyComplete = true
        if principal != nil { resolve() }
    }

    /// The client's sending ended before its request did.
    func requestBrokeOff() {
        guard machine == nil, !isEnded else { return }
        connection?.close()
    }

    private func resolve() {
        guard !isEnded, machine == nil else { return }
        times.read = .now()
        gateway.parse(body, endpoint: head.endpoint, on: loop) { [self] result in
            switch result {
            case .success(let request): admit(request)
            case .failure(let error): refuse(error)
            }
        }
    }

    // MARK: - Admit

    private func admit(_ request: OpenAIRequest) {
        guard !isEnded, let principal else { return }
        let quoted: QuotedCall
        do {
            quoted = try QuotedCall.make(
                request,
                endpoint: head.endpoint,
                for: principal,
                catalog: gateway.directory.catalog,
                clamp: gateway.settings.clamp,
                now: startedAt,
                random: loop.random()
            )
        } catch {
            if case .unpricedModel(let model) = error {
                logger.error("model has no price", metadata: ["model": "\(model)"])
            }
            return refuse(error)
        }
        let outcome = gateway.rates.take(
            request,
            endpoint: head.endpoint,
            for: principal,
            of: quoted.model,
            waiter: self
        )
        if case .waiting = outcome { waiting = (request, quoted) } else if !takeRates(outcome) { return }
        // Whoever waits is counted already.
        if let error = gateway.enter() { return refuse(error) }
        isCounted = true
        if waiting == nil { hold(request, quoted, for: principal) }
    }

    func ratesDecided(_ outcome: CallRates.Outcome) {
        loop.hop { [self] in
            if isEnded {
                if case .taken(let lease, _) = outcome { gateway.rates.giveBack(lease, usedTokens: 0) }
                return
            }
            guard let principal, let (request, quoted) = waiting else { return }
            waiting = nil
            if takeRates(outcome) { hold(request, quoted, for: principal) }
        }
    }

    private func hold(_ request: OpenAIRequest, _ quoted: QuotedCall, for principal: Principal) {
        let intent = CallIntent(
            id: id,
            head: head,
            request: request,
            quoted: quoted,
            principal: principal,
            clientAddress: clientAddress,
            startedAt: startedAt
        )
        prepared = PreparedCall(request: request, quoted: quoted, intent: intent)
        machine = CallMachine(isStreamed: request.isStreamed)
        loop.watch(self)
        let asked = AdmissionRequest(
            call: intent,
            candidates: quoted.candidates,
            hasSpendingLimit: principal.hasSpendingLimit
        )
        let queuedAt = NIODeadline.now()
        gateway.journal.admit(asked) { [self] admission in
            loop.hop { [self] in admitted(admission, queuedAt: queuedAt) }
        }
    }

    /// After everything that could refuse the request for what it is: only a good one counts.
    /// - Returns: whether the call goes on.
    private func takeRates(_ outcome: CallRates.Outcome?) -> Bool {
        switch outcome {
        case nil, .waiting: return true
        case .taken(let lease, let standing):
            self.lease = lease
            writer.rates = standing
            return true
        case .refused(let refusal, let standing):
            writer.rates = standing
            refuse(.rateLimited(refusal))
        case .crowded: refuse(.overloaded)
        case .unavailable: refuse(.journalUnavailable)
        }
        return false
    }

    private func admitted(_ admission: Admission, queuedAt: NIODeadline) {
        switch admission {
        case .held(let hold):
            self.hold = hold
            beginCapture()
            writer.outputLimit = hold.isClamped ? hold.outputLimit : nil
            Failpoint.hit("gateway.held")
            let now = NIODeadline.now()
            times.held = now
            deadlines.begin(totalSeconds: gateway.settings.deadlines.totalSeconds, now: now)
            let isLate = queuedAt + .seconds(gateway.settings.deadlines.admitSeconds) < now
            receive(isLate ? .heldTooLate : .held)
        case .refused(let refusal): receive(.refused(CallError(refusal)))
        case .unavailable: receive(.refused(.journalUnavailable))
        }
    }

    // MARK: - Bodies

    private func beginCapture() {
        guard let principal, let prepared else { return }
        capture = gateway.capture?.begin(for: principal)
        capture?.take(request: prepared.request.body)
    }

    /// Only what was admitted is kept: it has a bill beside it.
    private func endCapture() {
        guard let capture, let prepared else { return }
        self.capture = nil
        gateway.capture?.end(capture, of: id, isStreamed: prepared.request.isStreamed)
    }

    // MARK: - What the machine says

    func receive(_ event: CallMachine.Event) {
        guard let action = machine?.receive(event) else { return }
        switch action {
        case .none: break
        case .respond(let error): respond(error)
        case .connect: connect()
        case .send: send()
        case .deliver: deliver()
        case .holdAnswer, .readError: expect(.upstreamIdle, within: gateway.settings.deadlines.upstreamIdleSeconds)
        case .drain:
            expect(.drain, within: gateway.settings.deadlines.drainSeconds)
            attempt?.resume()
        case .settle(let ending): settle(ending)
        case .finish(let finale): finish(finale)
        case .abandon:
            logger.critical("a bill could not be made durable")
            loop.metrics.lostBill()
            statusCode = 0
            connection?.close()
            end()
        }
    }

    /// Answers with an error before any hold exists.
    func refuse(_ error: CallError) {
        guard !isEnded, machine == nil else { return }
        respond(error)
    }

    func clientGone() {
        connection = nil
        guard !isEnded else { return }
        if machine == nil { return end() }
        receive(.clientGone)
        // It may have been held back for the client's sake.
        attempt?.resume()
    }

    func clientWritabilityChanged(_ isWritable: Bool) {
        if isWritable { attempt?.resume() } else if case .delivering = machine?.phase { attempt?.pause() }
    }

    override func cut() { receive(.shutdown) }

    // MARK: - Deadlines

    private func expect(_ kind: CallMachine.Deadline, within seconds: Double) {
        deadline = deadlines.expect(kind, within: seconds, now: .now())
    }

    override func deadlinePassed(now: NIODeadline) {
        switch deadlines.passed(now: now) {
        case .wait(let until): deadline = until
        case .over(let kind): receive(.deadline(kind))
        }
    }

    // MARK: - Forward

    private func connect() {
        guard let prepared, let hold else { return receive(.connectFailed(.upstreamUnreachable)) }
        expect(.connect, within: gateway.settings.deadlines.connectSeconds + 1)
        let attempt = UpstreamAttempt(of: self, answering: prepared, hold: hold)
        self.attempt = attempt
        attempt.connect()
    }

    private func send() {
        guard let attempt, let prepared, let hold else { return receive(.upstreamFailed) }
        let body = prepared.upstreamBody(hold)
        self.body = ByteBuffer()
        expect(.firstByte, within: gateway.settings.deadlines.firstByteSeconds)
        Failpoint.hit("gateway.dispatch")
        times.sent = .now()
        let provider = prepared.quoted.route.provider
        attempt.send(UpstreamRequest.bytes(head, to: provider, trace: span?.client, body: body))
    }

    // MARK: - What the attempt says

    var phase: CallMachine.Phase? { machine?.phase }
    var isClientGone: Bool { machine?.isClientGone ?? true }
    var isExchanging: Bool { machine?.isExchanging ?? false }
    var sinceStart: TimeAmount { .now() - times.began }

    /// Output of a stream was passed on.
    func sawOutput() {
        if times.firstOutput == nil { times.firstOutput = .now() }
    }

    func sawActivity() { deadlines.sawActivity(now: .now()) }

    /// The upstream waits for the client.
    func heldBack() { deadlines.holdBack() }

    func readsOn() {
        if let look = deadlines.readOn(now: .now()), isExchanging { deadline = look }
    }

    /// A piece of the answer's body. - Returns: false where the upstream should wait.
    func forward(_ bytes: ByteBuffer, keeping share: BudgetShare? = nil) -> Bool {
        capture?.take(answer: bytes)
        guard let connection, bytes.readableBytes > 0 else { return true }
        connection.send(writer.piece(bytes), keeping: share)
        return connection.isWritable
    }

    func flush() { connection?.flush() }

    // MARK: - Settle

    private func settle(_ ending: CallMachine.Ending) {
        guard let prepared, let hold else { return }
        let quoted = prepared.quoted
        deadline = .distantFuture
        let now = NIODeadline.now()
        times.settling = now
        var facts = attempt?.end(ending) ?? BookingFacts()
        facts.isClientGone = isClientGone
        facts.echoTokens = prepared.request.estimatedEchoTokens
        let finale: CallMachine.Finale = if case .settling(let finale) = machine?.phase { finale } else { .nothing }
        let outcome = UpstreamOutcome(ending, finale: finale, status: facts.statusCode)
        switch finale {
        case .respond(let error), .breakOff(let error): facts.statusCode = error.status
        default: break
        }
        let result = CallResult.booking(
            ending,
            facts: facts,
            call: prepared.intent,
            hold: hold,
            rates: quoted.price.rates,
            costRates: quoted.route.costRates ?? quoted.price.rates,
            policy: gateway.settings.disconnectUnknown,
            inputLimit: quoted.model.inputLimit(prompts: prepared.request.promptCount),
            outputLimit: prepared.heldOutput(hold),
            endedAt: WallClock.now(),
            durationMilliseconds: (now - times.began).nanoseconds / 1_000_000,
            firstByteMilliseconds: attempt?.firstByteMilliseconds
        )
        charge = result.charge
        usedTokens = result.usage.inputTokens + result.usage.outputTokens
        loop.metrics.billed(result, outcome: outcome, of: prepared)
        statusCode = finale == .nothing && result.outcome == .voided ? 0 : facts.statusCode
        span?.usage = result.usage
        span?.outcome = outcome
        if result.excess > .zero {
            logger.error(
                "usage beyond the hold",
                metadata: ["provider": "\(quoted.route.provider.name)", "excess": "\(result.excess)"]
            )
        }
        gateway.journal.settle(Settlement(call: prepared.intent, hold: hold, result: result)) { [self] outcome in
            loop.hop { [self] in
                Failpoint.hit("gateway.settled")
                receive(.settled(outcome))
            }
        }
    }

    // MARK: - Answer

    private func deliver() {
        // For a client that left before the head the drain's deadline runs already.
        if !isClientGone { expect(.upstreamIdle, within: gateway.settings.deadlines.upstreamIdleSeconds) }
        guard let attempt, let head = attempt.head else { return }
        let isEventStream = machine?.phase == .delivering(isEventStream: true)
        connection?.send(writer.head(of: head, isEventStream: isEventStream))
        connection?.isAnswerUntilClose = writer.isUntilClose
        if !isEventStream { attempt.releaseHeld() }
    }

    private func finish(_ finale: CallMachine.Finale) {
        guard let connection else { return end() }
        switch finale {
        case .tail:
            Failpoint.hit("gateway.before-last-byte")
            let tail = attempt?.meter.finish() ?? ByteBuffer()
            capture?.take(answer: tail)
            connection.send(writer.last(tail))
        case .answer:
            Failpoint.hit("gateway.before-last-byte")
            guard let attempt, let head = attempt.head else { return respond(.upstreamInvalid) }
            capture?.take(answer: attempt.meter.held)
            connection.send(writer.whole(head, body: attempt.meter.held, cost: charge), keeping: attempt.share)
        case .relayError:
            Failpoint.hit("gateway.before-last-byte")
            guard let (head, body) = attempt?.relayedError() else { return respond(.upstreamInvalid) }
            capture?.take(answer: body)
            connection.send(writer.whole(head, body: body, cost: charge))
        case .respond(let error): return respond(error)
        case .breakOff(let error):
            if attempt?.meter.isStream == true {
                let event = OpenAIError(error).event()
                capture?.take(answer: event)
                connection.send(writer.piece(event))
            }
            connection.flush()
            end()
            return connection.breakOff()
        case .nothing:
            end()
            return connection.close()
        }
        end()
        connection.flush()
        connection.exchangeEnded(keepsAlive: writer.keepsAlive)
    }

    /// The process ends: the client is told to go elsewhere with what comes next.
    func connectionEnds() { writer.endConnection() }

    private func respond(_ error: CallError) {
        guard let connection else { return end() }
        let keepsAlive = writer.keepsAlive && isBodyComplete
        if capture != nil { capture?.take(answer: OpenAIError(error).body()) }
        statusCode = error.status
        loop.metrics.refused(error)
        span?.refusal = RefusalReason(error)
        connection.send(writer.error(error, cost: machine == nil ? nil : charge, closes: !keepsAlive))
        end()
        connection.flush()
        connection.exchangeEnded(keepsAlive: keepsAlive)
    }

    private func end() {
        guard !isEnded else { return }
        isEnded = true
        attempt?.cancel()
        connection = nil
        loop.unwatch(self)
        endCapture()
        gateway.bodies.giveBack(takenBytes)
        if let lease { gateway.rates.giveBack(lease, usedTokens: usedTokens) }
        if isCounted { gateway.leave() }
        let now = NIODeadline.now()
        loop.metrics.ended(head.endpoint, of: prepared, status: statusCode, times: times, at: now)
        if gateway.logger.logLevel <= .debug {
            let milliseconds = (now - times.began).nanoseconds / 1_000_000
            logger.debug("call ended", metadata: ["status": "\(statusCode)", "duration_ms": "\(milliseconds)"])
        }
        guard let span else { return }
        gateway.tracing?.sink.keep(
            span.trace(
                of: id,
                head.endpoint,
                at: startedAt,
                prepared: prepared,
                status: statusCode,
                times: times,
                endedAt: now
            )
        )
    }
}
