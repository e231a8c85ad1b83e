import Foundation

/// Feeds a parser mutated inputs for a while and stops at the first one that breaks a property.
///
/// Without instrumentation the outcome guides: an input whose notes nobody had before is kept and mutated further. Each
/// fuzzer has a thread of its own at a low priority, so that other tests beside it are hardly slower.
///
/// `TOKENAUDIT_FUZZ_SECONDS` says how long (2), `TOKENAUDIT_FUZZ_SEED` makes a run repeatable,
/// `TOKENAUDIT_FUZZ_INPUT` names a file with the one input to try.
package struct Fuzzer: Sendable {
    package typealias Check = @Sendable (inout FuzzRun) throws -> Void

    private let name: String
    private let seeds: [[UInt8]]
    private let mutator: Mutator
    private let niceness: Int32
    private let check: Check

    /// - Parameters:
    ///   - words: pieces of the format that mutation puts in.
    ///   - waits: `check` mostly waits for other threads; then its own keeps the normal priority.
    package init(
        _ name: String,
        seeds: [[UInt8]],
        words: [String] = [],
        largestBytes: Int = 2_048,
        waits: Bool = false,
        check: @escaping Check
    ) {
        self.name = name
        self.seeds = seeds.isEmpty ? [[]] : seeds
        mutator = Mutator(words: words.map { Array($0.utf8) }, largestBytes: largestBytes)
        niceness = waits ? 0 : 10
        self.check = check
    }

    package init(
        _ name: String,
        seeds: [String],
        words: [String] = [],
        largestBytes: Int = 2_048,
        waits: Bool = false,
        check: @escaping Check
    ) {
        self.init(
            name,
            seeds: seeds.map { Array($0.utf8) },
            words: words,
            largestBytes: largestBytes,
            waits: waits,
            check: check
        )
    }

    /// - Throws: `FuzzFinding`, the shortest input found that breaks the property.
    package func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["TOKENAUDIT_FUZZ_SECONDS"].flatMap(Double.init) ?? 2
        let seed = environment["TOKENAUDIT_FUZZ_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1 ... .max)
        if let path = environment["TOKENAUDIT_FUZZ_INPUT"] {
            let input = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            if let failure = failure(of: input) { throw finding(input, failure, seed: 0) }
            return
        }
        let finding: FuzzFinding? = await withCheckedContinuation { continuation in
            let thread = Thread {
                // Of this thread alone on Linux.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
                continuation.resume(returning: search(seconds: seconds, seed: seed))
            }
            thread.stackSize = 8 << 20
            thread.name = "fuzz \(name)"
            thread.start()
        }
        if let finding { throw finding }
    }

    private func search(seconds: Double, seed: UInt64) -> FuzzFinding? {
        let file = InputFile(name: name)
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        var random = FuzzRandom(seed: seed)
        var kept = Corpus()
        var count = 0
        func attempt(_ input: [UInt8]) -> FuzzFinding? {
            file?.write(input)
            count += 1
            var run = FuzzRun(input)
            do {
                try check(&run)
            } catch {
                let (shortest, failure) = shorten(input, Self.failure(error))
                file?.write(shortest)
                return finding(shortest, failure, seed: seed)
            }
            kept.offer(input, signature: run.signature)
            return nil
        }
        for input in seeds { if let finding = attempt(input) { return finding } }
        while ContinuousClock.now < end {
            for _ in 0..<16 {
                let base = random.oneIn(6) ? random.pick(seeds) : kept.pick(&random)
                if let finding = attempt(mutator.mutate(base, beside: kept.pick(&random), &random)) { return finding }
            }
        }
        let rate = Double(count) / max(0.001, (ContinuousClock.now - start) / .seconds(1))
        print("fuzz \(name): \(count) inputs, \(Int(rate)) a second, \(kept.count) kept (seed \(seed))")
        file?.remove()
        return nil
    }

    private func failure(of input: [UInt8]) -> FuzzFailure? {
        var run = FuzzRun(input)
        do {
            try check(&run)
            return nil
        } catch {
            return Self.failure(error)
        }
    }

    private static func failure(_ error: any Error) -> FuzzFailure {
        error as? FuzzFailure ?? FuzzFailure(property: "threw \(error)")
    }

    /// Leaves out what the failure does not need, for two seconds at most.
    private func shorten(_ input: [UInt8], _ failure: FuzzFailure) -> ([UInt8], FuzzFailure) {
        let end = ContinuousClock.now + .seconds(2)
        var (shortest, found) = (input, failure)
        var size = max(1, input.count / 2)
        while ContinuousClock.now < end {
            var start = 0
            var isShorter = false
            while start < shortest.count, ContinuousClock.now < end {
                var candidate = shortest
                candidate.removeSubrange(start..<min(start + size, shortest.count))
                if let failure = self.failure(of: candidate) {
                    (shortest, found, isShorter) = (candidate, failure, true)
                } else {
                    start += size
                }
            }
            if size == 1, !isShorter { break }
            size = max(1, size / 2)
        }
        return (shortest, found)
    }

    private func finding(_ input: [UInt8], _ failure: FuzzFailure, seed: UInt64) -> FuzzFinding {
        FuzzFinding(parser: name, seed: seed, input: input, property: failure.property, path: InputFile.path(name))
    }
}

/// An input that breaks a property, with all that is needed to repeat it.
package struct FuzzFinding: Error, CustomStringConvertible {
    let parser: String
    let seed: UInt64
    package let input: [UInt8]
    let property: String
    let path: String

    package var description: String {
        """
        \(parser): \(property)
        input: \(String(decoding: input, as: UTF8.self).debugDescription)
        base64: \(Data(input).base64EncodedString())
        seed: \(seed); again with TOKENAUDIT_FUZZ_INPUT=\(path)
        """
    }
}
