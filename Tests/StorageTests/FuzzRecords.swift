import Crypto
import Domain
import Foundation
import Fuzzing
import Testing

@testable import Storage

@Suite("Fuzz: what is kept as bytes and text")
struct FuzzRecords {
    /// A settlement of anything the types can hold, except what decoding bounds.
    private static func settlement(_ random: inout FuzzRandom) throws -> Settlement {
        var usage = Usage()
        for tokenClass in TokenClass.allCases {
            usage.set(tokenClass, to: random.integer(), random.pick(Provenance.allCases))
        }
        let hold = Hold(
            groupID: ModelGroupID(random.integer()),
            multiplier: try Multiplier(basisPoints: Int64(random.below(10_000_001))),
            amount: Money(picoDollars: random.integer()),
            outputLimit: random.integer(),
            isClamped: random.oneIn(2),
            parts: (0..<random.below(4)).map { index in
                HoldPart(
                    lane: index == 0 ? .key(APIKeyID(random.integer())) : .grant(GrantID(random.integer())),
                    amount: Money(picoDollars: random.integer())
                )
            }
        )
        let call = CallIntent(
            id: CallID(high: random.next(), low: random.next()),
            userID: UserID(random.integer()),
            keyID: APIKeyID(random.integer()),
            modelID: ModelID(random.integer()),
            routeID: RouteID(random.integer()),
            providerID: ProviderID(random.integer()),
            priceVersionID: PriceVersionID(random.integer()),
            endpoint: random.pick(Endpoint.allCases),
            isStreamed: random.oneIn(2),
            estimatedInputTokens: random.integer(),
            estimatedInputPrice: Money(picoDollars: random.integer()),
            startedAt: Instant(microseconds: random.integer()),
            clientAddress: random.pick(["127.0.0.1", "::1", ""]),
            userAgent: random.pick(["", "test/1", "é中😀"]),
            clientRequestID: random.pick([nil, "", "mine"])
        )
        let result = CallResult(
            outcome: random.pick([.captured, .voided]),
            usage: usage,
            charge: Money(picoDollars: random.integer()),
            cost: Money(picoDollars: random.integer()),
            excess: Money(picoDollars: random.integer()),
            flags: BillFlags(rawValue: random.integer()),
            statusCode: 100 + random.below(500),
            endedAt: Instant(microseconds: random.integer()),
            durationMilliseconds: random.integer(),
            firstByteMilliseconds: random.oneIn(2) ? nil : random.count(),
            rawUsage: random.pick([nil, [], Array(#"{"prompt_tokens":3}"#.utf8)])
        )
        return Settlement(call: call, hold: hold, result: result)
    }

    private static let settlement: [UInt8] = {
        var random = FuzzRandom(seed: 1)
        return (try? settlement(&random)).map { SettlementCoding.encode($0) } ?? []
    }()

    @Test("bytes are a settlement that is written back the same, or none")
    func settlements() async throws {
        try await Fuzzer("settlements", seeds: [Self.settlement]) { run in
            let made = try Self.settlement(&run.random)
            let decoded = SettlementCoding.decode(SettlementCoding.encode(made))
            try run.expect(
                decoded?.call == made.call && decoded?.hold == made.hold && decoded?.result == made.result,
                "\(made) comes back as \(String(describing: decoded))"
            )
            guard let read = SettlementCoding.decode(run.input) else {
                run.note("none")
                run.note(magnitudeOf: run.input.count)
                return
            }
            run.note("\(read.result.outcome) \(read.call.endpoint) \(read.hold.parts.count)")
            for tokenClass in TokenClass.allCases {
                try run.expect((0...Usage.largestCount).contains(read.result.usage[tokenClass]), "\(tokenClass)")
            }
            for isBrief in [false, true] {
                let again = SettlementCoding.decode(SettlementCoding.encode(read, isBrief: isBrief))
                try run.expect(again?.hold == read.hold, "the hold is written otherwise")
                try run.expect(
                    again?.call.id == read.call.id && again?.result.charge == read.result.charge,
                    "the money"
                )
                if !isBrief {
                    try run.expect(again?.call == read.call && again?.result == read.result, "written otherwise")
                } else {
                    try run.expect(again?.result.rawUsage == nil && again?.call.userAgent == "", "not brief")
                }
            }
        }.run()
    }

    @Test("a dead process's spool gives its whole records in order and ends at the first torn one")
    func spools() async throws {
        @Sendable func framed(_ record: [UInt8]) -> [UInt8] {
            let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: record.count >> $0) }
            return length + SHA256.hash(data: record).prefix(8) + record
        }
        let two = framed([1, 2, 3]) + framed(Self.settlement)
        try await Fuzzer("spool", seeds: [two, two + [0, 0, 0, 0], framed([9]), [0, 0, 0, 0]]) { run in
            let path = NSTemporaryDirectory() + "tokenaudit-fuzz-spool-\(ProcessInfo.processInfo.processIdentifier)"
            try Data(run.input).write(to: URL(fileURLWithPath: path))
            var found: [[UInt8]] = []
            let outcome = try Spool.replay(path: path) { found = $0 }
            var rest = run.input[...]
            var expected: [[UInt8]] = []
            while rest.count > 12 {
                let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
                let record = Array(rest.dropFirst(12).prefix(length))
                guard length > 0, rest.count >= 12 + length, framed(record) == Array(rest.prefix(12 + length)) else {
                    break
                }
                expected.append(record)
                rest = rest.dropFirst(12 + length)
            }
            run.note(expected.count)
            run.note(magnitudeOf: rest.count)
            try run.expect(found == expected && outcome == .taken(found.count), "\(found.count) of \(expected.count)")
            try run.expect(!FileManager.default.fileExists(atPath: path), "the file stays")
        }.run()
    }

    @Test("prices of a column are read back as they are written")
    func rates() async throws {
        try await Fuzzer(
            "rates",
            seeds: ["input=150000 output=600000 fee=5", "input=0 cache_read=9223372036854775807", "", "fee=1"],
            words: TokenClass.allCases.map { $0.name + "=" } + [
                "fee=", " ", "=", "-", "+", "0", "9223372036854775808",
            ],
            largestBytes: 256
        ) { run in
            guard let rates = RatesCoding.decode(run.text) else { return run.note("none") }
            for tokenClass in TokenClass.allCases { run.note(magnitudeOf: rates[tokenClass] ?? -1) }
            let text = RatesCoding.encode(rates)
            try run.expect(RatesCoding.decode(text) == rates && text.utf8.count <= 400, "written as \(text)")
        }.run()
    }

    @Test("keys, key files and sealed secrets are what their form says, and nothing else is")
    func secrets() async throws {
        guard let master = MasterKey(bytes: Array(1...32)) else { throw FuzzFailure(property: "32 bytes make a key") }
        let vault = Vault(master: master)
        let place = SecretPlace(table: "providers", row: "1", column: "credential", version: 1)
        let sealed = vault.seal(Array("sk-upstream-secret".utf8), at: place)
        let seeds = [
            sealed, "sk-audit-0123456789abcdefghijABCDEFGHIJ01", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
            "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\n", "AAAA", "_-8",
            "$scrypt$ln=4,r=1,p=1$AAAA$AAAA",
        ]
        try await Fuzzer(
            "secrets",
            seeds: seeds,
            words: [".", "v1.", "sk-audit-", "=", "_", "-", "\r\n"],
            largestBytes: 400
        ) {
            run in
            let text = run.text
            if let key = APIKeyMaterial(parsing: text) {
                run.note("key")
                let isKey = text.wholeMatch(of: /sk-audit-[A-Za-z0-9]{32}/) != nil
                try run.expect(isKey && key.secret == text, "a key of another form")
            }
            if let bytes = Base64URL.decode(run.input) {
                run.note("base64")
                try run.expect(Array(Base64URL.encode(bytes).utf8) == run.input, "not the only way to write it")
            }
            if let key = try? MasterKey.parse(run.input, path: "key") {
                run.note("master")
                try run.expect(
                    (32...66).contains(run.input.count) && key.id.utf8.count == 8,
                    "a key file of another form"
                )
            }
            if let opened = try? vault.open(text, at: place) {
                run.note("opened")
                try run.expect(text == sealed && opened == Array("sk-upstream-secret".utf8), "a changed envelope opens")
            }
            run.note("\(Vault.masterKeyID(of: text) == nil) \(text.split(separator: ".").count)")
            // Only where no hash would be computed: one takes longer than a thousand inputs.
            if !text.contains("ln=") { try run.expect(!PasswordHash.matches("password", stored: text), "matches") }
        }.run()
    }
}
