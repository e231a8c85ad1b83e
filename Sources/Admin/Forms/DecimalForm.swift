/// How a decimal is written, for fields whose description says so: digits alone, so many of them at most.
enum DecimalForm {
    static func fits(_ text: String, whole: Int, places: Int) -> Bool {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
            && (1...whole).contains(parts[0].utf8.count)
            && (parts.count == 1 || (1...places).contains(parts[1].utf8.count))
    }
}
