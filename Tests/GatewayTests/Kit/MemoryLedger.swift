import Domain
import Synchronization

/// A journal in memory: grants what it is told to, and remembers every settlement. Completions run at once, on the
/// caller's thread, or wait in `held` until a test lets them go.
final class MemoryJournal: Journal {
    struct State {
        var admitted: [AdmissionRequest] = []
        var settlements: [Settlement] = []
        var answer: @Sendable (AdmissionRequest) -> Admission = MemoryJournal.holdBound
        var settleOutcome: SettleOutcome = .durable
        var holdsSettlements = false
        var waiting: [@Sendable () -> Void] = []
        var settled: [CheckedContinuation<Void, Never>] = []
    }

    let state = Mutex(State())

    static let holdBound: @Sendable (AdmissionRequest) -> Admission = { request in
        let candidate = request.candidates[0]
        guard let amount = try? candidate.quote.bound(outputLimit: candidate.quote.outputLimit) else {
            return .refused(.insufficientQuota)
        }
        return .held(
            Hold(
                groupID: candidate.groupID,
                multiplier: candidate.multiplier,
                amount: amount,
                outputLimit: candidate.quote.outputLimit,
                isClamped: false,
                parts: [HoldPart(lane: .grant(GrantID(1)), amount: amount)]
            )
        )
    }

    func admit(_ request: AdmissionRequest, completion: @escaping @Sendable (Admission) -> Void) {
        let answer = state.withLock { state in
            state.admitted.append(request)
            return state.answer
        }
        completion(answer(request))
    }

    func settle(_ settlement: Settlement, completion: @escaping @Sendable (SettleOutcome) -> Void) {
        let (outcome, waiters, holds) = state.withLock { state in
            state.settlements.append(settlement)
            defer { state.settled = [] }
            if state.holdsSettlements {
                let outcome = state.settleOutcome
                state.waiting.append { completion(outcome) }
            }
            return (state.settleOutcome, state.settled, state.holdsSettlements)
        }
        if !holds { completion(outcome) }
        for waiter in waiters { waiter.resume() }
    }

    var isReady: Bool { true }

    var settlements: [Settlement] { state.withLock { $0.settlements } }

    /// Returns once `count` calls have been settled.
    func settled(_ count: Int) async -> [Settlement] {
        while true {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> Bool in
                    if state.settlements.count >= count { return true }
                    state.settled.append(continuation)
                    return false
                }
                if now { continuation.resume() }
            }
            let settlements = self.settlements
            if settlements.count >= count { return settlements }
        }
    }

    func releaseSettlements() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.holdsSettlements = false
            return state.waiting
        }
        for completion in waiting { completion() }
    }
}

/// Keys and one model in memory.
final class MemoryDirectory: Directory {
    let catalog: Catalog
    private let principals: [KeyDigest: Principal]

    init(catalog: Catalog, principals: [String: Principal]) {
        self.catalog = catalog
        var digests: [KeyDigest: Principal] = [:]
        for (key, principal) in principals {
            digests[Array(key.utf8).withUnsafeBytes { PlainDigester().digest($0) }] = principal
        }
        self.principals = digests
    }

    func principal(for digest: KeyDigest) -> PrincipalLookup {
        // A first look never finds: every test goes through the loading path.
        .notLoaded
    }

    func load(_ digest: KeyDigest, completion: @escaping @Sendable (PrincipalLookup?) -> Void) {
        completion(principals[digest].map { .known($0) } ?? .unknown)
    }
}

/// FNV-1a, four times over: enough to tell a test's keys apart.
struct PlainDigester: KeyDigester {
    func digest(_ key: UnsafeRawBufferPointer) -> KeyDigest {
        var words: [UInt64] = []
        for salt in 0..<4 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325 &+ UInt64(salt)
            for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            words.append(hash)
        }
        return KeyDigest((words[0], words[1], words[2], words[3]))
    }
}
