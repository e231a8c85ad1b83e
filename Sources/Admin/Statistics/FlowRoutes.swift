import Domain
import HTTPTypes
import Hummingbird

/// `…/stats/flow`: from users by their keys to models and on to providers; one's own from keys to models.
struct FlowRoutes: Sendable {
    private static let limit = Parameter<Int64>.integer(
        "limit",
        "How many of each kind, those that most was spent on; the others together. Absent: 12.",
        1...50
    )

    let administration: Administration

    var operations: [Operation] {
        [
            .guarded(
                .get,
                "/api/admin/stats/flow",
                atLeast: .auditor,
                "What was spent from users by their keys on models and on to providers, for a picture of streams.",
                query: StatisticsPeriod.rangeParameters + [Self.limit],
                gives: .ok(FlowJSON.shape("Flow", UsageFlow.Kind.allCases))
            ) { asked, _ in try await flow(asked, of: nil) },
            .guarded(
                .get,
                "/api/me/stats/flow",
                atLeast: .user,
                "What one spent by one's keys on models.",
                query: StatisticsPeriod.rangeParameters + [Self.limit],
                gives: .ok(FlowJSON.shape("OwnFlow", [.key, .model]))
            ) { asked, caller in try await flow(asked, of: caller.user) },
        ]
    }

    private func flow(_ asked: AdminRequest, of user: UserID?) async throws -> Response {
        do {
            var query = try asked.query()
            let limit = query.value(Self.limit) ?? 12
            let period = try await StatisticsPeriod(
                &query,
                administration.statistics,
                now: administration.now(),
                step: .whole
            )
            let question = FlowQuestion(range: period.range, zone: period.zone, limit: Int(limit), user: user)
            let answer = try await administration.statistics.flow(question)
            return JSONAnswer.response(FlowJSON(answer, zone: period.zone))
        } catch let error as StatisticsError {
            throw ControlError(error)
        }
    }
}
