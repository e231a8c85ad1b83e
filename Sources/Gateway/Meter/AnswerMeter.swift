import Dialects
import Domain
import NIOCore

/// An answer as it passes: what is held back of it, and what its bill will be made from.
struct AnswerMeter {
    /// Of an answer too large to hold, the last bytes in which its usage is looked for.
    static let windowBytes = 64 * 1024

    /// What an error inside the answer must not tell the client.
    var credential: Credential?
    var statusCode = 200
    /// The answer as far as it is held back: a whole one until its bill is durable, a stream's until its burst is over.
    private(set) var held = ByteBuffer()
    private var stream: OpenAIStream?
    private var outputBound = OutputBound.none
    private var window = ByteBuffer()
    private var reading: UsageReading?
    private var rawUsage: [UInt8]?
    private var contentTokens: Int64 = 0
    private var drainedBytes = 0

    var heldBytes: Int { held.readableBytes }

    mutating func hold(_ bytes: ByteBuffer) { held.append(bytes) }

    /// Counts bytes read for a client that is gone. Returns their sum.
    mutating func drain(_ bytes: Int) -> Int {
        drainedBytes += bytes
        return drainedBytes
    }

    // MARK: - Streams

    mutating func expectStream(
        stripsUsage: Bool,
        choices: Int64,
        prompts: Int64,
        eventByteLimit: Int,
        outputBound: OutputBound
    ) {
        self.outputBound = outputBound
        stream = OpenAIStream(
            stripsUsage: stripsUsage,
            choices: choices,
            prompts: prompts,
            eventByteLimit: eventByteLimit
        )
    }

    var isStream: Bool { stream != nil }

    /// Something that a model said has come.
    var hasOutput: Bool { stream?.contentEvents ?? 0 > 0 }

    /// The stream told its end; what may still come is the connection's.
    var hasStreamEnded: Bool { stream?.terminalSeen ?? false }

    /// Reads what is held of a stream. Returns what of it the client gets.
    /// - Throws: where an event is beyond all limits, or an error tells our credential.
    mutating func meterHeld() throws -> ByteBuffer {
        let burst = held
        held = ByteBuffer()
        let out = try stream?.receive(burst) ?? ByteBuffer()
        if stream?.errorSeen == true, AnswerHead.carriesCredential(out, credential) { throw CredentialInAnswer() }
        return out
    }

    /// What follows a stream's end mark is part of its tail.
    mutating func takeTail(_ bytes: ByteBuffer) {
        if hasStreamEnded, bytes.readableBytes <= 4_096 { _ = try? stream?.receive(bytes) }
    }

    /// The stream's outcome once it told its end, else nil.
    var streamVerdict: CallMachine.AnswerVerdict? {
        guard stream?.terminalSeen == true else { return nil }
        return isOnlyError ? .errorInside : .complete
    }

    /// The stream began with an error and brought nothing else.
    var isOnlyError: Bool { stream?.firstEventIsError == true && stream?.contentEvents == 0 }

    /// The outcome of a stream whose connection ended properly; nil where it broke off before its end.
    var verdictOfEndedStream: CallMachine.AnswerVerdict? {
        guard let stream else { return nil }
        if isOnlyError { return .errorInside }
        let isWhole =
            stream.isUsageBehind ? stream.isFinished : stream.usage != nil || stream.finishSeen
        return isWhole || stream.terminalSeen || stream.errorSeen ? .complete : nil
    }

    /// More output has come than can be held for.
    var isBeyondHold: Bool {
        stream?.contentEvents ?? 0 > outputBound.events || stream?.contentBytes ?? 0 > outputBound.bytes
    }

    /// The last bytes, which waited for the bill.
    mutating func finish() -> ByteBuffer {
        var rest = stream?.finish() ?? ByteBuffer()
        if stream?.errorSeen == true, AnswerHead.carriesCredential(rest, credential) { rest = ByteBuffer() }
        rest.append(held)
        return rest
    }

    // MARK: - Whole answers

    /// Of an answer too large to hold only the last piece waits: takes `bytes` for it, returns the one before.
    mutating func exchangeHeld(for bytes: ByteBuffer) -> ByteBuffer {
        let released = held
        note(released)
        held = bytes
        return released
    }

    private mutating func note(_ bytes: ByteBuffer) {
        var bytes = bytes
        window.writeBuffer(&bytes)
        let excess = window.readableBytes - Self.windowBytes
        if excess > Self.windowBytes {
            window.moveReaderIndex(forwardBy: excess)
            window.discardReadBytes()
        }
    }

    /// Finds the usage of an answer that was too large to hold.
    mutating func readWindow() {
        note(held)
        if let found = TailUsage.find(in: window) { take(found.reading, raw: found.raw) }
    }

    /// Reads an answer that is held whole.
    mutating func readWhole() -> CallMachine.AnswerVerdict {
        let reply = OpenAIReply(reading: held)
        if reply.isError {
            let isOurs = AnswerHead.isInsufficientQuota(held) || AnswerHead.carriesCredential(held, credential)
            return isOurs ? .refusesUs : .errorInside
        }
        switch reply.usage {
        case .reported(let reading, let raw): take(reading, raw: raw)
        case .missing: contentTokens = reply.contentTokens
        case .unreadable: return .unreadable
        }
        return .complete
    }

    private mutating func take(_ reading: UsageReading, raw: ByteBuffer) {
        self.reading = reading
        rawUsage = Array(raw.readableBytesView.prefix(OpenAIUsage.keptBytes))
    }

    // MARK: - The bill

    func facts() -> BookingFacts {
        var facts = BookingFacts(statusCode: statusCode)
        if let stream {
            facts.reading = stream.usage
            facts.isUsageBehind = stream.isUsageBehind
            if stream.usage != nil {
                facts.rawUsage = stream.rawUsage.map { Array($0.readableBytesView.prefix(OpenAIUsage.keptBytes)) }
            }
            facts.contentEvents = stream.contentEvents
            facts.contentTokens = stream.contentTokens
        }
        if let reading {
            facts.reading = reading
            facts.rawUsage = rawUsage
        }
        if facts.contentTokens == 0 { facts.contentTokens = contentTokens }
        return facts
    }
}

/// An error inside an answer held a piece of our credential.
struct CredentialInAnswer: Error {}

extension ByteBuffer {
    /// Appends by taking over the other buffer where this one is empty, which is the common case and copies nothing.
    mutating func append(_ bytes: ByteBuffer) {
        if readableBytes == 0 {
            self = bytes
        } else {
            var bytes = bytes
            writeBuffer(&bytes)
        }
    }
}
