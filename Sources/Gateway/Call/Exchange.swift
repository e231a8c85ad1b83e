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
    private var stream: OpenAIStream?
    /// The answer, as far as it is held back.
    private var answer = ByteBuffer()
    /// The last bytes of an answer too large to hold, in which its usage is looked for.
    private var usageWindow = ByteBuffer()
    private var facts = BookingFacts()
    private var charge = Money.zero
    private var firstByteMilliseconds: Int64?
    private var drainedBytes = 0

    private var deadlineKind: CallMachine.Deadline = .connect
    private var phaseDeadline: NIODeadline = .distantFuture
    private var totalDeadline: NIODeadline = .distantFuture
    private var lastActivity: NIODeadline = .distantPast

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
        let digest = gateway.digester.digest(of: key)
        switch gateway.directory.principal(for: digest) {
        case .known(let principal): authenticated(principal)
        case .unknown: refuse(.invalidKey)
        case .notLoaded:
            gateway.directory.load(digest) { [self] lookup in
                loop.eventLoop.execute { [self] in
                    switch lookup {
                    case .known(let principal): authenticated(principal)
                    case .unknown: refuse(.invalidKey)
                    case .notLoaded, nil: refuse(.directoryBusy)
                    }
                }
            }
        }
    }

    private func authenticated(_ principal: Principal) {
        guard !isEnded else { return }
        guard principal.isActive, principal.expiresAt.map({ startedAt < $0 }) ?? true else {
            return refuse(.invalidKey)
        }
        let limit = gateway.settings.limits.requestBodyBytes
        if let length = head.contentLength, length > limit { return refuse(.bodyTooLarge(limit: limit)) }
        self.principal = principal
        Failpoint.hit("gateway.authenticated")
        if isBodyComplete { return resolve() }
        if head.expectsContinue {
            connection?.send(.head(HTTPResponseHead(version: head.version, status: .continue)))
            connection?.flush()
        }
    }

    func receiveBody(_ bytes: ByteBuffer) {
        guard !isEnded else { return }
        let limit = gateway.settings.limits.requestBodyBytes
        guard body.readableBytes + bytes.readableBytes <= limit else { return refuse(.bodyTooLarge(limit: limit)) }
        if body.readableBytes == 0 {
            body = bytes
        } else {
            var bytes = bytes
            body.writeBuffer(&bytes)
        }
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
        // Below this a scan takes well under a millisecond.
        if body.readableBytes <= 256 * 1024 {
            do {
                try admit(OpenAIRequest.parse(body, endpoint: head.endpoint))
            } catch {
                refuse(CallError(error))
            }
            return
        }
        let (body, endpoint) = (body, head.endpoint)
        gateway.threads.runIfActive(eventLoop: loop.eventLoop) {
            Result { () throws(OpenAIRequestError) in try OpenAIRequest.parse(body, endpoint: endpoint) }
        }.whenComplete { [self] outcome in
            switch outcome {
            case .success(.success(let request)): admit(request)
            case .success(.failure(let error)): refuse(CallError(error))
            case .failure: refuse(.shuttingDown)
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
            userID: principal.userID,
            keyID: principal.keyID,
            modelID: quoted.model.id,
            routeID: quoted.route.id,
            providerID: quoted.route.provider.id,
            priceVersionID: quoted.price.id,
            endpoint: head.endpoint,
            isStreamed: request.isStreamed,
            estimatedInputTokens: request.estimatedInputTokens,
            estimatedInputPrice: quoted.estimatedInputPrice,
            startedAt: startedAt,
            clientAddress: connection?.clientAddress ?? "",
            userAgent: head.userAgent,
            clientRequestID: head.clientRequestID
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
            totalDeadline = .now() + .seconds(gateway.settings.deadlines.totalSeconds)
            receive(.held)
            if queuedAt + .seconds(gateway.settings.deadlines.admitSeconds) < .now() {
                receive(.connectFailed(.journalUnavailable))
            }
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
    }

    func clientWritabilityChanged(_ isWritable: Bool) {
        if isWritable { upstream?.resume() } else if case .delivering = machine?.phase { upstream?.pause() }
    }

    override func cut() { receive(.shutdown) }

    // MARK: - Deadlines

    private func expect(_ kind: CallMachine.Deadline, within seconds: Double) {
        deadlineKind = kind
        lastActivity = .now()
        phaseDeadline = lastActivity + .seconds(seconds)
        deadline = min(phaseDeadline, totalDeadline)
    }

    override func deadlinePassed(now: NIODeadline) {
        if deadlineKind == .upstreamIdle {
            let idleUntil = lastActivity + .seconds(gateway.settings.deadlines.upstreamIdleSeconds)
            if idleUntil > now, totalDeadline > now {
                deadline = min(idleUntil, totalDeadline)
                return
            }
        }
        receive(.deadline(totalDeadline <= now ? .total : deadlineKind))
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
        if request.isStreamed {
            stream = OpenAIStream(
                stripsUsage: !request.asksForUsage,
                eventByteLimit: gateway.settings.limits.eventBytes
            )
        }
        expect(.firstByte, within: gateway.settings.deadlines.firstByteSeconds)
        Failpoint.hit("gateway.dispatch")
        upstream.send(
            UpstreamRequest.head(self.head, to: quoted.route.provider, bodyBytes: body.readableBytes),
            body: body,
            delegate: self
        )
    }

    func upstreamHead(_ head: HTTPResponseHead) {
        guard machine?.phase == .awaitingHead else { return }
        upstreamHead = head
        firstByteMilliseconds = (NIODeadline.now() - startedTick).nanoseconds / 1_000_000
        facts.statusCode = Int(head.status.code)
        Failpoint.hit("gateway.upstream-head")
        receive(.head(AnswerHead.kind(of: head, isStreamed: request?.isStreamed ?? false)))
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        guard let machine else { return }
        lastActivity = .now()
        if machine.isClientGone {
            drainedBytes += bytes.readableBytes
            if drainedBytes > gateway.settings.limits.drainBytes { return receive(.drainLimit) }
        }
        switch machine.phase {
        case .delivering(isEventStream: true):
            // What one read brought is metered and forwarded as one piece: a burst costs one write, not one an event.
            append(bytes)
        case .delivering(isEventStream: false):
            // Only the last piece waits for the bill.
            note(bytes)
            forward(answer)
            answer = bytes
        case .holdingAnswer:
            append(bytes)
            if answer.readableBytes > gateway.settings.limits.heldAnswerBytes { receive(.answerOutgrewHold) }
        case .readingError:
            if answer.readableBytes + bytes.readableBytes <= gateway.settings.limits.errorBodyBytes {
                append(bytes)
            } else {
                receive(.answerEnded(.unreadable))
            }
        case .settling:
            // What follows a stream's end mark is part of its tail.
            if stream?.terminalSeen == true, bytes.readableBytes <= 4_096 { _ = try? stream?.receive(bytes) }
        default: break
        }
    }

    private func append(_ bytes: ByteBuffer) {
        if answer.readableBytes == 0 {
            answer = bytes
        } else {
            var bytes = bytes
            answer.writeBuffer(&bytes)
        }
    }

    private func note(_ bytes: ByteBuffer) {
        var bytes = bytes
        usageWindow.writeBuffer(&bytes)
        let excess = usageWindow.readableBytes - 64 * 1024
        if excess > 64 * 1024 {
            usageWindow.moveReaderIndex(forwardBy: excess)
            usageWindow.discardReadBytes()
        }
    }

    /// Lets a stream's bytes through and takes from them what the bill needs.
    private func meter(_ bytes: ByteBuffer) {
        do {
            guard let out = try stream?.receive(bytes), out.readableBytes > 0 else { return metered() }
            if isBeyondHold { return receive(.outputBeyondHold) }
            forward(out)
            Failpoint.hit("gateway.mid-stream")
            metered()
        } catch {
            gateway.logger.warning("stream could not be read", metadata: ["call": "\(id)", "cause": "\(error)"])
            receive(.upstreamFailed)
        }
    }

    private func metered() {
        guard let stream, stream.terminalSeen else { return }
        Failpoint.hit("gateway.usage-received")
        receive(.answerEnded(stream.firstEventIsError && stream.contentEvents == 0 ? .errorInside : .complete))
    }

    /// Output can only be counted roughly as it passes: an event is a token or more, a token at most 128 bytes.
    private var isBeyondHold: Bool {
        guard let stream, let hold, let request else { return false }
        let (limit, overflow) = hold.outputLimit.multipliedReportingOverflow(by: request.choices)
        guard !overflow, limit < Usage.largestCount else { return false }
        return stream.contentEvents > limit + 64 + 8 * request.choices || stream.contentBytes > limit * 128 + 4_096
    }

    private func forward(_ bytes: ByteBuffer) {
        guard let connection, bytes.readableBytes > 0 else { return }
        connection.send(.body(.byteBuffer(bytes)))
        if !connection.isWritable { upstream?.pause() }
    }

    func upstreamReadComplete() {
        meterBurst()
        connection?.flush()
    }

    private func meterBurst() {
        guard answer.readableBytes > 0, case .delivering(isEventStream: true) = machine?.phase else { return }
        let burst = answer
        answer = ByteBuffer()
        meter(burst)
    }

    func upstreamEnd() {
        upstream = nil
        meterBurst()
        switch machine?.phase {
        case .delivering(isEventStream: true):
            guard let stream else { return receive(.upstreamFailed) }
            if stream.firstEventIsError, stream.contentEvents == 0 { return receive(.answerEnded(.errorInside)) }
            let isWhole = stream.terminalSeen || stream.usage != nil || stream.finishSeen || stream.errorSeen
            receive(isWhole ? .answerEnded(.complete) : .upstreamFailed)
        case .delivering(isEventStream: false):
            note(answer)
            if let found = TailUsage.find(in: usageWindow) { take(found.reading, raw: found.raw) }
            receive(.answerEnded(.complete))
        case .holdingAnswer: receive(.answerEnded(readAnswer()))
        case .readingError:
            receive(.answerEnded(AnswerHead.refusesUs(upstreamHead, body: answer) ? .refusesUs : .complete))
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

    // MARK: - Meter and settle

    private func take(_ reading: UsageReading, raw: ByteBuffer) {
        facts.reading = reading
        facts.rawUsage = Array(raw.readableBytesView.prefix(4_096))
    }

    private func readAnswer() -> CallMachine.AnswerVerdict {
        let reply = OpenAIReply(reading: answer)
        if reply.isError {
            return AnswerHead.isInsufficientQuota(answer) ? .refusesUs : .errorInside
        }
        switch reply.usage {
        case .reported(let reading, let raw): take(reading, raw: raw)
        case .missing: facts.contentBytes = reply.contentBytes
        case .unreadable: return .unreadable
        }
        return .complete
    }

    private func settle(_ ending: CallMachine.Ending) {
        guard let intent, let hold, let quoted else { return }
        if let stream {
            if let reading = stream.usage { take(reading, raw: stream.rawUsage ?? ByteBuffer()) }
            facts.contentEvents = stream.contentEvents
            facts.contentBytes = stream.contentBytes
        }
        facts.isClientGone = machine?.isClientGone ?? true
        if case .settling(let finale) = machine?.phase {
            switch finale {
            case .respond(let error), .breakOff(let error): facts.statusCode = error.status
            default: break
            }
        }
        deadline = .distantFuture
        // A stream that told its end keeps its connection: the last bytes are on their way.
        if let upstream, stream?.terminalSeen != true || !facts.isComplete(ending) {
            upstream.cancel()
            self.upstream = nil
        }
        let (limit, overflow) = hold.outputLimit.multipliedReportingOverflow(by: request?.choices ?? 1)
        let result = CallResult.booking(
            ending,
            facts: facts,
            call: intent,
            hold: hold,
            rates: quoted.price.rates,
            costRates: quoted.route.costRates ?? quoted.price.rates,
            policy: gateway.settings.disconnectUnknown,
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
        let length =
            stream == nil || machine?.phase == .delivering(isEventStream: false)
            ? upstreamHead.headers.first(name: "content-length") : nil
        connection?.send(.head(answerHead(upstreamHead, contentLength: length)))
        if case .delivering(isEventStream: false) = machine?.phase {
            note(answer)
            forward(answer)
            answer = ByteBuffer()
        }
    }

    private func answerHead(_ upstream: HTTPResponseHead, contentLength: String?, cost: Money? = nil)
        -> HTTPResponseHead
    {
        AnswerHead.make(
            from: upstream,
            version: head.version,
            call: id,
            contentLength: contentLength,
            cost: cost,
            clampedTo: hold.flatMap { $0.isClamped ? $0.outputLimit : nil },
            closes: !head.isKeepAlive
        )
    }

    private func finish(_ finale: CallMachine.Finale) {
        guard let connection else { return end() }
        var keepsAlive = head.isKeepAlive
        switch finale {
        case .tail:
            Failpoint.hit("gateway.before-last-byte")
            if let rest = stream?.finish(), rest.readableBytes > 0 { connection.send(.body(.byteBuffer(rest))) }
            if answer.readableBytes > 0 { connection.send(.body(.byteBuffer(answer))) }
            connection.send(.end(nil))
        case .answer, .relayError:
            Failpoint.hit("gateway.before-last-byte")
            guard let upstreamHead else { return respond(.upstreamInvalid) }
            var whole = upstreamHead
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
            connection.send(.head(answerHead(whole, contentLength: String(answer.readableBytes), cost: charge)))
            connection.send(.body(.byteBuffer(answer)))
            connection.send(.end(nil))
        case .respond(let error): return respond(error)
        case .breakOff(let error):
            if stream != nil {
                connection.send(.body(.byteBuffer(OpenAIError(error).event())))
            }
            keepsAlive = false
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
        var (head, body) = error.answer(version: head.version)
        let keepsAlive = self.head.isKeepAlive && isBodyComplete
        head.headers.add(name: "x-request-id", value: id.description)
        if machine != nil { head.headers.add(name: "x-tokenaudit-cost", value: charge.description) }
        if !keepsAlive { head.headers.add(name: "Connection", value: "close") }
        connection.send(.head(head))
        connection.send(.body(.byteBuffer(body)))
        connection.send(.end(nil))
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

extension BookingFacts {
    fileprivate func isComplete(_ ending: CallMachine.Ending) -> Bool { ending == .capture(.complete) }
}

extension CallError {
    init(_ error: OpenAIRequestError) {
        self = .badRequest(message: error.message, member: error.param, code: error.code)
    }
}

extension TimeAmount {
    static func seconds(_ seconds: Double) -> TimeAmount { .nanoseconds(Int64(seconds * 1_000_000_000)) }
}
