/// Spend and requests on their way from users by their keys to models and on to providers. What flows into a node flows out
/// of it; of each kind the first so many stand by themselves, all others together.
package struct UsageFlow: Hashable, Sendable {
    package enum Kind: Int, CaseIterable, Sendable {
        case user, key, model, provider
    }

    package struct Node: Hashable, Sendable {
        package let kind: Kind
        /// Nil: all others of the kind.
        package let id: Int64?

        package init(_ kind: Kind, _ id: Int64?) {
            self.kind = kind
            self.id = id
        }
    }

    package struct Amount: Hashable, Sendable {
        package var spend: Int128 = 0
        package var requests: Int128 = 0

        package init(spend: Int128 = 0, requests: Int128 = 0) {
            self.spend = spend
            self.requests = requests
        }

        package init(_ sums: UsageSums) {
            self.init(spend: sums.spend, requests: sums[.requests])
        }

        var isNothing: Bool { spend == 0 && requests == 0 }

        package static func += (left: inout Amount, right: Amount) {
            left.spend += right.spend
            left.requests += right.requests
        }

        static func - (left: Amount, right: Amount) -> Amount {
            Amount(spend: left.spend - right.spend, requests: left.requests - right.requests)
        }
    }

    package struct Link: Hashable, Sendable {
        package let from: Node
        package let to: Node

        package init(_ from: Node, _ to: Node) {
            self.from = from
            self.to = to
        }
    }

    /// Without those that nothing flows through.
    package private(set) var links: [Link: Amount] = [:]

    package init() {}

    /// What flows through a node: what comes in, or what leaves a source.
    package var nodes: [Node: Amount] {
        var (into, outOf) = ([Node: Amount](), [Node: Amount]())
        for (link, amount) in links {
            into[link.to, default: Amount()] += amount
            outOf[link.from, default: Amount()] += amount
        }
        return outOf.merging(into) { _, comes in comes }
    }

    private mutating func add(_ amount: Amount, from: Node, to: Node) {
        guard !amount.isNothing else { return }
        links[Link(from, to), default: Amount()] += amount
    }

    /// The ids that most was spent on, then those with most requests.
    package static func first(_ count: Int, of amounts: [Int64: Amount]) -> Set<Int64> {
        let ranked = amounts.sorted { left, right in
            (right.value.spend, right.value.requests, left.key) < (left.value.spend, left.value.requests, right.key)
        }
        return Set(ranked.prefix(count).map(\.key))
    }
}

extension UsageFlow {
    /// Sums of one time, by id.
    package struct Sums: Sendable {
        package var users: [Int64: Amount] = [:]
        package var keys: [Int64: Amount] = [:]
        package var models: [Int64: Amount] = [:]
        /// By ids of ``KeyAndModel``, of those keys at least that are shown.
        package var pairs: [Int64: Amount] = [:]
        package var routes: [Int64: Amount] = [:]
        package var owners: [Int64: Int64] = [:]
        package var ends: [Int64: RouteEnds] = [:]

        package init() {}
    }

    /// - Parameter shownKeys: whose pairs are all there; what the others spent is what is left.
    package init(_ sums: Sums, shownKeys: Set<Int64>, limit: Int) {
        let users = Self.first(limit, of: sums.users)
        let models = Self.first(limit, of: sums.models)
        var byProvider: [Int64: Amount] = [:]
        for (route, amount) in sums.routes {
            if let ends = sums.ends[route] { byProvider[ends.provider, default: Amount()] += amount }
        }
        let providers = Self.first(limit, of: byProvider)
        func node(_ kind: Kind, _ id: Int64?, _ shown: Set<Int64>) -> Node {
            Node(kind, id.flatMap { shown.contains($0) ? $0 : nil })
        }

        var usersLeft = sums.users
        for key in shownKeys {
            let amount = sums.keys[key] ?? Amount()
            let owner = sums.owners[key]
            add(amount, from: node(.user, owner, users), to: Node(.key, key))
            if let owner, let left = usersLeft[owner] { usersLeft[owner] = left - amount }
        }
        for (user, left) in usersLeft { add(left, from: node(.user, user, users), to: Node(.key, nil)) }

        var modelsLeft = sums.models
        for (pair, amount) in sums.pairs {
            guard let (key, model) = KeyAndModel.parts(of: pair), shownKeys.contains(key) else { continue }
            add(amount, from: Node(.key, key), to: node(.model, model, models))
            if let left = modelsLeft[model] { modelsLeft[model] = left - amount }
        }
        for (model, left) in modelsLeft { add(left, from: Node(.key, nil), to: node(.model, model, models)) }

        for (route, amount) in sums.routes {
            let ends = sums.ends[route]
            add(amount, from: node(.model, ends?.model, models), to: node(.provider, ends?.provider, providers))
        }
        links = links.filter { !$0.value.isNothing }
    }
}
