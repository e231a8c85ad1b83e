import Domain
import NIOCore
import Testing

@testable import Dialects
@testable import Gateway

/// How an ending becomes a bill: input 0.15, cached 0.075, output 0.60 dollars a million tokens; 1,000 tokens of prompt
/// were estimated, and 0.01 dollars are held.
private struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var ending: CallMachine.Ending
    var usage: (input: Int64, cached: Int64, output: Int64)?
    var isPlausible = true
    /// Which of its counts the usage states.
    var states: (input: Bool, output: Bool) = (true, true)
    var endpoint = Endpoint.chatCompletions
    var isBehind = false
    var events: Int64 = 0
    var tokens: Int64 = 0
    var echo: Int64 = 0
    var policy = DisconnectPolicy.chargeHold
    var hold = "0.01"
    let charge: String
    var cost: String?
    let flags: BillFlags
}

private let cases: [Case] = [
    Case(
        testDescription: "reported usage, exact: 20 + 80 cached + 40",
        ending: .capture(.complete),
        usage: (20, 80, 40),
        charge: "0.000033",
        flags: []
    ),
    Case(
        testDescription: "explicit zero is zero, not missing",
        ending: .capture(.complete),
        usage: (0, 0, 0),
        events: 7,
        tokens: 25,
        charge: "0.00",
        flags: []
    ),
    Case(
        testDescription: "missing usage: the prompt's estimate and a token an event",
        ending: .capture(.complete),
        events: 10,
        tokens: 5,
        charge: "0.000156",
        flags: .estimated
    ),
    Case(
        testDescription: "few events with much text: the text's tokens",
        ending: .capture(.complete),
        events: 1,
        tokens: 11,
        charge: "0.0001566",
        flags: .estimated
    ),
    Case(
        testDescription: "the prompt before the answer is no output",
        ending: .capture(.complete),
        events: 1,
        tokens: 1_011,
        echo: 1_000,
        charge: "0.0001566",
        flags: .estimated
    ),
    Case(
        testDescription: "but each event is, whatever was asked for",
        ending: .capture(.complete),
        events: 10,
        tokens: 11,
        echo: 1_000,
        charge: "0.000156",
        flags: .estimated
    ),
    Case(
        testDescription: "broken in the middle: what was delivered",
        ending: .capture(.upstreamBroke),
        events: 10,
        charge: "0.000156",
        flags: [.estimated, .upstreamBroken]
    ),
    Case(
        testDescription: "the client left and the rest is unknown: the hold, or hanging up were free",
        ending: .capture(.clientGone),
        events: 10,
        charge: "0.01",
        cost: "0.000156",
        flags: [.estimated, .clientGone, .unknownOutput]
    ),
    Case(
        testDescription: "the same under the milder policy",
        ending: .capture(.clientGone),
        events: 10,
        policy: .estimate,
        charge: "0.000156",
        flags: [.estimated, .clientGone]
    ),
    Case(
        testDescription: "drained to its usage, the client's leaving changes nothing",
        ending: .capture(.clientGone),
        usage: (100, 0, 10),
        charge: "0.000021",
        flags: .clientGone
    ),
    Case(
        testDescription: "the client left, and what was reported by then says nothing of the output: it is unknown",
        ending: .capture(.clientGone),
        usage: (100, 0, 0),
        states: (true, false),
        events: 10,
        charge: "0.01",
        cost: "0.000021",
        flags: [.estimated, .clientGone, .unknownOutput]
    ),
    Case(
        testDescription: "the client left, and a usage object came that states nothing",
        ending: .capture(.clientGone),
        usage: (0, 0, 0),
        states: (false, false),
        events: 10,
        charge: "0.01",
        cost: "0.000156",
        flags: [.estimated, .clientGone, .unknownOutput]
    ),
    Case(
        testDescription: "embeddings have no output that could be unknown",
        ending: .capture(.clientGone),
        usage: (100, 0, 0),
        states: (true, false),
        endpoint: .embeddings,
        charge: "0.000015",
        flags: .clientGone
    ),
    Case(
        testDescription: "broken after its usage had come: exact",
        ending: .capture(.upstreamBroke),
        usage: (100, 0, 10),
        events: 40,
        charge: "0.000021",
        flags: .upstreamBroken
    ),
    Case(
        testDescription: "broken when more had come than the usage states: what was counted",
        ending: .capture(.upstreamBroke),
        usage: (100, 0, 10),
        isBehind: true,
        events: 40,
        charge: "0.000039",
        flags: [.estimated, .upstreamBroken]
    ),
    Case(
        testDescription: "the same, and the usage states more than was counted",
        ending: .capture(.upstreamBroke),
        usage: (100, 0, 60),
        isBehind: true,
        events: 40,
        charge: "0.000051",
        flags: [.estimated, .upstreamBroken]
    ),
    Case(
        testDescription: "usage that came before all words is not all, nor does leaving then cost nothing",
        ending: .capture(.clientGone),
        usage: (100, 0, 0),
        isBehind: true,
        events: 40,
        charge: "0.01",
        cost: "0.000039",
        flags: [.estimated, .clientGone, .unknownOutput]
    ),
    Case(
        testDescription: "a lie beyond the hold is the provider's loss",
        ending: .capture(.complete),
        usage: (1_000_000, 0, 0),
        isPlausible: false,
        hold: "0.10",
        charge: "0.10",
        cost: "0.15",
        flags: [.implausibleUsage, .exceededHold]
    ),
    Case(
        testDescription: "more input than the model's context, though it fits the hold",
        ending: .capture(.complete),
        usage: (1, 100_000, 0),
        charge: "0.00750015",
        flags: .implausibleUsage
    ),
    Case(
        testDescription: "the largest lie of all traps nothing",
        ending: .capture(.complete),
        usage: (.max, .max, .max),
        isPlausible: false,
        charge: "0.01",
        cost: "3543.348019200000",
        flags: [.implausibleUsage, .exceededHold]
    ),
    Case(
        testDescription: "void before sending: nothing anywhere",
        ending: .void(.notSent),
        charge: "0.00",
        cost: "0.00",
        flags: []
    ),
    Case(
        testDescription: "sent and lost: nothing for the customer, the estimate at the provider",
        ending: .void(.unknown),
        charge: "0.00",
        cost: "0.00015",
        flags: .unknownCost
    ),
    Case(
        testDescription: "answered with an error: nothing anywhere",
        ending: .void(.answered),
        charge: "0.00",
        cost: "0.00",
        flags: []
    ),
]

