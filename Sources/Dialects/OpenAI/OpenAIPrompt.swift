/// What a prompt (`messages`, `prompt`, `input`) says of its size; read in one quick pass.
struct OpenAIPrompt {
    /// What an image given inline is taken for, whatever its bytes.
    static let tokensPerInlineImage: Int64 = 1_000

    private var textBytes: Int64 = 0
    private var wideCharacters: Int64 = 0
    private var tokens: Int64 = 0
    /// A part whose tokens its bytes do not bound: an image, a file, something to be fetched.
    private(set) var hasExternalInput = false
    /// A part is to be cached longer than the five minutes that a price is known for.
    private(set) var hasLongCache = false

    /// Four bytes a token, one token for each Chinese, Japanese or Korean character.
    var estimatedTokens: Int64 { tokens &+ Bytes.tokens(bytes: textBytes, wideCharacters: wideCharacters) }

    /// Adds the strings and numbers of an accepted JSON value.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard let base = bytes.baseAddress else { return }
        let end = range.upperBound
        var index = range.lowerBound
        while index < end {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            if byte == UInt8(ascii: "\"") {
                let start = index &+ 1
                let close = JSONWalk.stringEnd(base, start, end)
                index = min(close &+ 1, end)
                let after = Bytes.skipWhitespace(base, index, end)
                if after < end, base.load(fromByteOffset: after, as: UInt8.self) == UInt8(ascii: ":") {
                    if !hasExternalInput { hasExternalInput = Self.isExternal(bytes, base, start, close) }
                    noteCache(bytes, name: start..<close, after: after &+ 1, end)
                } else if close &- start > 64, Bytes.equal(base, start, start &+ 5, "data:") {
                    tokens &+= Self.tokensPerInlineImage
                } else {
                    textBytes &+= Int64(close &- start)
                    wideCharacters &+= Bytes.wideCharacters(base, start, close)
                }
            } else if byte &- UInt8(ascii: "0") <= 9 {
                // An array of token ids.
                tokens &+= 1
                repeat {
                    index &+= 1
                } while index < end && base.load(fromByteOffset: index, as: UInt8.self) &- UInt8(ascii: "0") <= 9
            } else {
                index &+= 1
            }
        }
    }

    /// Adds a value of which every byte costs, names included: tools.
    mutating func addRaw(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        textBytes &+= Int64(range.count)
        guard let base = bytes.baseAddress else { return }
        let end = range.upperBound
        var index = range.lowerBound
        while true {
            let start = Bytes.first(UInt8(ascii: "\""), base, index, end) &+ 1
            guard start < end else { return }
            let close = JSONWalk.stringEnd(base, start, end)
            index = min(close &+ 1, end)
            let after = Bytes.skipWhitespace(base, index, end)
            if after < end, base.load(fromByteOffset: after, as: UInt8.self) == UInt8(ascii: ":") {
                noteCache(bytes, name: start..<close, after: after &+ 1, end)
            }
        }
    }

    /// Looks into a `cache_control`, in any spelling, for a `ttl`.
    @inline(__always)
    private mutating func noteCache(
        _ bytes: UnsafeRawBufferPointer,
        name: Range<Int>,
        after colon: Int,
        _ end: Int
    ) {
        // A letter takes six bytes at most, as an escape.
        guard name.count >= 13, name.count <= 6 * 13, !hasLongCache, let base = bytes.baseAddress else { return }
        guard JSONName.isEqual(bytes, name, "cache_control") else { return }
        let value = Bytes.skipWhitespace(base, colon, end)
        JSONWalk.forEachChild(bytes, value..<JSONWalk.valueEnd(base, value, end)) {
            guard JSONName.isEqual(bytes, $0.name, "ttl"), $0.kind != .null else { return }
            if !$0.isString("5m", in: bytes) { hasLongCache = true }
        }
    }

    /// Whether a name, in any spelling, is one under which content parts carry what is not text. A name with an escape is
    /// taken for one.
    private static func isExternal(
        _ bytes: UnsafeRawBufferPointer,
        _ base: UnsafeRawPointer,
        _ start: Int,
        _ end: Int
    ) -> Bool {
        if isExternal(base, start, end) || Bytes.first(UInt8(ascii: "\\"), base, start, end) < end { return true }
        // No letter that folds to one byte has more than three.
        guard end &- start <= 3 * 15, let folded = JSONName.folded(bytes, start..<end) else { return false }
        return folded.withUnsafeBytes { folded in
            folded.baseAddress.map { isExternal($0, 0, folded.count) } ?? false
        }
    }

    private static func isExternal(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Bool {
        switch end &- start {
        case 4: if Bytes.equal(base, start, end, "file") { return true }
        case 5:
            // `audio` refers by its id to an answer that the upstream remembers.
            if Bytes.equal(base, start, end, "image") || Bytes.equal(base, start, end, "video")
                || Bytes.equal(base, start, end, "audio")
            {
                return true
            }
        case 6: if Bytes.equal(base, start, end, "images") || Bytes.equal(base, start, end, "source") { return true }
        case 7: if Bytes.equal(base, start, end, "file_id") { return true }
        case 8: if Bytes.equal(base, start, end, "file_url") { return true }
        case 9:
            if Bytes.equal(base, start, end, "image_url") || Bytes.equal(base, start, end, "video_url")
                || Bytes.equal(base, start, end, "audio_url") || Bytes.equal(base, start, end, "file_data")
            {
                return true
            }
        case 10: if Bytes.equal(base, start, end, "input_file") { return true }
        case 11:
            // `input_audio` holds bytes, or with Qwen an address.
            if Bytes.equal(base, start, end, "input_image") || Bytes.equal(base, start, end, "input_audio") {
                return true
            }
        case 12: if Bytes.equal(base, start, end, "document_url") { return true }
        case 15: if Bytes.equal(base, start, end, "multimodal_data") { return true }
        default: break
        }
        return false
    }
}
