import Domain

/// Figures of a time, whole and in pieces, and beside those of the time before.
struct PeriodAnswer: Encodable {
    struct Piece: Encodable {
        let start: String
        let end: String
        let figures: FiguresAnswer
    }

    struct Previous: Encodable {
        let from: String
        let to: String
        let totals: FiguresAnswer
    }

    /// One of what the figures are grouped by. Its series are as long as the answer's.
    struct Group: Encodable {
        let id: Int64
        let name: String
        let totals: FiguresAnswer
        let spend: [String]
        let requests: [Int64]
        let tokens: [Int64]
    }

    let period: StatisticsPeriod
    let totals: FiguresAnswer
    let series: [Piece]
    /// Nil: there is no such member.
    var previous: Previous??
    var groupBy: String?
    var groups: [Group]?
    /// All there are, those too that are not shown.
    var groupCount = 0
    var others: FiguresAnswer?

    static func shape(_ title: String, showsCost: Bool, hasPrevious: Bool, hasGroups: Bool) -> Shape {
        let figures = FiguresAnswer.shape(showsCost: showsCost)
        var members: [(name: String, shape: Shape, isRequired: Bool)] = [
            ("from", .instant, true), ("to", .instant, true), ("time_zone", .text, true),
            ("step", .choice(StatisticsStep.self), true), ("totals", figures, true),
            ("series", .list(.object("Piece", ["start": .instant, "end": .instant, "figures": figures])), true),
        ]
        if hasPrevious {
            let previous = Shape.object("Previous", ["from": .instant, "to": .instant, "totals": figures])
            members.append(("previous", previous.nullable(), true))
        }
        if hasGroups {
            let group = Shape.object(
                "Group",
                [
                    "id": .id, "name": .text, "totals": figures, "spend": .list(.money), "requests": .list(.count),
                    "tokens": .list(.count),
                ]
            )
            members += [
                ("group_by", .text.nullable(), true), ("groups", .list(group), true), ("group_count", .count, true),
                ("others", figures.nullable(), true),
            ]
        }
        return .object(title, members)
    }

    private enum CodingKeys: String, CodingKey {
        case from, to, step, totals, series, previous, groups, others
        case timeZone = "time_zone"
        case groupBy = "group_by"
        case groupCount = "group_count"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(period.range.lowerBound.description, forKey: .from)
        try container.encode(period.range.upperBound.description, forKey: .to)
        try container.encode(period.zone.name, forKey: .timeZone)
        try container.encode(period.step.rawValue, forKey: .step)
        try container.encode(totals, forKey: .totals)
        try container.encode(series, forKey: .series)
        if let previous { try container.encode(previous, forKey: .previous) }
        if let groups {
            try container.encode(groupBy, forKey: .groupBy)
            try container.encode(groups, forKey: .groups)
            try container.encode(groupCount, forKey: .groupCount)
            try container.encode(others, forKey: .others)
        }
    }
}

extension PeriodAnswer {
    init(_ period: StatisticsPeriod, _ answer: StatisticsAnswer, showsCost: Bool) {
        self.period = period
        totals = FiguresAnswer(sums: answer.total, showsCost: showsCost)
        series = answer.series.enumerated().map { index, sums in
            Piece(
                start: answer.buckets[index].lowerBound.description,
                end: answer.buckets[index].upperBound.description,
                figures: FiguresAnswer(sums: sums, showsCost: showsCost)
            )
        }
    }

    /// Adds the groups that were spent most on, and what the others come to.
    mutating func add(
        _ ranked: [(id: Int64, sums: UsageSums)],
        of answer: StatisticsAnswer,
        by dimension: String,
        limit: Int,
        names: [Int64: String]
    ) {
        let showsCost = totals.showsCost
        groupBy = dimension
        groupCount = ranked.count
        groups = ranked.prefix(limit).map { group in
            let pieces = (0..<answer.buckets.count).map { answer.cells[.init(bucket: $0, id: group.id)] }
            return Group(
                id: group.id,
                name: names[group.id] ?? "",
                totals: FiguresAnswer(sums: group.sums, showsCost: showsCost),
                spend: pieces.map { Money.text($0?.spend ?? 0) },
                requests: pieces.map { Int64(clamping: $0?[.requests] ?? 0) },
                tokens: pieces.map { Int64(clamping: ($0?.inputTokens ?? 0) + ($0?.outputTokens ?? 0)) }
            )
        }
        let rest = ranked.dropFirst(limit)
        if !rest.isEmpty {
            let sums = rest.reduce(into: UsageSums()) { $0.add($1.sums) }
            others = FiguresAnswer(sums: sums, showsCost: showsCost)
        }
    }
}
