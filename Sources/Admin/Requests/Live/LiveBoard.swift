import Domain

/// Who listens to calls, within limits: values only.
struct LiveBoard: Sendable {
    struct Limits: Hashable, Sendable {
        /// Of this process.
        var listeners = 64
        var ofUser = 6
        /// That a listener is told at a time.
        var calls = 50
        /// That are read for all listeners at a time.
        var reads = 500
        var keepAliveSeconds = 15
        /// Without room for what is told, in a row.
        var refusals = 30
    }

    typealias ID = Int

    let limits: Limits
    private(set) var listeners: [ID: LiveListener] = [:]
    private var newest: ID = 0

    init(_ limits: Limits = Limits()) { self.limits = limits }

    var sessions: Set<SessionID> { Set(listeners.values.map(\.caller.session)) }

    /// - Returns: nil where there are too many already, of all or of this user.
    mutating func add(_ listener: LiveListener) -> ID? {
        let own = listeners.values.count { $0.caller.user == listener.caller.user }
        guard listeners.count < limits.listeners, own < limits.ofUser else { return nil }
        newest += 1
        listeners[newest] = listener
        return newest
    }

    mutating func remove(_ id: ID) { listeners[id] = nil }

    /// Those who may not listen any more.
    func ended(_ standings: [SessionID: SessionStanding], at now: Instant) -> [ID] {
        listeners.filter { !$0.value.may(standings[$0.value.caller.session], at: now) }.map(\.key)
    }

    /// The calls that anybody is to be told of; the newest where they are too many.
    func chosen(of glances: [CallGlance]) -> [CallID] {
        var wanted: Set<CallID> = []
        for listener in listeners.values { wanted.formUnion(listener.selection(of: glances, most: limits.calls).calls) }
        return Array(glances.lazy.map(\.id).filter(wanted.contains).suffix(limits.reads))
    }

    func parcels(of news: CallNews) -> [ID: LiveParcel] {
        var texts: [CallReader: [CallID: String]] = [:]
        for reader in Set(listeners.values.map(\.reader)) {
            let pairs = news.calls.map { ($0.bill.id, JSONAnswer.text(CallAnswer(call: $0, reader: reader))) }
            texts[reader] = Dictionary(pairs, uniquingKeysWith: { $1 })
        }
        return listeners.compactMapValues { listener in
            LiveParcel(
                to: listener,
                news.glances,
                texts: texts[listener.reader] ?? [:],
                unread: news.unread,
                most: limits.calls
            )
        }
    }

    /// A second has passed. - Returns: who has heard nothing for long.
    mutating func secondPassed() -> [ID] {
        var quiet: [ID] = []
        for id in listeners.keys.sorted() {
            listeners[id]?.quietSeconds += 1
            if let listener = listeners[id], listener.quietSeconds >= limits.keepAliveSeconds { quiet.append(id) }
        }
        return quiet
    }

    mutating func sent(to id: ID) { listeners[id]?.quietSeconds = 0 }

    /// A parcel was taken by the listener's stream.
    mutating func delivered(to id: ID) {
        listeners[id]?.quietSeconds = 0
        listeners[id]?.skipped = 0
        listeners[id]?.isExact = true
        listeners[id]?.refusals = 0
    }

    /// There was no room for a parcel. - Returns: true if the listener is to be cut.
    mutating func refused(_ parcel: LiveParcel, by id: ID) -> Bool {
        guard var listener = listeners[id] else { return false }
        listener.skipped = parcel.ended
        listener.isExact = parcel.isExact
        listener.refusals += 1
        listeners[id] = listener
        return listener.refusals >= limits.refusals
    }
}
