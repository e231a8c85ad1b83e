import Domain

/// What a step of a fold adds to a zone's days, months and everything.
struct PeriodSums {
    struct Key: Hashable, Comparable {
        let span: RollupPlan.Span
        let dimension: Int64
        let bucket: Int64
        let id: Int64

        static func < (left: Key, right: Key) -> Bool {
            (left.span.rawValue, left.dimension, left.bucket, left.id)
                < (right.span.rawValue, right.dimension, right.bucket, right.id)
        }
    }

    private(set) var sums: [Key: (delta: RollupDelta, isSaturated: Bool)] = [:]
    private let rules: Zone
    /// Where the day and the month begin of the quarter that was added last: most quarters are followed by themselves.
    private var last: (quarter: Int64, day: Int64, month: Int64)?

    init(_ rules: Zone) { self.rules = rules }

    mutating func add(_ delta: RollupDelta, of key: RollupKey, isSaturated: Bool) {
        let (day, month) = periods(of: key.bucket)
        for (span, bucket) in [(RollupPlan.Span.day, day), (.month, month), (.ever, 0)] {
            let key = Key(span: span, dimension: key.dimension, bucket: bucket, id: key.id)
            if sums[key]?.delta.add(delta) == nil { sums[key] = (delta, isSaturated) }
            if isSaturated { sums[key]?.isSaturated = true }
        }
    }

    private mutating func periods(of quarter: Int64) -> (day: Int64, month: Int64) {
        if let last, last.quarter == quarter { return (last.day, last.month) }
        let instant = Instant(microseconds: quarter)
        let (day, month) = (rules.dayStart(of: instant).microseconds, rules.monthStart(of: instant).microseconds)
        last = (quarter, day, month)
        return (day, month)
    }
}
