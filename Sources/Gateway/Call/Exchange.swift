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
final class Exchange: Timed, UpstreamDelegate, @unchecked Sendable {
    private let gateway: Gateway
    private let loop: LoopContext
    private var connection: ConnectionHandler?
    private let head: RequestHead
    private let id: CallID
    private let startedAt: Instant
    private let startedTick = NIODeadline.now()

    private var principal: Principal?
    private var body = ByteBuffer()
    private var isBodyComplete = false
    private var request: OpenAIRequest?
    private var quoted: QuotedCall?
    private var intent: CallIntent?
    private var hold: Hold?
    private var machine: CallMachine?
    private var isEnded = false
    private var isCounted = false

    private var upstream: UpstreamConnection?
    private var upstreamHead: HTTPResponseHead?
    private var meter = AnswerMeter()
    private var framing = Framing.chunked
    private var charge = Money.zero
    private var firstByteMilliseconds: Int64?
    private var deadlines = CallDeadlines()

    init(connection: ConnectionHandler, head: RequestHead) {
        self.connection = connection
        self.head = head
        gateway = connection.gateway
        loop = connection.loop
        startedAt = WallClock.now()
        id = CallID(at: startedAt, random: (loop.random(), loop.random()))
    }

    // MARK: - Authenticate and read

    func begin() {
        if head.hasContentEncoding { return refuse(.contentEncoding) }
        guard let key = head.key else { return refuse(.missingKey) }
        gateway.authenticate(key, at: startedAt, on: loop) { [self] result in
            guard !isEnded else { return }
            switch result {
            case .success(let principal): authenticated(principal)
            case .failure(let error): refuse(error)
            }
        }
    }

