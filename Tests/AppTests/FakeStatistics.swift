import Domain
import Synchronization

/// Statistics that remember what they were asked: one call of each id, for a dollar, in each piece.
final class FakeStatistics: Statistics {
    private let questions = Mutex<[StatisticsQuestion]>([])
    private let failure = Mutex<StatisticsError?>(nil)

    /// Users' keys, by user.
    static let keys: [Int64: [Int64]] = [4: [41, 42]]
    static let dollar: Int128 = 1_000_000_000_000

    var asked: [StatisticsQuestion] { questions.withLock { $0 } }

    func fail(with error: StatisticsError?) { failure.withLock { $0 = error } }

    func answer(_ questions: [StatisticsQuestion]) async throws(StatisticsError) -> [StatisticsAnswer] {
        self.questions.withLock { $0 += questions }
        if let failure = failure.withLock({ $0 }) { throw failure }
        var answers: [StatisticsAnswer] = []
        for question in questions {
            let buckets = try StatisticsBuckets(question.range, step: question.step, zone: question.zone)
            var answer = StatisticsAnswer(buckets: buckets)
            for bucket in 0..<buckets.count {
                for id in question.ids ?? [1, 2, 3] {
                    var sums = UsageSums()
                    sums[.requests] = 1
                    sums[.charge] = Self.dollar * Int128(id + 1)
                    sums[.cost] = Self.dollar / 4
                    sums[.inputTokens] = 70
                    sums[.cacheReadTokens] = 30
                    sums[.under1Second] = 1
                    answer.cells[.init(bucket: bucket, id: id)] = sums
                }
            }
            answers.append(answer)
        }
        return answers
    }

    func names(of ids: [Int64], in dimension: UsageDimension) async throws(StatisticsError) -> [Int64: String] {
        ids.reduce(into: [:]) { $0[$1] = "\(dimension) \($1)" }
    }

    func models(named names: [String]) async throws(StatisticsError) -> [Int64] {
        names.compactMap { $0 == "m" ? 3 : nil }
    }

    func keys(of user: UserID) async throws(StatisticsError) -> [Int64] { Self.keys[user.rawValue] ?? [] }

    /// One call of each kind's first.
    func flow(_ question: FlowQuestion) async throws(StatisticsError) -> FlowAnswer {
        if let failure = failure.withLock({ $0 }) { throw failure }
        var sums = UsageFlow.Sums()
        let dollar = UsageFlow.Amount(spend: Self.dollar, requests: 1)
        sums.pairs = [KeyAndModel.id(key: 41, model: 3): dollar]
        sums.models = [3: dollar]
        if question.user == nil {
            (sums.users, sums.keys, sums.owners) = ([4: dollar], [41: dollar], [41: 4])
            (sums.routes, sums.ends) = ([7: dollar], [7: RouteEnds(model: 3, provider: 5)])
        }
        let flow = UsageFlow(sums, shownKeys: [41], limit: question.limit)
        return FlowAnswer(range: question.range, flow: flow, names: [.init(.model, 3): "m"])
    }

    func zone(named name: String) async throws(StatisticsError) -> Zone {
        guard name == "UTC" else { throw .unknownZone }
        return .utc
    }
}
