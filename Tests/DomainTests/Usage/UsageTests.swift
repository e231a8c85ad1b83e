import Testing

@testable import Domain

@Suite("Usage")
struct UsageTests {
    @Test(
        "counts stay between 0 and the largest; capping is said",
        arguments: [
            (0, 0, true), (17, 17, true), (1 << 32, 1 << 32, true),
            (-1, 0, false), (Int64.min, 0, false), (1 << 32 + 1, 1 << 32, false), (Int64.max, 1 << 32, false),
        ] as [(Int64, Int64, Bool)]
    )
    func caps(count: Int64, stored: Int64, isWhole: Bool) {
        for tokenClass in TokenClass.allCases {
            var usage = Usage()
            #expect(usage.set(tokenClass, to: count, .reported) == isWhole)
            #expect(usage[tokenClass] == stored)
            #expect(usage.inputTokens + usage.outputTokens == stored, "every class is input or output, never both")
            #expect(usage.inputTokens == (tokenClass.isOutput ? 0 : stored))
        }
    }

    @Test("the largest counts of all classes still add up")
    func sums() {
        var usage = Usage()
        for tokenClass in TokenClass.allCases { usage.set(tokenClass, to: .max, .reported) }
        #expect(usage.inputTokens == 6 << 32)
        #expect(usage.outputTokens == 3 << 32)
    }

    @Test("provenance packs two bits a class and comes back", arguments: [1, 2, 3] as [UInt64])
    func packs(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            var usage = Usage()
            for tokenClass in TokenClass.allCases {
                usage.set(tokenClass, to: random.int(0...9), random.pick(Provenance.allCases))
            }
            var copy = Usage()
            for tokenClass in TokenClass.allCases { copy.set(tokenClass, to: usage[tokenClass], .missing) }
            copy.packedProvenance = usage.packedProvenance
            #expect(copy == usage)
            #expect(copy.hashValue == usage.hashValue)
            #expect(usage.packedProvenance >> 18 == 0)
        }
    }

    @Test("a stored provenance of garbage does not trap", arguments: [Int64.min, -1, Int64.max])
    func garbage(packed: Int64) {
        var usage = Usage()
        usage.packedProvenance = packed
        #expect(usage.packedProvenance == packed & 0x3FFFF)
    }

    @Test("the input class stands lowest")
    func layout() {
        var usage = Usage()
        usage.set(.input, to: 1, .reported)
        usage.set(.imageInput, to: 1, .estimated)
        #expect(usage.packedProvenance == 3 | 1 << 16)
    }

    @Test("names are distinct")
    func names() {
        #expect(Set(TokenClass.allCases.map(\.name)).count == TokenClass.count)
        #expect(TokenClass.allCases.map(\.rawValue) == Array(0..<TokenClass.count))
    }
}

@Suite("Estimates of tokens")
struct TokenEstimatorTests {
    @Test(
        "a quarter of each byte, one for each CJK character",
        arguments: [
            ("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("Hello, world!", 4),
            ("你好", 2), ("你好ab", 3), ("こんにちは", 5), ("안녕", 2), ("，。", 2), ("ＡＢ", 2),
            // Four bytes are one token by the rule of a quarter.
            ("𠮷", 1), ("🙂", 1),
            // Two bytes a letter: Cyrillic is dearer than ASCII, as with real tokenisers.
            ("привет", 3),
        ] as [(String, Int64)]
    )
    func estimates(text: String, tokens: Int64) {
        var text = text
        let estimate = text.withUTF8 { TokenEstimator.tokens(in: UnsafeRawBufferPointer($0)) }
        #expect(estimate == tokens)
    }

    @Test("however text is cut into pieces, the estimate is the same")
    func pieces() {
        var text = "Answer: 你好，世界 🙂 привет, plain words and 안녕."
        text.withUTF8 { text in
            let bytes = UnsafeRawBufferPointer(text)
            let whole = TokenEstimator.tokens(in: bytes)
            for cut in 0...bytes.count {
                var estimator = TokenEstimator()
                estimator.add(UnsafeRawBufferPointer(rebasing: bytes[..<cut]))
                estimator.add(UnsafeRawBufferPointer(rebasing: bytes[cut...]))
                #expect(estimator.tokens == whole)
            }
        }
    }

    @Test("bytes that are no text never make more tokens than bytes")
    func garbage() {
        for byte in UInt8.min...UInt8.max as ClosedRange<UInt8> {
            let bytes = [UInt8](repeating: byte, count: 1_000)
            bytes.withUnsafeBytes {
                let tokens = TokenEstimator.tokens(in: $0)
                #expect(tokens >= 1 && tokens <= 1_000)
            }
        }
    }
}