    private func authenticated(_ principal: Principal) {
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

    func receiveBody(_ bytes: ByteBuffer) {
        guard !isEnded else { return }
        let limit = gateway.settings.limits.requestBodyBytes
        guard body.readableBytes + bytes.readableBytes <= limit else { return refuse(.bodyTooLarge(limit: limit)) }
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
                gateway.logger.error("model has no price", metadata: ["model": "\(model)", "call": "\(id)"])
            }
            return refuse(error)
        }
        if let error = gateway.enter() { return refuse(error) }
        isCounted = true
        let intent = CallIntent(
            id: id,
            head: head,
            request: request,
            quoted: quoted,
            principal: principal,
            clientAddress: connection?.clientAddress ?? "",
            startedAt: startedAt
        )
        self.request = request
        self.quoted = quoted
        self.intent = intent
        machine = CallMachine(isStreamed: request.isStreamed)
        loop.watch(self)
        let asked = AdmissionRequest(
            call: intent,
            candidates: quoted.candidates,
            hasSpendingLimit: principal.hasSpendingLimit
        )
        let queuedAt = NIODeadline.now()
        gateway.journal.admit(asked) { [self] admission in
            loop.eventLoop.execute { [self] in admitted(admission, queuedAt: queuedAt) }
        }
    }

    private func admitted(_ admission: Admission, queuedAt: NIODeadline) {
        switch admission {
        case .held(let hold):
            self.hold = hold
            Failpoint.hit("gateway.held")
            deadlines.begin(totalSeconds: gateway.settings.deadlines.totalSeconds)
            let isLate = queuedAt + .seconds(gateway.settings.deadlines.admitSeconds) < .now()
            receive(isLate ? .heldTooLate : .held)
        case .refused(let refusal): receive(.refused(CallError(refusal)))
        case .unavailable: receive(.refused(.journalUnavailable))
        }
    }

    // MARK: - What the machine says

    private func receive(_ event: CallMachine.Event) {
        guard let action = machine?.receive(event) else { return }
        switch action {
        case .none: break
        case .respond(let error): respond(error)
        case .connect: connect()
        case .send: sendUpstream()
        case .deliver: deliver()
        case .holdAnswer, .readError: expect(.upstreamIdle, within: gateway.settings.deadlines.upstreamIdleSeconds)
        case .drain:
            expect(.drain, within: gateway.settings.deadlines.drainSeconds)
            upstream?.resume()
        case .settle(let ending): settle(ending)
        case .finish(let finale): finish(finale)
        case .abandon:
            gateway.logger.critical("a bill could not be made durable", metadata: ["call": "\(id)"])
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
        upstream?.resume()
    }

    func clientWritabilityChanged(_ isWritable: Bool) {
        if isWritable { upstream?.resume() } else if case .delivering = machine?.phase { upstream?.pause() }
    }

    override func cut() { receive(.shutdown) }

    // MARK: - Deadlines

    private func expect(_ kind: CallMachine.Deadline, within seconds: Double) {
        deadline = deadlines.expect(kind, within: seconds)
    }

    override func deadlinePassed(now: NIODeadline) {
        switch deadlines.passed(now: now) {
        case .wait(let until): deadline = until
        case .over(let kind): receive(.deadline(kind))
        }
    }

    // MARK: - Forward

    private func connect() {
        guard let provider = quoted?.route.provider else { return receive(.connectFailed(.upstreamUnreachable)) }
        let key = UpstreamPool.Key(provider.baseURL)
        if let idle = loop.pool.takeIdle(key, now: .now()) {
            upstream = idle
            return receive(.connected)
        }
        expect(.connect, within: gateway.settings.deadlines.connectSeconds + 1)
        loop.pool.connect(key).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let connected):
                guard machine?.phase == .connecting else { return connected.close() }
                upstream = connected
                receive(.connected)
            case .failure(let error):
                gateway.logger.warning(
                    "provider unreachable",
                    metadata: ["provider": "\(provider.name)", "call": "\(id)", "cause": "\(error)"]
                )
                receive(.connectFailed(.upstreamUnreachable))
            }
        }
    }

    private func sendUpstream() {
        guard let upstream, let quoted, let request, let hold else { return receive(.upstreamFailed) }
        let isLimited = head.endpoint != .embeddings && (request.outputLimit == nil || hold.isClamped)
        let body = request.upstreamBody(
            model: quoted.route.upstreamModel,
            outputLimit: isLimited ? hold.outputLimit : nil,
            forceUsage: request.isStreamed && head.endpoint != .embeddings
        )
        self.body = ByteBuffer()
        meter.credential = quoted.route.provider.credential
        if request.isStreamed {
            meter.expectStream(
                stripsUsage: !request.asksForUsage,
                eventByteLimit: gateway.settings.limits.eventBytes
            )
        }
        expect(.firstByte, within: gateway.settings.deadlines.firstByteSeconds)
        Failpoint.hit("gateway.dispatch")
        upstream.send(UpstreamRequest.bytes(head, to: quoted.route.provider, body: body), delegate: self)
    }

    func upstreamHead(_ head: HTTPResponseHead) {
        guard machine?.phase == .awaitingHead else { return }
        upstreamHead = head
        firstByteMilliseconds = (NIODeadline.now() - startedTick).nanoseconds / 1_000_000
        meter.statusCode = Int(head.status.code)
        Failpoint.hit("gateway.upstream-head")
        receive(.head(AnswerHead.kind(of: head, isStreamed: request?.isStreamed ?? false)))
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        guard let machine else { return }
        deadlines.sawActivity()
        let limits = gateway.settings.limits
        if machine.isClientGone, meter.drain(bytes.readableBytes) > limits.drainBytes { return receive(.drainLimit) }
        switch machine.phase {
        case .delivering(isEventStream: true):
            // What one read brought is metered and forwarded as one piece: a burst costs one write, not one an event.
            meter.hold(bytes)
        case .delivering(isEventStream: false): forward(meter.exchangeHeld(for: bytes))
        case .holdingAnswer:
            meter.hold(bytes)
            if meter.heldBytes > limits.heldAnswerBytes { receive(.answerOutgrewHold) }
        case .readingError:
            if meter.heldBytes + bytes.readableBytes <= limits.errorBodyBytes {
                meter.hold(bytes)
            } else {
                receive(.answerEnded(.unreadable))
            }
        case .settling: meter.takeTail(bytes)
        default: break
        }
    }

    func upstreamReadComplete() {
        meterBurst()
        connection?.flush()
    }

    /// Lets what has come of a stream through, and takes from it what the bill needs.
    private func meterBurst() {
        guard meter.heldBytes > 0, case .delivering(isEventStream: true) = machine?.phase, let hold, let request else {
            return
        }
        do {
            let out = try meter.meterHeld()
            if out.readableBytes > 0 {
                if meter.isBeyond(hold, choices: request.choices) { return receive(.outputBeyondHold) }
                forward(out)
                Failpoint.hit("gateway.mid-stream")
            }
            if let verdict = meter.streamVerdict {
                Failpoint.hit("gateway.usage-received")
                receive(.answerEnded(verdict))
            }
        } catch {
            gateway.logger.warning("stream could not be read", metadata: ["call": "\(id)", "cause": "\(error)"])
            receive(meter.isOnlyError ? .answerEnded(.refusesUs) : .upstreamFailed)
        }
    }

    private func forward(_ bytes: ByteBuffer) {
        guard let connection, bytes.readableBytes > 0 else { return }
        connection.send(framing.framed(bytes))
        if !connection.isWritable { upstream?.pause() }
    }

    func upstreamEnd() {
        upstream = nil
        meterBurst()
        switch machine?.phase {
        case .delivering(isEventStream: true):
            receive(meter.verdictOfEndedStream.map { .answerEnded($0) } ?? .upstreamFailed)
        case .delivering(isEventStream: false):
            meter.readWindow()
            receive(.answerEnded(.complete))
        case .holdingAnswer: receive(.answerEnded(meter.readWhole()))
        case .readingError:
            receive(.answerEnded(AnswerHead.refusesUs(upstreamHead, body: meter.held) ? .refusesUs : .complete))
        default: break
        }
    }

    func upstreamFailed(_ error: (any Error)?) {
        upstream = nil
        meterBurst()
        if let error, machine?.isExchanging == true {
            gateway.logger.warning("provider broke off", metadata: ["call": "\(id)", "cause": "\(error)"])
        }
        receive(.upstreamFailed)
    }

    // MARK: - Settle

    private func settle(_ ending: CallMachine.Ending) {
        guard let intent, let hold, let quoted else { return }
        if case .settling(let finale) = machine?.phase {
            switch finale {
            case .respond(let error), .breakOff(let error): meter.statusCode = error.status
            default: break
            }
        }
        deadline = .distantFuture
        // A stream that told its end keeps its connection: the last bytes are on their way.
        if let upstream, !meter.hasStreamEnded || ending != .capture(.complete) {
            upstream.cancel()
            self.upstream = nil
        }
        let (limit, overflow) = hold.outputLimit.multipliedReportingOverflow(by: request?.choices ?? 1)
        let result = CallResult.booking(
            ending,
            facts: meter.facts(isClientGone: machine?.isClientGone ?? true),
            call: intent,
            hold: hold,
            rates: quoted.price.rates,
            costRates: quoted.route.costRates ?? quoted.price.rates,
            policy: gateway.settings.disconnectUnknown,
            inputLimit: quoted.model.inputLimit(prompts: request?.promptCount ?? 1),
            outputLimit: overflow ? .max : limit,
            endedAt: WallClock.now(),
            durationMilliseconds: (NIODeadline.now() - startedTick).nanoseconds / 1_000_000,
            firstByteMilliseconds: firstByteMilliseconds
        )
        charge = result.charge
        if result.excess > .zero {
            gateway.logger.error(
                "usage beyond the hold",
                metadata: ["call": "\(id)", "provider": "\(quoted.route.provider.name)", "excess": "\(result.excess)"]
            )
        }
        gateway.journal.settle(Settlement(call: intent, hold: hold, result: result)) { [self] outcome in
            loop.eventLoop.execute { [self] in
                Failpoint.hit("gateway.settled")
                receive(.settled(outcome))
            }
        }
    }

    // MARK: - Answer

    private func deliver() {
        expect(.upstreamIdle, within: gateway.settings.deadlines.upstreamIdleSeconds)
        guard let upstreamHead else { return }
        let isEventStream = machine?.phase == .delivering(isEventStream: true)
        if !isEventStream, let length = upstreamHead.headers.first(name: "content-length").flatMap({ Int($0) }) {
            framing = .length(length)
        } else {
            framing = head.version.minor == 0 ? .untilClose : .chunked
        }
        var bytes = ByteBufferAllocator().buffer(capacity: 1_024)
        writeHead(upstreamHead, isEventStream: isEventStream, cost: nil, into: &bytes)
        connection?.send(bytes)
        if !isEventStream { forward(meter.exchangeHeld(for: ByteBuffer())) }
    }

    private var keepsAlive: Bool { head.isKeepAlive && framing != .untilClose }

    private func writeHead(
        _ upstream: HTTPResponseHead,
        isEventStream: Bool,
        cost: Money?,
        into buffer: inout ByteBuffer
    ) {
        AnswerHead.write(
            upstream,
            version: head.version,
            call: id,
            framing: framing,
            isEventStream: isEventStream,
            cost: cost,
            clampedTo: hold.flatMap { $0.isClamped ? $0.outputLimit : nil },
            closes: !keepsAlive,
            into: &buffer
        )
    }

    private func finish(_ finale: CallMachine.Finale) {
        guard let connection else { return end() }
        switch finale {
        case .tail:
            Failpoint.hit("gateway.before-last-byte")
            connection.send(framing.ended(meter.finish()))
        case .answer, .relayError:
            Failpoint.hit("gateway.before-last-byte")
            guard let upstreamHead else { return respond(.upstreamInvalid) }
            var (whole, answer) = (upstreamHead, meter.held)
            if finale == .relayError {
                guard
                    let relayed = AnswerHead.relay(
                        upstreamHead,
                        body: answer,
                        credential: quoted?.route.provider.credential
                    )
                else { return respond(.upstreamInvalid) }
                (whole, answer) = relayed
            }
            framing = .length(answer.readableBytes)
            var bytes = ByteBufferAllocator().buffer(capacity: 1_024 + answer.readableBytes)
            writeHead(whole, isEventStream: false, cost: charge, into: &bytes)
            bytes.writeImmutableBuffer(answer)
            connection.send(bytes)
        case .respond(let error): return respond(error)
        case .breakOff(let error):
            if meter.isStream {
                connection.send(framing.framed(OpenAIError(error).event()))
            }
            connection.flush()
            self.connection = nil
            connection.breakOff()
            return end()
        case .nothing:
            self.connection = nil
            connection.close()
            return end()
        }
        end()
        connection.flush()
        connection.exchangeEnded(keepsAlive: keepsAlive)
    }

    private func respond(_ error: CallError) {
        guard let connection else { return end() }
        let keepsAlive = head.isKeepAlive && isBodyComplete
        connection.send(
            error.answer(
                version: head.version,
                call: id,
                cost: machine == nil ? nil : charge,
                closes: !keepsAlive
            )
        )
        end()
        connection.flush()
        connection.exchangeEnded(keepsAlive: keepsAlive)
    }

    private func end() {
        guard !isEnded else { return }
        isEnded = true
        upstream?.cancel()
        upstream = nil
        connection = nil
        loop.unwatch(self)
        if isCounted { gateway.leave() }
    }
}
