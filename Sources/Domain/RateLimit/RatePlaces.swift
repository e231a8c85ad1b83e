/// Whose rates are counted: a place for each, kept while it is in use. What is idle is forgotten as newcomers come, so there are no
/// more than were in use lately.
struct RatePlaces<Entry: Sendable>: Sendable {
    /// How many old places a newcomer looks at: more than one, so that more is forgotten than comes.
    private static var looks: Int { 4 }

    private let capacity: Int
    private var entries: [(subject: RateSubject, entry: Entry)?] = []
    private var places: [RateSubject: Int] = [:]
    private var free: [Int] = []
    private var hand = 0

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { places.count }

    /// Of a place that is in use.
    subscript(place: Int) -> Entry {
        get {
            guard let entry = entries[place]?.entry else { preconditionFailure("a place that was forgotten") }
            return entry
        }
        _modify {
            guard entries[place] != nil else { preconditionFailure("a place that was forgotten") }
            yield &entries[place]!.entry
        }
    }

    /// The place of a subject, a new one if it has none; nil where as many as can be are in use.
    mutating func place(of subject: RateSubject, or entry: @autoclosure () -> Entry, isIdle: (inout Entry) -> Bool)
        -> Int?
    {
        if let place = places[subject] { return place }
        for _ in 0..<min(Self.looks, entries.count) { forgetOne(isIdle) }
        let place: Int
        if let freed = free.popLast() {
            place = freed
            entries[place] = (subject, entry())
        } else {
            guard entries.count < capacity else { return nil }
            place = entries.count
            entries.append((subject, entry()))
        }
        places[subject] = place
        return place
    }

    private mutating func forgetOne(_ isIdle: (inout Entry) -> Bool) {
        hand = hand + 1 < entries.count ? hand + 1 : 0
        guard let subject = entries[hand]?.subject, isIdle(&self[hand]) else { return }
        places[subject] = nil
        entries[hand] = nil
        free.append(hand)
    }
}
