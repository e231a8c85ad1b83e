import Domain

/// Calls over a time, in their order: busy days and quiet nights, few who call much and many who call little.
struct History: Sequence, IteratorProtocol {
    /// A call and how it will end.
    struct Event {
        let call: CallIntent
        let candidate: Candidate
        let usage: Usage
        let statusCode: Int
        let durationMilliseconds: Int64
    }

    private static let hourMicroseconds: Int64 = 3_600_000_000
    private static let agents = (1...20).map { "client/\($0).0 (history)" }

    private let population: Population
    private let userRanks: Zipf
    private let modelRanks: Zipf
    private var random: Random
    private let start: Instant
    private let hours: Int
    private let calls: Int
    private let weightSum: Double
    private var hour = -1
    private var weightSoFar = 0.0
    private var made = 0
    /// Those of this hour, last first.
    private var times: [Int64] = []

    init(_ population: Population, calls: Int, days: Int, end: Instant, seed: UInt64) {
        self.population = population
        self.calls = calls
        userRanks = Zipf(population.users)
        modelRanks = Zipf(population.models)
        random = Random(seed: seed)
        hours = days * 24
        start = Instant(microseconds: end.microseconds - Int64(hours) * Self.hourMicroseconds)
        weightSum = (0..<hours).reduce(0) { $0 + Self.weight(ofHour: $1) }
    }

    /// Working hours are four times as busy as nights, a weekend half as busy as a week.
    private static func weight(ofHour hour: Int) -> Double {
        let isWorking = (8..<19).contains(hour % 24)
        return (isWorking ? 4 : 1) * ((hour / 24) % 7 < 5 ? 2 : 1)
    }

    mutating func next() -> Event? {
        while times.isEmpty {
            hour += 1
            guard hour < hours else { return nil }
            weightSoFar += Self.weight(ofHour: hour)
            let due = hour == hours - 1 ? calls : Int(Double(calls) * weightSoFar / weightSum)
            let first = start.microseconds + Int64(hour) * Self.hourMicroseconds
            times = (made..<Swift.max(made, due)).map { _ in first + random.below(Self.hourMicroseconds) }
                .sorted(by: >)
            made = Swift.max(made, due)
        }
        return event(at: Instant(microseconds: times.removeLast()))
    }

    private mutating func event(at instant: Instant) -> Event {
        let user = userRanks.pick(&random)
        let key =
            user * population.keysPerUser
            + (random.below(10) < 7 ? 0 : Int(random.below(Int64(population.keysPerUser))))
        let model = modelRanks.pick(&random)
        let group = Population.group(ofModel: model)
        let rates = Population.rates(ofModel: model)
        let multiplier = Population.multiplier(ofGroup: group)
        var usage = Usage()
        let prompt = 100 + random.below(4_000)
        let cached = random.below(2) == 0 ? 0 : prompt * random.below(9) / 10
        usage.set(.input, to: prompt - cached, .reported)
        if cached > 0 { usage.set(.cacheRead, to: cached, .reported) }
        let output = 20 + random.below(1_500)
        usage.set(.output, to: output, .reported)
        let fixed = Money(picoDollars: 8_000 * (rates[.input] ?? 0))
        let perToken = Money(picoDollars: 2 * (rates[.output] ?? 0))
        let fails = random.below(100)
        return Event(
            call: CallIntent(
                id: CallID(at: instant, random: (random.next(), random.next())),
                userID: UserID(Int64(user + 1)),
                keyID: APIKeyID(Int64(key + 1)),
                modelID: ModelID(Int64(model + 1)),
                routeID: RouteID(Int64(model + 1)),
                providerID: ProviderID(Int64(Population.provider(ofModel: model) + 1)),
                priceVersionID: PriceVersionID(Int64(model + 1)),
                endpoint: random.below(20) == 0 ? .completions : .chatCompletions,
                isStreamed: random.below(3) > 0,
                estimatedInputTokens: prompt,
                estimatedInputPrice: Money(picoDollars: prompt * (rates[.input] ?? 0)),
                startedAt: instant,
                clientAddress: "10.0.\(user / 250).\(user % 250 + 1)",
                userAgent: Self.agents[Int(random.below(20))]
            ),
            candidate: Candidate(
                groupID: ModelGroupID(Int64(group + 1)),
                multiplier: multiplier,
                quote: Quote(fixed: fixed, perOutputToken: perToken, outputLimit: 2_048, lowestOutputLimit: 2_048)
            ),
            usage: fails < 3 ? Usage() : usage,
            statusCode: fails < 2 ? 502 : fails < 3 ? 429 : 200,
            durationMilliseconds: 60 + output * (2 + random.below(20))
        )
    }
}

extension History.Event {
    /// Under the hold that it got.
    func settlement(_ hold: Hold) -> Settlement {
        let rates = Population.rates(ofModel: Int(call.modelID.rawValue) - 1)
        let isVoid = statusCode >= 400
        let bill = Bill(usage: usage, rates: rates, costRates: rates, multiplier: hold.multiplier, hold: hold.amount)
        return Settlement(
            call: call,
            hold: hold,
            result: CallResult(
                outcome: isVoid ? .voided : .captured,
                usage: usage,
                charge: isVoid ? .zero : bill.charge,
                cost: isVoid ? .zero : bill.cost,
                excess: isVoid ? .zero : bill.excess,
                flags: [],
                statusCode: statusCode,
                endedAt: Instant(microseconds: call.startedAt.microseconds + durationMilliseconds * 1_000),
                durationMilliseconds: durationMilliseconds,
                firstByteMilliseconds: isVoid ? nil : 50,
                rawUsage: nil
            )
        )
    }
}
