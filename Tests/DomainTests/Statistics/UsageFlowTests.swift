import Testing

@testable import Domain

@Suite("the flow from users to providers")
struct UsageFlowTests {
    private typealias Amount = UsageFlow.Amount
    private typealias Node = UsageFlow.Node

    /// A call: who by which key on which model over which route, for how much.
    private struct Call {
        let user: Int64
        let key: Int64
        let model: Int64
        let route: Int64
        let spend: Int128

        static func random(_ random: inout SeededRandom) -> Call {
            let key = 1 + random.below(9)
            let route = 1 + random.below(7)
            return Call(
                user: 1 + key % 4,
                key: key,
                model: 1 + route % 5,
                route: route,
                spend: Int128(random.below(100))
            )
        }
    }

    private struct SeededRandom {
        var state: UInt64

        mutating func below(_ bound: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((state >> 33) % UInt64(bound))
        }
    }

    private static func sums(_ calls: [Call]) -> UsageFlow.Sums {
        var sums = UsageFlow.Sums()
        for call in calls {
            let amount = Amount(spend: call.spend, requests: 1)
            sums.users[call.user, default: Amount()] += amount
            sums.keys[call.key, default: Amount()] += amount
            sums.models[call.model, default: Amount()] += amount
            sums.routes[call.route, default: Amount()] += amount
            sums.pairs[KeyAndModel.id(key: call.key, model: call.model), default: Amount()] += amount
            sums.owners[call.key] = call.user
            sums.ends[call.route] = RouteEnds(model: call.model, provider: 1 + call.route % 3)
        }
        return sums
    }

    @Test("what flows in flows out, and all of it comes from users, whatever is shown", arguments: [1, 2, 3, 9])
    func conserved(limit: Int) {
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = SeededRandom(state: seed)
            let calls = (0..<(1 + random.below(60))).map { _ in Call.random(&random) }
            let sums = Self.sums(calls)
            let shown = UsageFlow.first(limit, of: sums.keys)
            let flow = UsageFlow(sums, shownKeys: shown, limit: limit)
            let total = calls.reduce(into: Amount()) { $0 += Amount(spend: $1.spend, requests: 1) }
            for kind in UsageFlow.Kind.allCases {
                let through = flow.nodes.filter { $0.key.kind == kind }
                #expect(through.values.reduce(into: Amount()) { $0 += $1 } == total, "\(seed) \(kind)")
                #expect(through.keys.count { $0.id != nil } <= limit)
            }
            for node in flow.nodes.keys where node.kind == .key || node.kind == .model {
                let into = flow.links.filter { $0.key.to == node }.values.reduce(into: Amount()) { $0 += $1 }
                let outOf = flow.links.filter { $0.key.from == node }.values.reduce(into: Amount()) { $0 += $1 }
                #expect(into == outOf, "\(seed) \(node)")
            }
        }
    }

    @Test("those that are shown have just their own, the others what is left")
    func others() {
        let calls = [
            Call(user: 1, key: 1, model: 1, route: 1, spend: 70), Call(user: 1, key: 2, model: 1, route: 1, spend: 20),
            Call(user: 2, key: 3, model: 2, route: 2, spend: 10),
        ]
        let flow = UsageFlow(Self.sums(calls), shownKeys: [1], limit: 1)
        func amount(_ from: Node, _ to: Node) -> Int128? { flow.links[.init(from, to)]?.spend }
        #expect(amount(Node(.user, 1), Node(.key, 1)) == 70)
        #expect(amount(Node(.user, 1), Node(.key, nil)) == 20)
        #expect(amount(Node(.user, nil), Node(.key, nil)) == 10)
        #expect(amount(Node(.key, 1), Node(.model, 1)) == 70)
        #expect(amount(Node(.key, nil), Node(.model, 1)) == 20)
        #expect(amount(Node(.key, nil), Node(.model, nil)) == 10)
        #expect(amount(Node(.model, 1), Node(.provider, 2)) == 90)
        #expect(amount(Node(.model, nil), Node(.provider, nil)) == 10)
        #expect(flow.links.count == 8)
    }

    @Test("a call for nothing flows too; nothing at all does not")
    func nothing() {
        #expect(UsageFlow(UsageFlow.Sums(), shownKeys: [], limit: 3) == UsageFlow())
        let free = UsageFlow(Self.sums([Call(user: 1, key: 1, model: 1, route: 1, spend: 0)]), shownKeys: [1], limit: 3)
        #expect(free.links.count == 3 && free.links.values.allSatisfy { $0.requests == 1 })
    }

    @Test(
        "a key and a model are one id and two again",
        arguments: [
            (1, 1, true), (KeyAndModel.largestKey, KeyAndModel.largestModel, true),
            (KeyAndModel.largestKey + 1, 1, false),
            (1, KeyAndModel.largestModel + 1, false), (0, 1, false), (-1, 1, false), (Int64.max, Int64.max, false),
        ] as [(Int64, Int64, Bool)]
    )
    func ids(key: Int64, model: Int64, isOwn: Bool) {
        let id = KeyAndModel.id(key: key, model: model)
        guard isOwn else {
            #expect(id == 0 && KeyAndModel.parts(of: id) == nil)
            return
        }
        #expect(KeyAndModel.ids(ofKey: key)?.contains(id) == true)
        #expect(KeyAndModel.parts(of: id).map { $0.key == key && $0.model == model } == true)
    }
}
