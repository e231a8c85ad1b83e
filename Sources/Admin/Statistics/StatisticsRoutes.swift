import Domain
import Hummingbird

/// `/api/admin/stats` for staff, `/api/me/stats` for everyone of what is one's own: all of it from roll-ups.
struct StatisticsRoutes: Sendable {
    /// By what bills are grouped.
    enum Grouping: String, CaseIterable, Sendable {
        case none, user, key, model, provider, group

        var dimension: UsageDimension {
            switch self {
            case .none: .all
            case .user: .user
            case .key: .key
            case .model: .model
            case .provider: .provider
            case .group: .group
            }
        }
    }

    /// By what one's own bills are.
    enum OwnGrouping: String, CaseIterable, Sendable { case none, key }

    private static let groupBy = Parameter<Grouping>.choice("group_by", "Absent: none. One user's may be by key.")
    private static let ownGroupBy = Parameter<OwnGrouping>.choice("group_by", "Absent: none.")
    private static let limit = Parameter<Int64>.integer(
        "limit",
        "How many groups, those that most was spent on first; absent: 20.",
        1...200
    )
    private static let user = Parameter<UserID>.id("user")
    private static let key = Parameter<APIKeyID>.id("key")
    private static let model = Parameter<ModelID>.id("model")
    private static let provider = Parameter<ProviderID>.id("provider")
    private static let group = Parameter<ModelGroupID>.id("group", "A model group.")
    private static let overviewGroups = 8

    let administration: Administration

    private var statistics: any Statistics { administration.statistics }

    var operations: [Operation] {
        [
            .guarded(
                .get,
                "/api/admin/stats/overview",
                atLeast: .auditor,
                "What calls came to, beside the time before, and by model.",
                query: StatisticsPeriod.parameters,
                gives: .ok(PeriodAnswer.shape("Overview", showsCost: true, hasPrevious: true, hasGroups: true))
            ) { asked, _ in try await overview(asked) },
            .guarded(
                .get,
                "/api/admin/stats/users/{id}/requests",
                atLeast: .auditor,
                "What a user's calls came to.",
                query: StatisticsPeriod.parameters,
                gives: .ok(PeriodAnswer.shape("UserStatistics", showsCost: true, hasPrevious: false, hasGroups: false))
            ) { asked, _ in try await requests(asked) },
            .guarded(
                .get,
                "/api/admin/stats/billing",
                atLeast: .auditor,
                "What was charged, what providers cost, what is left; refunds and errors apart.",
                query: StatisticsPeriod.parameters + [
                    Self.groupBy, Self.limit, Self.user, Self.key, Self.model, Self.provider, Self.group,
                ],
                gives: .ok(PeriodAnswer.shape("Billing", showsCost: true, hasPrevious: false, hasGroups: true))
            ) { asked, _ in try await billing(asked) },
            .guarded(
                .get,
                "/api/me/stats/overview",
                atLeast: .user,
                "What one's own calls came to, beside the time before, and by key.",
                query: StatisticsPeriod.parameters,
                gives: .ok(PeriodAnswer.shape("OwnOverview", showsCost: false, hasPrevious: true, hasGroups: true))
            ) { asked, caller in try await ownOverview(asked, caller.user) },
            .guarded(
                .get,
                "/api/me/stats/billing",
                atLeast: .user,
                "What one's own calls were charged; refunds and errors apart.",
                query: StatisticsPeriod.parameters + [Self.ownGroupBy, Self.limit],
                gives: .ok(PeriodAnswer.shape("OwnBilling", showsCost: false, hasPrevious: false, hasGroups: true))
            ) { asked, caller in try await ownBilling(asked, caller.user) },
        ]
    }

    // MARK: - Staff

    private func overview(_ asked: AdminRequest) async throws -> Response {
        try await answering(asked) { period, _ in
            let answers = try await statistics.answer([question(period), question(period, .model)])
            var shown = PeriodAnswer(period, answers[0], showsCost: true)
            try await add(answers[1], by: .model, limit: Self.overviewGroups, to: &shown)
            shown.previous = .some(try await previous(question(period), period, showsCost: true))
            return shown
        }
    }

    private func requests(_ asked: AdminRequest) async throws -> Response {
        let id: UserID = try asked.id()
        guard try await administration.accounts.account(id) != nil else { throw ControlError.missing }
        return try await answering(asked) { period, _ in
            let answer = try await statistics.answer([question(period, .user, ids: [id.rawValue])])[0]
            return PeriodAnswer(period, answer, showsCost: true)
        }
    }

