import Domain
package import NIOCore

/// The tap on a streamed answer: lets bytes through as they come, and reads the usage in passing.
///
/// Only whole events pass, so at most one is held back. From the terminal `data: [DONE]` on, everything waits for
/// ``finish()``: the end of the answer may not be sent before its bill is durable. Wherever the stream is cut into
/// chunks, the bytes forwarded and the usage read are the same.
package struct OpenAIStream: Sendable {
    /// Leave out the usage that the client did not ask for: the event with `choices: []` and a usage object, and
    /// `"usage":null` in the others, so that the client sees what it would have seen without us. Usage on an event that
    /// also carries choices stays.
    private let stripsUsage: Bool
    /// How many answers were asked for, to how many prompts.
    private let choices: Int64
    private let prompts: Int64
    private var parser: SSEParser
    /// The terminal event and all that follows it.
    private var tail: ByteBuffer?
    private var eventCount: Int64 = 0
    private var lastEventWasStripped = false

    /// `data: [DONE]` was seen.
    package private(set) var terminalSeen = false
    /// The last usage object that stated anything: where an upstream repeats it, each one restates the whole. Only where
    /// each is of one choice, as llama.cpp's, this is their sum.
    package private(set) var usage: UsageReading?
    /// As it stands in the stream; an array where it is a sum.
    package private(set) var rawUsage: ByteBuffer?
    /// An event said `error`.
    package private(set) var errorSeen = false
    /// The stream began with an error: nothing was answered.
    package private(set) var firstEventIsError = false
    /// Events with choices.
    package private(set) var contentEvents: Int64 = 0
    /// Bytes of text, reasoning and tool arguments, as written in JSON.
    package private(set) var contentBytes: Int64 = 0
    private var wideCharacters: Int64 = 0
    /// The tokens that they are taken for where usage is missing.
    package var contentTokens: Int64 { Bytes.tokens(bytes: contentBytes, wideCharacters: wideCharacters) }
    /// Choices that said why they ended.
    package private(set) var finishCount: Int64 = 0
    package var finishSeen: Bool { finishCount > 0 }
    /// Events with text.
    private var textEvents: Int64 = 0
    private var textFollowsUsage = false
    /// Each usage so far came with the end of a choice, alone or on its event: it may be that choice's own.
    private var isUsageOfChoices = true
    private var finishCountAtUsage: Int64 = 0
    /// Events whose data was neither a JSON object nor `[DONE]`.
    package private(set) var unreadableEvents: Int64 = 0

    package init(
        stripsUsage: Bool,
        choices: Int64 = 1,
        prompts: Int64 = 1,
        eventByteLimit: Int = SSEParser.defaultEventByteLimit
    ) {
        self.stripsUsage = stripsUsage
        self.choices = choices
        self.prompts = prompts
        parser = SSEParser(eventByteLimit: eventByteLimit)
    }

    /// Takes what came and returns what may go: in the usual case a slice of `chunk`, without copying.
    /// - Throws: when an event, or what follows the terminal one, exceeds the limit; the tap keeps what it has read.
    package mutating func receive(_ chunk: ByteBuffer) throws(SSEProblem) -> ByteBuffer? {
        guard chunk.readableBytes > 0 else { return nil }
        if tail != nil {
            tail?.writeImmutableBuffer(chunk)
            guard let tail, tail.readableBytes <= parser.eventByteLimit else {
                throw .tailTooLong(limitBytes: parser.eventByteLimit)
            }
            return nil
        }
        let work = parser.join(chunk)
        var cutter = Cutter()
        var problem: SSEProblem?
        work.withUnsafeReadableBytes { bytes in
            if parser.beginsWithLineFeed, lastEventWasStripped { cutter.remove(0..<1, bytes) }
            do throws(SSEProblem) {
                while let range = try parser.next(in: bytes) {
                    take(bytes, range, &cutter)
                    if terminalSeen {
                        cutter.end = range.lowerBound
                        return
                    }
                }
            } catch {
                problem = error
            }
            cutter.end = parser.eventStart
        }
        if let problem { throw problem }
        if terminalSeen {
            tail = work.getSlice(at: work.readerIndex + cutter.end, length: work.readableBytes - cutter.end)
            _ = parser.takeHeld()
            guard work.readableBytes - cutter.end <= parser.eventByteLimit else {
                throw .tailTooLong(limitBytes: parser.eventByteLimit)
            }
        } else {
            parser.keepRest(of: work)
        }
        return cutter.output(of: work)
    }

    /// All bytes still withheld, to be forwarded once the bill is durable; an event cut off by the end is read too.
    package mutating func finish() -> ByteBuffer? {
        if let tail {
            self.tail = nil
            return tail
        }
        let rest = parser.takeHeld()
        guard rest.readableBytes > 0 else { return nil }
        var cutter = Cutter()
        rest.withUnsafeReadableBytes { bytes in
            take(bytes, 0..<bytes.count, &cutter)
            cutter.end = bytes.count
        }
        return cutter.output(of: rest)
    }

    /// Reads one event and marks in `cutter` what the client is not to get.
    @inline(__always)
    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ cutter: inout Cutter) {
        lastEventWasStripped = false
        let event = SSEEvent(bytes, range, isFirst: eventCount == 0)
        guard let data = event.data else {
            // A comment or a lone blank line also passes the place of a byte order mark.
            eventCount &+= 1
            if event.error != nil { noteError() }
            return
        }
        eventCount &+= 1
        if event.dataLineCount > 1 {
            event.joinedData(bytes).withUnsafeBytes { joined in
                read(joined, 0..<joined.count, event: range, of: bytes, &cutter, isWhole: true)
            }
        } else {
            read(bytes, data, event: range, of: bytes, &cutter, isWhole: false)
        }
        if let name = event.name, JSONString.isEqual(bytes, name, "error") { noteError() }
        answeredEvents &+= 1
    }

    /// Events with data.
    private var answeredEvents: Int64 = 0

    private mutating func noteError() {
        if answeredEvents == 0, contentEvents == 0 { firstEventIsError = true }
        errorSeen = true
    }

    @inline(__always)
    private mutating func read(
        _ data: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        event: Range<Int>,
        of bytes: UnsafeRawBufferPointer,
        _ cutter: inout Cutter,
        isWhole: Bool
    ) {
        guard let base = data.baseAddress else { return }
        if range.count >= 6, range.count <= 8, Self.isTerminal(base, range) {
            terminalSeen = true
            return
        }
        let payload = OpenAIPayload(data, range)
        guard payload.isObject else {
            unreadableEvents &+= 1
            return
        }
        if payload.isError { noteError() }
        finishCount &+= payload.finishCount
        if payload.hasChoices { contentEvents &+= 1 }
        if payload.contentBytes > 0 {
            contentBytes &+= payload.contentBytes
            wideCharacters &+= payload.wideCharacters
            textEvents &+= 1
            textFollowsUsage = true
        }
        switch payload.usage {
        case .absent: break
        case .null:
            if stripsUsage, !isWhole, !payload.usageMember.isEmpty { cutter.remove(payload.usageMember, bytes) }
        case .object, .other:
            let isOfChoice = (payload.hasNoChoices || payload.finishCount > 0) && finishCount > finishCountAtUsage
            noteUsage(UnsafeRawBufferPointer(rebasing: data[payload.usageValue]), followsFinish: isOfChoice)
            if stripsUsage, payload.usage == .object, payload.hasNoChoices, !payload.isError {
                cutter.remove(event, bytes)
                lastEventWasStripped = true
            }
        }
    }

    private mutating func noteUsage(_ object: UnsafeRawBufferPointer, followsFinish: Bool) {
        let reading = OpenAIUsage.read(object)
        // One that states nothing, as some upstreams send at the end, does not undo one that did.
        guard usage == nil || reading.hasInput || reading.hasOutput else { return }
        isUsageOfChoices = isUsageOfChoices && followsFinish
        let sum = isUsageOfChoices ? usage.flatMap { added(reading, to: $0) } : nil
        usage = sum ?? reading
        textFollowsUsage = false
        finishCountAtUsage = finishCount

        var raw = rawUsage ?? ByteBuffer()
        rawUsage = nil
        if sum == nil { raw.clear() }
        if sum == nil, object.count <= OpenAIUsage.largestObjectBytes {
            raw.writeBytes(object)
        } else if sum != nil, raw.readableBytes + object.count + 3 <= OpenAIUsage.keptBytes {
            raw.beginJSONElement()
            raw.writeBytes(object)
            raw.writeInteger(UInt8(ascii: "]"))
        }
        rawUsage = raw
    }

    /// The usage of another choice with that of those before it; nil where `reading` restates the whole.
    ///
    /// llama.cpp states each choice's own usage when it ends: 4, then 8, and 12 are to be paid. Others restate the sum so
    /// far: 4, then 12. What was counted tells which is nearer: an event with text is a token, and so is a choice's end.
    /// Of several prompts each is stated with its own answer.
    private func added(_ reading: UsageReading, to former: UsageReading) -> UsageReading? {
        guard choices > 1, former.hasInput, former.hasOutput, reading.hasInput, reading.hasOutput else { return nil }
        let isOfOtherPrompt = prompts > 1 && prompts == choices
        guard isOfOtherPrompt || former.usage.inputTokens == reading.usage.inputTokens else { return nil }
        let counted = max(textEvents + finishCount, contentTokens)
        guard 2 * counted > 2 * reading.usage.outputTokens + former.usage.outputTokens else { return nil }
        return reading.adding(former, withInput: isOfOtherPrompt)
    }

    /// The usage is not of all that came: text followed it, or it is of a choice that ended before the others.
    package var isUsageBehind: Bool {
        guard usage != nil else { return false }
        return textFollowsUsage || (choices > 1 && isUsageOfChoices && finishCount < choices && !terminalSeen)
    }

    /// As many choices have ended as were asked for.
    package var isFinished: Bool { finishCount >= choices }

    /// `[DONE]`, give or take white space.
    private static func isTerminal(_ base: UnsafeRawPointer, _ range: Range<Int>) -> Bool {
        let start = Bytes.skipWhitespace(base, range.lowerBound, range.upperBound)
        guard range.upperBound - start >= 6 else { return false }
        return Bytes.equal(base, start, start + 6, "[DONE]")
            && Bytes.skipWhitespace(base, start + 6, range.upperBound) == range.upperBound
    }
}

