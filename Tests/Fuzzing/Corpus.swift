/// The inputs worth mutating, one for each signature, bounded.
struct Corpus {
    private static let largestCount = 1_024
    private static let largestSignatureCount = 200_000

    private var inputs: [[UInt8]] = []
    private var signatures: Set<UInt64> = []
    private var oldest = 0

    var count: Int { signatures.count }

    /// Keeps an input that shows something new; beyond the bound the newest replace the oldest.
    mutating func offer(_ input: [UInt8], signature: UInt64) {
        guard signatures.count < Self.largestSignatureCount, signatures.insert(signature).inserted else { return }
        if inputs.count < Self.largestCount {
            inputs.append(input)
        } else {
            inputs[oldest] = input
            oldest = (oldest + 1) % Self.largestCount
        }
    }

    func pick(_ random: inout FuzzRandom) -> [UInt8] { inputs.isEmpty ? [] : random.pick(inputs) }
}