    private func billing(_ asked: AdminRequest) async throws -> Response {
        try await answering(asked) { period, query in
            let grouping = query.value(Self.groupBy) ?? .none
            let limit = Int(query.value(Self.limit) ?? 20)
            let filters: [(Grouping, Int64?)] = [
                (.user, query.value(Self.user)?.rawValue), (.key, query.value(Self.key)?.rawValue),
                (.model, query.value(Self.model)?.rawValue), (.provider, query.value(Self.provider)?.rawValue),
                (.group, query.value(Self.group)?.rawValue),
            ]
            let given = filters.compactMap { grouping, id in id.map { (grouping, $0) } }
            if given.count == 1, given[0].0 == .user, grouping == .key {
                try query.finish()
                return try await figures(period, of: UserID(given[0].1), byKey: true, limit: limit, showsCost: true)
            }
            let dimension = given.first?.0 ?? grouping
            if given.count > 1 || (grouping != .none && dimension != grouping) {
                query.contradict(
                    given.last?.0.rawValue ?? "group_by",
                    "Sums are kept of one of user, key, model, provider and group at a time."
                )
            }
            try query.finish()
            let ids = given.first.map { [$0.1] }
            // Every sum there is under another dimension is there under the whole, which is quicker to read.
            var questions = [question(period, given.isEmpty ? .all : dimension.dimension, ids: ids)]
            if grouping != .none { questions.append(question(period, dimension.dimension, ids: ids)) }
            let answers = try await statistics.answer(questions)
            var shown = PeriodAnswer(period, answers[0], showsCost: true)
            shown.groups = []
            if grouping != .none { try await add(answers[1], by: grouping, limit: limit, to: &shown) }
            return shown
        }
    }

    // MARK: - Oneself

    private func ownOverview(_ asked: AdminRequest, _ user: UserID) async throws -> Response {
        try await answering(asked) { period, _ in
            let own = question(period, .user, ids: [user.rawValue])
            let keys = question(period, .key, ids: try await statistics.keys(of: user))
            let answers = try await statistics.answer([own, keys])
            var shown = PeriodAnswer(period, answers[0], showsCost: false)
            try await add(answers[1], by: .key, limit: Self.overviewGroups, to: &shown)
            shown.previous = .some(try await previous(own, period, showsCost: false))
            return shown
        }
    }

    private func ownBilling(_ asked: AdminRequest, _ user: UserID) async throws -> Response {
        try await answering(asked) { period, query in
            let grouping = query.value(Self.ownGroupBy) ?? .none
            let limit = Int(query.value(Self.limit) ?? 20)
            try query.finish()
            return try await figures(period, of: user, byKey: grouping == .key, limit: limit, showsCost: false)
        }
    }

    // MARK: - Both

    private func answering(
        _ asked: AdminRequest,
        _ body: (StatisticsPeriod, inout ListQuery) async throws -> PeriodAnswer
    ) async throws -> Response {
        do {
            var query = try asked.query()
            let period = try await StatisticsPeriod(&query, statistics, now: administration.now())
            return JSONAnswer.response(try await body(period, &query))
        } catch let error as StatisticsError {
            throw ControlError(error)
        }
    }

    private func figures(
        _ period: StatisticsPeriod,
        of user: UserID,
        byKey: Bool,
        limit: Int,
        showsCost: Bool
    ) async throws -> PeriodAnswer {
        var questions = [question(period, .user, ids: [user.rawValue])]
        if byKey { questions.append(question(period, .key, ids: try await statistics.keys(of: user))) }
        let answers = try await statistics.answer(questions)
        var shown = PeriodAnswer(period, answers[0], showsCost: showsCost)
        shown.groups = []
        if byKey { try await add(answers[1], by: .key, limit: limit, to: &shown) }
        return shown
    }

    private func question(
        _ period: StatisticsPeriod,
        _ dimension: UsageDimension = .all,
        ids: [Int64]? = nil
    ) -> StatisticsQuestion {
        StatisticsQuestion(range: period.range, zone: period.zone, step: period.step, dimension: dimension, ids: ids)
    }

    /// Nil where the time before is not kept any more in that detail.
    private func previous(
        _ question: StatisticsQuestion,
        _ period: StatisticsPeriod,
        showsCost: Bool
    ) async throws -> PeriodAnswer.Previous? {
        let range = period.previous
        let before = StatisticsQuestion(
            range: range,
            zone: question.zone,
            step: .whole,
            dimension: question.dimension,
            ids: question.ids
        )
        do {
            let totals = try await statistics.answer([before])[0].total
            return .init(
                from: range.lowerBound.description,
                to: range.upperBound.description,
                totals: FiguresAnswer(sums: totals, showsCost: showsCost)
            )
        } catch StatisticsError.onlyDays, StatisticsError.noDays {
            return nil
        }
    }

    private func add(
        _ answer: StatisticsAnswer,
        by grouping: Grouping,
        limit: Int,
        to shown: inout PeriodAnswer
    ) async throws {
        let ranked = answer.byID.sorted { ($1.value.spend, $0.key) < ($0.value.spend, $1.key) }
            .map { (id: $0.key, sums: $0.value) }
        let names = try await statistics.names(of: ranked.prefix(limit).map(\.id), in: grouping.dimension)
        shown.add(ranked, of: answer, by: grouping.rawValue, limit: limit, names: names)
    }
}
