import Domain
import Foundation
import Fuzzing
import Testing

@Suite("Fuzz: instants and ids")
struct FuzzIdentity {
    @Test("an instant is what timegm makes of its fields, and is read back as printed")
    func instants() async throws {
        try await Fuzzer(
            "instants",
            seeds: [
                "2026-07-24T09:30:00Z", "1970-01-01T00:00:00Z", "2000-02-29T23:59:59.999999Z",
                "9999-12-31T23:59:59-14:00",
                "1970-01-01T00:00:00+14:00", "2027-01-01t00:00:00.5+02:00", "2100-02-28T12:00:00z",
            ],
            words: [
                "T", "Z", ":", "-", "+", ".", "02-29", "02-30", "24:00", ":60", "+14:59", "-00:00", "2100", "1969", " ",
            ],
            largestBytes: 48
        ) { run in
            let text = run.text
            let instant = Instant(parsing: text)
            let expected = Self.microseconds(text)
            try run.expect(
                instant?.microseconds == expected,
                "\(instant?.microseconds.description ?? "none"), not \(expected?.description ?? "none")"
            )
            run.note(text.utf8.prefix { $0 < 0x80 }.count)
            run.note(instant == nil ? "none" : "read")
            if let instant {
                let printed = instant.description
                // An offset may lead just out of the years that are read.
                if ("1970"..."9999").contains(String(printed.prefix(4))), printed.utf8.first != UInt8(ascii: "-") {
                    let isReadBack = Instant(parsing: printed) == instant
                    try run.expect(isReadBack || printed.prefix(5).last != "-", "printed as \(printed)")
                }
            }
            _ = Instant(microseconds: run.random.integer()).description
        }.run()
    }

    /// The same by another way: a pattern and the C library's calendar.
    private static func microseconds(_ text: String) -> Int64? {
        let pattern =
            /([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))/
            .matchingSemantics(.unicodeScalar)
        guard let match = try? pattern.wholeMatch(in: text) else { return nil }
        let fields = [match.1, match.2, match.3, match.4, match.5, match.6].compactMap { Int32($0) }
        guard fields.count == 6, fields[0] >= 1_970 else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (fields[0] - 1_900, fields[1] - 1, fields[2])
        (time.tm_hour, time.tm_min, time.tm_sec) = (fields[3], fields[4], fields[5])
        let seconds = Int64(timegm(&time))
        // timegm carries the 30th of February over into March.
        let isNormal =
            time.tm_mon == fields[1] - 1 && time.tm_mday == fields[2] && time.tm_hour == fields[3]
            && time.tm_min == fields[4] && time.tm_sec == fields[5]
        guard isNormal else { return nil }
        let micros = match.7.flatMap { Int64(String($0).padding(toLength: 6, withPad: "0", startingAt: 0)) } ?? 0
        var offset: Int64 = 0
        if let sign = match.8, let hours = match.9.flatMap({ Int64($0) }), let minutes = match.10.flatMap({ Int64($0) })
        {
            guard hours <= 14, minutes <= 59 else { return nil }
            offset = (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
        }
        return (seconds - offset * 60) * 1_000_000 + micros
    }

    @Test("a call's id is read as Foundation reads a UUID, and printed the same")
    func callIDs() async throws {
        try await Fuzzer(
            "call-ids",
            seeds: [
                "0191c7a4-5f3e-7c11-9a55-0c8f4d2b7e60", "00000000-0000-0000-0000-000000000000",
                "FFFFFFFF-ffff-FFFF-ffff-FFFFFFFFFFFF",
            ],
            words: ["-", "{", "}", "0", "f", "F", "g", "-0c8f4d2b7e60", "urn:uuid:"],
            largestBytes: 48
        ) { run in
            let text = run.text
            let id = CallID(parsing: text)
            // Foundation's reader lets spaces in; the pattern does not.
            let isUUID = text.wholeMatch(of: /[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/) != nil
            let expected = isUUID ? UUID(uuidString: text)?.uuidString.lowercased() : nil
            run.note(text.utf8.count)
            run.note(id == nil ? "none" : "read")
            try run.expect(id?.description == expected, "\(id?.description ?? "none"), not \(expected ?? "none")")
            let random = (run.random.next(), run.random.next())
            let made = CallID(at: Instant(microseconds: run.random.integer()), random: random)
            try run.expect(CallID(parsing: made.description) == made, "printed as \(made)")
            try run.expect(made.high >> 12 & 0xF == 7 && made.low >> 62 == 2, "not a UUID of version 7: \(made)")
        }.run()
    }

    @Test("guessed tokens do not depend on where a text is cut, and are at most one a byte")
    func tokenEstimates() async throws {
        try await Fuzzer("token-estimates", seeds: ["plain text", "中文 mixed 日本語 한국어", "😀😀"], largestBytes: 256) { run in
            let tokens = run.input.withUnsafeBytes { TokenEstimator.tokens(in: $0) }
            var estimator = TokenEstimator()
            for piece in run.pieces() { piece.withUnsafeBytes { estimator.add($0) } }
            run.note(Int(tokens))
            try run.expect(estimator.tokens == tokens, "\(estimator.tokens) in pieces, \(tokens) whole")
            try run.expect(tokens <= run.input.count && (tokens > 0) == !run.input.isEmpty, "\(tokens) tokens")
        }.run()
    }
}
