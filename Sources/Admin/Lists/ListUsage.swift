import Domain
import Hummingbird

/// What the rows of a list were used for of late, where `include=usage` asks for it: one question for a page's rows, from
/// roll-ups alone.
struct ListUsage: Sendable {
    enum Included: String, CaseIterable, Sendable { case usage }

    /// What was asked for.
    struct Asked: Sendable {
        fileprivate let isIncluded: Bool
        fileprivate let zoneName: String?
    }

    private static let days: Int64 = 7
    private static let include = Parameter<Included>.choice(
        "include",
        "usage: what each row came to on each of the last seven days."
    )
    static let parameters: [any Declaration] = [include, StatisticsPeriod.timeZone]

    let statistics: any Statistics
    /// The wall clock.
    let now: @Sendable () -> Instant

    /// A page of such rows.
    static func page(of row: Shape) -> Operation.Success {
        .page(of: row.with("usage", DailyUsage.shape.nullable().noted(note)))
    }

    private static let note = "Where include says so; null where too much would have to be read for this time zone."

    /// Read before the page: what is wrong with it is thrown there.
    func asked(_ list: inout ListQuery) -> Asked {
        Asked(isIncluded: list.value(Self.include) != nil, zoneName: list.value(StatisticsPeriod.timeZone))
    }

    /// - Throws: 404 for a page beyond the last; 422 for an unknown zone; 503.
    func answer<Item: Sendable, Shown: Encodable & Sendable>(
        _ list: ListQuery,
        _ found: Page<Item>,
        page: PageNumber,
        _ asked: Asked,
        by dimension: UsageDimension,
        id: (Item) -> Int64,
        item: (Item) -> Shown
    ) async throws -> Response {
        guard asked.isIncluded else {
            return try list.answer(found, page: page) { ListRow(row: item($0), usage: nil) }
        }
        let usage = try await usage(of: found.items.map(id), by: dimension, in: asked.zoneName)
        return try list.answer(found, page: page) { ListRow(row: item($0), usage: .some(usage?[id($0)])) }
    }

    /// - Returns: nil where too much would have to be read.
    private func usage(
        of ids: [Int64],
        by dimension: UsageDimension,
        in zoneName: String?
    ) async throws -> [Int64: DailyUsage]? {
        do {
            let zone = if let zoneName { try await statistics.zone(named: zoneName) } else { Zone.utc }
            let now = now()
            let today = zone.date(at: zone.dayStart(of: now))
            let start = RollupPlan.quarter(of: zone.instant(of: today.addingDays(1 - Self.days)))
            let end = RollupPlan.quarter(of: Instant(microseconds: now.microseconds + 1), up: true)
            let question = StatisticsQuestion(
                range: start..<end,
                zone: zone,
                step: .day,
                dimension: dimension,
                ids: ids
            )
            let answer = try await statistics.answer([question])[0]
            let rows = ids.map { ($0, DailyUsage(of: $0, in: answer, zone: zone)) }
            return Dictionary(rows, uniquingKeysWith: { $1 })
        } catch {
            if case .tooManyRows = error { return nil }
            throw ControlError(error)
        }
    }
}
