/// A whole number above zero in plain digits, as ids and pages are written: no sign, no zero before it.
enum PositiveNumber {
    static func read(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.first != UInt8(ascii: "0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(text)
    }
}
