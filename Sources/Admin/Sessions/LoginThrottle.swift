/// Slows guessing down without locking anybody out: a pair of email and network waits longer after each failure, and a
/// network that fails too often waits whoever it asks for. Others' failures never make a network wait.
///
/// An attempt counts as a failure from its beginning, so that many at once are no way around; success takes it back.
struct LoginThrottle: Sendable {
    /// Failures of a pair before it has to wait.
    static let freeFailures = 5
    static let longestDelaySeconds: Int64 = 900
    /// A pair that was quiet for so long begins anew.
    static let memory: Duration = .seconds(3_600)
    static let networkFailures = 50
    static let networkWindow: Duration = .seconds(600)
    /// Pairs, and networks, remembered at most; beyond it those quiet longest are forgotten.
    static let largestCount = 10_000

    private struct Pair: Hashable {
        let email: String
        let network: String
    }

    private struct Failures {
        var count = 0
        var last: Duration
        var blockedUntil: Duration
    }

    private struct Window {
        var count = 0
        var start: Duration
    }

    private var pairs: [Pair: Failures] = [:]
    private var networks: [String: Window] = [:]

    var count: Int { max(pairs.count, networks.count) }

    /// Begins an attempt, to be ended by ``succeeded(email:network:)``, ``abandoned(email:network:)``, or not at all:
    /// then it has failed.
    /// - Parameter now: since any one moment, never backwards.
    /// - Returns: whole seconds to wait, and nothing was counted; nil: go on.
    mutating func begin(email: String, network: String, now: Duration) -> Int64? {
        let pair = Pair(email: email, network: network)
        var failures = pairs[pair] ?? Failures(last: now, blockedUntil: now)
        if now - failures.last >= Self.memory { failures = Failures(last: now, blockedUntil: now) }
        var window = networks[network] ?? Window(start: now)
        if now - window.start >= Self.networkWindow { window = Window(start: now) }
        let pairWait = failures.blockedUntil - now
        let networkWait = window.count >= Self.networkFailures ? window.start + Self.networkWindow - now : .zero
        let wait = max(pairWait, networkWait)
        if wait > .zero { return wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0) }

        makeRoom(now: now)
        failures.count += 1
        failures.last = now
        failures.blockedUntil = now + .seconds(Self.delaySeconds(after: failures.count))
        window.count += 1
        pairs[pair] = failures
        networks[network] = window
        return nil
    }

    /// Forgets the pair's failures; of the network's only this attempt, or one good account would pay for any spray.
    mutating func succeeded(email: String, network: String) {
        pairs[Pair(email: email, network: network)] = nil
        takeBack(network: network)
    }

    /// The attempt came to no answer; it does not count.
    mutating func abandoned(email: String, network: String) {
        let pair = Pair(email: email, network: network)
        if var failures = pairs[pair] {
            failures.count -= 1
            failures.blockedUntil = failures.last
            pairs[pair] = failures.count > 0 ? failures : nil
        }
        takeBack(network: network)
    }

    private mutating func takeBack(network: String) {
        guard let window = networks[network] else { return }
        networks[network] = window.count > 1 ? Window(count: window.count - 1, start: window.start) : nil
    }

    static func delaySeconds(after failures: Int) -> Int64 {
        guard failures >= freeFailures else { return 0 }
        return min(longestDelaySeconds, 1 << Int64(min(failures - freeFailures, 20)))
    }

    /// A quarter at a time, so that a crowd does not cost a look at everybody each time.
    private mutating func makeRoom(now: Duration) {
        if pairs.count >= Self.largestCount {
            pairs = pairs.filter { now - $0.value.last < Self.memory }
            if pairs.count >= Self.largestCount {
                let oldest = pairs.sorted { $0.value.last < $1.value.last }.prefix(Self.largestCount / 4)
                for (pair, _) in oldest { pairs[pair] = nil }
            }
        }
        if networks.count >= Self.largestCount {
            networks = networks.filter { now - $0.value.start < Self.networkWindow }
            if networks.count >= Self.largestCount {
                let oldest = networks.sorted { $0.value.start < $1.value.start }.prefix(Self.largestCount / 4)
                for (network, _) in oldest { networks[network] = nil }
            }
        }
    }
}