@Suite("an ending becomes a bill")
struct BookingTests {
    @Test("table", arguments: cases)
    fileprivate func table(_ test: Case) throws {
        var rates = Rates()
        rates[.input] = 150_000
        rates[.cacheRead] = 75_000
        rates[.output] = 600_000
        let hold = Hold(
            groupID: ModelGroupID(1),
            multiplier: .one,
            amount: try Money(parsing: test.hold),
            outputLimit: 1_024,
            isClamped: false,
            parts: [HoldPart(lane: .grant(GrantID(1)), amount: try Money(parsing: test.hold))]
        )
        let call = CallIntent(
            id: CallID(high: 1, low: 1),
            userID: UserID(1),
            keyID: APIKeyID(1),
            modelID: ModelID(1),
            routeID: RouteID(1),
            providerID: ProviderID(1),
            priceVersionID: PriceVersionID(1),
            endpoint: test.endpoint,
            isStreamed: true,
            estimatedInputTokens: 1_000,
            estimatedInputPrice: try Money(parsing: "0.00015"),
            startedAt: Instant(microseconds: 0),
            clientAddress: "127.0.0.1",
            userAgent: "test"
        )
        var facts = BookingFacts()
        if let counts = test.usage {
            var usage = Usage()
            usage.set(.input, to: counts.input, .reported)
            usage.set(.cacheRead, to: counts.cached, .reported)
            usage.set(.output, to: counts.output, .reported)
            facts.reading = UsageReading(
                usage: usage,
                problems: test.isPlausible ? [] : .totalMismatch,
                hasInput: test.states.input,
                hasOutput: test.states.output
            )
        }
        facts.isUsageBehind = test.isBehind
        facts.contentEvents = test.events
        facts.contentTokens = test.tokens
        facts.echoTokens = test.echo
        let result = CallResult.booking(
            test.ending,
            facts: facts,
            call: call,
            hold: hold,
            rates: rates,
            costRates: rates,
            policy: test.policy,
            inputLimit: 100_000,
            outputLimit: 1_024,
            endedAt: Instant(microseconds: 1),
            durationMilliseconds: 1,
            firstByteMilliseconds: nil
        )
        #expect(result.charge == (try Money(parsing: test.charge)))
        if let cost = test.cost { #expect(result.cost == (try Money(parsing: cost))) }
        #expect(result.flags == test.flags)
        #expect(result.charge <= hold.amount)
    }
}
