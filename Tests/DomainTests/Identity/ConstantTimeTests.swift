import Domain
import Testing

@Suite("comparing secrets") struct ConstantTimeTests {
    @Test("is equality, wherever the difference is")
    func equality() {
        for count in 0..<40 {
            let text = (0..<count).map { UInt8($0) }
            #expect(ConstantTime.isEqual(text, text) && ConstantTime.isEqual(text[...], text))
            #expect(!ConstantTime.isEqual(text, text + [0]) && !ConstantTime.isEqual(text + [0], text))
            for place in text.indices {
                for bit in 0..<8 {
                    var other = text
                    other[place] ^= 1 << UInt8(bit)
                    #expect(!ConstantTime.isEqual(text, other))
                }
            }
        }
    }

    @Test("keys' and tokens' digests and credentials are compared whole")
    func types() throws {
        let words: [UInt64] = [1, 2, 3, 4]
        let digest = KeyDigest((words[0], words[1], words[2], words[3]))
        #expect(digest == KeyDigest((1, 2, 3, 4)))
        for place in words.indices {
            var other = words
            other[place] ^= 1 << 63
            #expect(digest != KeyDigest((other[0], other[1], other[2], other[3])))
        }
        let bytes = [UInt8](repeating: 7, count: 32)
        #expect(try #require(TokenDigest(bytes)) == #require(TokenDigest(bytes)))
        #expect(try #require(TokenDigest(bytes)) != #require(TokenDigest(bytes.dropLast() + [8])))
        #expect(Credential("sk-a") == Credential("sk-a"))
        #expect(Credential("sk-a") != Credential("sk-b") && Credential("sk-a") != Credential("sk-aa"))
    }
}