extension ByteBuffer {
    /// Makes room for one more element: of one JSON value an array, of an array one with an open end.
    fileprivate mutating func beginJSONElement() {
        if getInteger(at: readerIndex, as: UInt8.self) == UInt8(ascii: "[") {
            moveWriterIndex(to: writerIndex - 1)
        } else {
            let first = readSlice(length: readableBytes) ?? ByteBuffer()
            writeInteger(UInt8(ascii: "["))
            writeImmutableBuffer(first)
        }
        writeInteger(UInt8(ascii: ","))
    }
}

/// Bytes less some ranges: a slice where nothing is taken out, else a copy.
private struct Cutter {
    private var kept: ByteBuffer?
    private var start = 0
    var end = 0

    /// Takes out `range`; ranges come in order.
    mutating func remove(_ range: Range<Int>, _ bytes: UnsafeRawBufferPointer) {
        if range.lowerBound > start {
            var kept = self.kept ?? ByteBufferAllocator().buffer(capacity: bytes.count)
            self.kept = nil
            kept.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<range.lowerBound]))
            self.kept = kept
        }
        start = range.upperBound
    }

    /// What is left of `work` before `end`; nil if nothing.
    func output(of work: ByteBuffer) -> ByteBuffer? {
        let last = end > start ? work.getSlice(at: work.readerIndex + start, length: end - start) : nil
        guard var kept else { return last }
        if let last { kept.writeImmutableBuffer(last) }
        return kept.readableBytes > 0 ? kept : nil
    }
}
