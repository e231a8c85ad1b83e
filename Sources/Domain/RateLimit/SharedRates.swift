/// Rates where several replicas count together: what this one has drawn of each, and which calls wait until
/// it has drawn more. Pure and without a clock; whoever owns it carries its rounds to the database, one at a time.
package struct SharedRates: Sendable {
    package typealias Ticket = UInt64

    /// What a call has taken; given back once, at its end.
    package struct Lease: Hashable, Sendable {
        fileprivate struct Part: Hashable, Sendable {
            let place: Int
            /// Of each measure what is needed; nil where it is not limited.
            let requests: Int64?
            let tokens: Int64?
            let calls: Int64?

            subscript(measure: RateLimit.Measure) -> Int64? {
                switch measure {
                case .requests: requests
                case .tokens: tokens
                case .calls: calls
                }
            }
        }

        fileprivate var parts: [Part] = []
    }

    package enum Decision: Hashable, Sendable {
        case taken(Lease, RateStanding)
        /// Nothing was taken.
        case refused(RateRefusal, RateStanding)
        /// Decided by a round to come.
        case waiting(Ticket)
        /// More waits, or is limited at a time, than can be counted.
        case crowded
        /// The database did not say in time.
        case unavailable
    }

    private struct Entry: Sendable {
        let subject: RateSubject
        var requests: RateShare?
        var tokens: RateShare?
        var calls: RateShare?
        /// Calls that wait, or have taken and not ended.
        var users = 0
        var isHeld = false

        init(subject: RateSubject) { self.subject = subject }

        subscript(measure: RateLimit.Measure) -> RateShare? {
            get {
                switch measure {
                case .requests: requests
                case .tokens: tokens
                case .calls: calls
                }
            }
            set {
                switch measure {
                case .requests: requests = newValue
                case .tokens: tokens = newValue
                case .calls: calls = newValue
                }
            }
        }

        mutating func bring(to limit: RateLimit, at now: Uptime) {
            Self.bring(&requests, .requests, to: limit[.requests], at: now)
            Self.bring(&tokens, .tokens, to: limit[.tokens], at: now)
            Self.bring(&calls, .calls, to: limit[.calls], at: now)
        }

        private static func bring(
            _ share: inout RateShare?,
            _ measure: RateLimit.Measure,
            to limit: Int64?,
            at now: Uptime
        ) {
            guard let limit else {
                // What is in hand goes back first.
                if share?.isIdle(at: now) == true { share = nil }
                return
            }
            guard share != nil else { return share = RateShare(measure, limit: limit, at: now) }
            if share?.limit != limit { share?.change(to: limit, at: now) }
        }

        func isIdle(at now: Uptime) -> Bool {
            users == 0 && !isHeld
                && [requests, tokens, calls].allSatisfy { $0?.isIdle(at: now) != false }
        }
    }

    private struct Waiting: Sendable {
        let ticket: Ticket
        let demand: RateLimiter.Demand
        let lease: Lease
        let since: Uptime
    }

    private struct Slot: Hashable, Sendable {
        let place: Int
        let measure: RateLimit.Measure
    }

    private struct Round: Sendable {
        let slots: [Slot]
        let last: Ticket
    }

    private enum Verdict {
        case passes
        case refused(RateRefusal)
        /// This replica cannot tell.
        case asks
    }

    private static let measures = RateLimit.Measure.allCases
    /// A call waits this long for its draw.
    package static let patienceNanoseconds: Int64 = 2_000_000_000
    /// After a round that failed nobody is asked for so long.
    private static let pauseNanoseconds: Int64 = 250_000_000
    private static let mostWaiting = 8_192
    private static let mostWaitingInRound = 512
    private static let mostSlotsInRound = 1_024

    private var places: RatePlaces<Entry>
    private var waiting: [Waiting] = []
    private var tickets: Ticket = 0
    private var round: Round?
    /// Slots that the next round should look after, besides those of calls that wait.
    private var due: [Slot] = []
    /// Places that have something in hand, or owe.
    private var held: Set<Int> = []
    private var pausedUntil: Uptime?
    /// Nobody has something in hand for calls to come before it is known how many share.
    private var replicas: Int64 = .max / 64

    package init(capacity: Int = RateLimiter.usualCapacity) { places = RatePlaces(capacity: capacity) }

    package var count: Int { places.count }

    /// Whether ``look(at:)`` has something to look at.
    package var needsLook: Bool { !held.isEmpty || !waiting.isEmpty }

    // MARK: - Calls

    /// Takes of everything that bounds the call, or nothing of any, as far as this replica can tell.
    package mutating func take(
        _ demand: RateLimiter.Demand,
        of limits: [(subject: RateSubject, limit: RateLimit)],
        at now: Uptime
    ) -> Decision {
        var lease = Lease()
        lease.parts.reserveCapacity(limits.count)
        for (subject, limit) in limits {
            guard
                let place = places.place(of: subject, or: Entry(subject: subject), isIdle: { $0.isIdle(at: now) })
            else {
                leave(lease)
                return .crowded
            }
            places[place].bring(to: limit, at: now)
            places[place].users += 1
            lease.parts.append(
                .init(
                    place: place,
                    requests: limit[.requests].map { _ in 1 },
                    tokens: limit[.tokens].map { min(demand.tokens, $0) },
                    calls: limit[.calls].map { _ in 1 }
                )
            )
        }
        switch verdict(on: demand, lease, isAsked: false, at: now) {
        case .passes: return pass(lease, at: now)
        case .refused(let refusal): return refuse(lease, refusal, at: now)
        case .asks: break
        }
        if let pausedUntil, now < pausedUntil {
            leave(lease)
            return .unavailable
        }
        guard waiting.count < Self.mostWaiting else {
            leave(lease)
            return .crowded
        }
        tickets += 1
        waiting.append(Waiting(ticket: tickets, demand: demand, lease: lease, since: now))
        wait(lease, 1)
        return .waiting(tickets)
    }

    /// Ends a call: the request stays counted, of the tokens those that were used.
    package mutating func giveBack(_ lease: Lease, usedTokens: Int64) {
        for part in lease.parts {
            if let taken = part.tokens { places[part.place].tokens?.correct(by: taken - max(0, usedTokens)) }
            if let taken = part.calls { places[part.place].calls?.end(taken) }
            if part.tokens != nil || part.calls != nil { hold(part.place) }
        }
        leave(lease)
    }

    /// A call may pass before others that wait only where it needs nothing of what they wait for.
    private func verdict(on demand: RateLimiter.Demand, _ lease: Lease, isAsked: Bool, at now: Uptime) -> Verdict {
        var refusal: RateRefusal?
        var asks = false
        for part in lease.parts {
            let entry = places[part.place]
            for measure in Self.measures {
                guard let need = part[measure], let share = entry[measure] else { continue }
                func refuse(_ wait: RateRefusal.Wait) {
                    let another = RateRefusal(
                        subject: entry.subject,
                        measure: measure,
                        limit: share.limit,
                        wait: measure == .calls ? .unknown : wait
                    )
                    refusal = another.longer(than: refusal)
                }
                if measure == .tokens, demand.inputTokens > share.limit {
                    refuse(.endless)
                } else if need <= share.hand, isAsked || share.waiting == 0 {
                    continue
                } else if isAsked {
                    refuse(.nanoseconds(share.toldWait(for: need, at: now)))
                } else if let wait = share.refusal(of: need, at: now) {
                    refuse(.nanoseconds(wait))
                } else {
                    asks = true
                }
            }
        }
        if let refusal { return .refused(refusal) }
        return asks ? .asks : .passes
    }

    private mutating func pass(_ lease: Lease, at now: Uptime) -> Decision {
        for part in lease.parts {
            for measure in Self.measures {
                guard let need = part[measure], places[part.place][measure]?.take(need, at: now) == true else {
                    continue
                }
                places[part.place][measure]?.isDue = true
                due.append(Slot(place: part.place, measure: measure))
            }
            hold(part.place)
        }
        return .taken(lease, standing(of: lease, at: now))
    }

    private mutating func refuse(_ lease: Lease, _ refusal: RateRefusal, at now: Uptime) -> Decision {
        defer { leave(lease) }
        return .refused(refusal, standing(of: lease, at: now))
    }

    private func standing(of lease: Lease, at now: Uptime) -> RateStanding {
        var standing = RateStanding()
        for part in lease.parts {
            standing.narrow(
                requests: part.requests == nil ? nil : places[part.place].requests?.whole(at: now),
                tokens: part.tokens == nil ? nil : places[part.place].tokens?.whole(at: now)
            )
        }
        return standing
    }

    private mutating func leave(_ lease: Lease) {
        for part in lease.parts { places[part.place].users -= 1 }
    }

    private mutating func hold(_ place: Int) {
        guard !places[place].isHeld else { return }
        places[place].isHeld = true
        held.insert(place)
    }

    // MARK: - Rounds

    /// What to ask now; nothing while a round is under way.
    package mutating func nextRound(at now: Uptime) -> [RateDraw] {
        guard round == nil, !(waiting.isEmpty && due.isEmpty) else { return [] }
        if let pausedUntil, now < pausedUntil { return [] }
        pausedUntil = nil
        var needs: [Slot: [Int64]] = [:]
        var slots: [Slot] = []
        for call in waiting.prefix(Self.mostWaitingInRound) {
            for (slot, need) in Self.slots(of: call.lease) {
                if needs[slot] == nil { slots.append(slot) }
                needs[slot, default: []].append(need)
            }
        }
        let looked = due.prefix(Self.mostSlotsInRound)
        for slot in looked where needs[slot] == nil {
            needs[slot] = []
            slots.append(slot)
        }
        due.removeFirst(looked.count)
        slots.removeAll { places[$0.place][$0.measure] == nil }
        guard !slots.isEmpty else { return [] }
        round = Round(slots: slots, last: waiting.prefix(Self.mostWaitingInRound).last?.ticket ?? 0)
        return slots.map { slot in
            let bucket = RateBucket(subject: places[slot.place].subject, measure: slot.measure)
            var share = places[slot.place][slot.measure] ?? RateShare(slot.measure, limit: 1, at: now)
            defer { places[slot.place][slot.measure] = share }
            return share.beginRound(bucket, needs: needs[slot] ?? [], replicas: replicas, at: now)
        }
    }

    /// Ends the round. - Parameter answer: nil: it failed.
    /// - Returns: what it has decided.
    package mutating func answered(_ answer: RateAnswer?, at now: Uptime) -> [(ticket: Ticket, decision: Decision)] {
        guard let round else { return [] }
        self.round = nil
        let count = waiting.prefix { $0.ticket <= round.last }.count
        let asked = waiting.prefix(count)
        waiting.removeFirst(count)
        for call in asked { wait(call.lease, -1) }
        guard let answer, answer.grants.count == round.slots.count else {
            pausedUntil = Uptime(nanoseconds: now.nanoseconds + Self.pauseNanoseconds)
            for slot in round.slots {
                places[slot.place][slot.measure]?.failRound()
                hold(slot.place)
            }
            for call in asked { leave(call.lease) }
            return asked.map { ($0.ticket, .unavailable) }
        }
        replicas = max(1, answer.replicas)
        for (slot, grant) in zip(round.slots, answer.grants) {
            places[slot.place][slot.measure]?.endRound(grant, at: now)
            hold(slot.place)
        }
        var refused: [Waiting] = []
        var decisions: [(ticket: Ticket, decision: Decision)] = []
        for call in asked {
            if case .refused = verdict(on: call.demand, call.lease, isAsked: true, at: now) {
                refused.append(call)
            } else {
                decisions.append((call.ticket, pass(call.lease, at: now)))
            }
        }
        // They are told of what the others have left.
        for call in refused {
            switch verdict(on: call.demand, call.lease, isAsked: true, at: now) {
            case .refused(let refusal): decisions.append((call.ticket, refuse(call.lease, refusal, at: now)))
            case .passes, .asks: decisions.append((call.ticket, pass(call.lease, at: now)))
            }
        }
        return decisions
    }

    /// To be called now and then while ``needsLook``: puts what is to be given back or made good on the next round.
    /// - Returns: calls that have waited too long.
    package mutating func look(at now: Uptime) -> [Ticket] {
        for place in held {
            var isHeld = false
            for measure in Self.measures {
                guard let share = places[place][measure] else { continue }
                if !share.isSettled { isHeld = true }
                guard share.isOff(replicas, at: now) else { continue }
                places[place][measure]?.isDue = true
                due.append(Slot(place: place, measure: measure))
            }
            guard !isHeld else { continue }
            places[place].isHeld = false
            held.remove(place)
        }
        let late = waiting.prefix { now.nanoseconds - $0.since.nanoseconds >= Self.patienceNanoseconds }
        waiting.removeFirst(late.count)
        for call in late {
            wait(call.lease, -1)
            leave(call.lease)
        }
        return late.map(\.ticket)
    }

    private mutating func wait(_ lease: Lease, _ count: Int) {
        for (slot, _) in Self.slots(of: lease) { places[slot.place][slot.measure]?.waiting += count }
    }

    private static func slots(of lease: Lease) -> [(slot: Slot, need: Int64)] {
        lease.parts.flatMap { part in
            measures.compactMap { measure in
                part[measure].map { (Slot(place: part.place, measure: measure), $0) }
            }
        }
    }
}
