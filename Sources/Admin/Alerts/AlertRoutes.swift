import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/alerts`: the history, and what was done about it; `/api/me/alerts` shows users what is about their quotas.
struct AlertRoutes: Sendable {
    private static let path = "/api/admin/alerts"
    private static let ownPath = "/api/me/alerts"
    private static let preferencesPath = "/api/me/alert-preferences"

    private static let cursor = Parameter<SliceCursor<AlertID>>.cursor(most: 19, pattern: "[1-9][0-9]{0,17}") {
        PositiveNumber.read($0).map { AlertID($0) }
    }
    private static let from = Parameter<Instant>.instant("from", "Raised then or later.")
    private static let to = Parameter<Instant>.instant("to", "Raised before then.")
    private static let kind = Parameter<AlertKind>.choice("kind")
    private static let severity = Parameter<AlertSeverity>(
        "least_severity",
        "This one or graver.",
        .choice(AlertSeverity.allCases.map(\.name))
    ) { text in
        AlertSeverity(name: text).map { .value($0) }
            ?? .wrong("One of \(AlertSeverity.allCases.map(\.name).joined(separator: ", ")).")
    }
    private static let user = Parameter<UserID>.id("user")
    private static let isAcknowledged = Parameter<Bool>.flag("is_acknowledged")

    private static let reason = Field<String>.title("reason", "What came of it.", most: 500)
    private static let byMail = Field<Bool>.flag("by_mail", "Mails about one's own quotas.")
    private static let preferences = Shape.object("AlertPreferences", ["by_mail": .flag])

    let alerting: Alerting

    private var desk: any AlertDesk { alerting.desk }

    var operations: [Operation] { administered + own }

    private var administered: [Operation] {
        [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "Alerts, newest first.",
                query: [
                    Self.kind, Self.severity, Self.user, Self.isAcknowledged, Self.from, Self.to, Self.cursor,
                    PageNumber.size,
                ],
                gives: .slice(of: AlertAnswer.shape)
            ) { asked, _ in
                var list = try asked.query()
                var query = Self.query(&list)
                query.leastSeverity = list.value(Self.severity)
                query.userID = list.value(Self.user)
                query.isAcknowledged = list.value(Self.isAcknowledged)
                return try await slice(asked, list, query)
            },
            .guarded(
                .get,
                Self.path + "/{id}",
                atLeast: .auditor,
                "An alert and how its deliveries went.",
                gives: .ok(AlertDetailAnswer.shape)
            ) { asked, _ in
                guard let found = try await desk.alert(try asked.id()) else { throw ControlError.missing }
                return JSONAnswer.response(
                    AlertDetailAnswer(record: found.alert, deliveries: found.deliveries, language: asked.language)
                )
            },
            .guarded(
                .post,
                Self.path + "/{id}/acknowledge",
                atLeast: .admin,
                "Says what came of an alert, once.",
                body: Body(required: [Self.reason]),
                gives: .ok(AlertAnswer.shape)
            ) { asked, caller in
                let id: AlertID = try asked.id()
                var form = try await asked.form()
                let reason = form.value(Self.reason)
                try form.finish()
                guard let reason else { throw ControlError.internalError }
                let record = try await desk.acknowledge(id, reason: reason, by: caller.actor)
                return JSONAnswer.response(AlertAnswer(record: record, language: asked.language))
            },
        ]
    }

    private var own: [Operation] {
        [
            .guarded(
                .get,
                Self.ownPath,
                atLeast: .user,
                "Alerts about one's own quotas, newest first.",
                query: [Self.kind, Self.from, Self.to, Self.cursor, PageNumber.size],
                gives: .slice(of: AlertAnswer.shape)
            ) { asked, caller in
                var list = try asked.query()
                var query = Self.query(&list)
                query.userID = caller.user
                query.isOwners = true
                return try await slice(asked, list, query)
            },
            .guarded(
                .get,
                Self.preferencesPath,
                atLeast: .user,
                "Whether one gets mails about the own quotas.",
                gives: .ok(Self.preferences)
            ) { _, caller in
                Self.answer(try await desk.preferences(of: caller.user))
            },
            .guarded(
                .patch,
                Self.preferencesPath,
                atLeast: .user,
                "Changes whether one gets mails about the own quotas.",
                body: Body(optional: [Self.byMail]),
                gives: .ok(Self.preferences)
            ) { asked, caller in
                var form = try await asked.form()
                let byMail = form.value(Self.byMail)
                try form.finish()
                let preferences = try await desk.setPreferences(
                    byMail: byMail,
                    of: caller.user,
                    if: asked.precondition,
                    by: caller.actor
                )
                return Self.answer(preferences)
            },
        ]
    }

    private static func answer(_ preferences: AlertPreferences) -> Response {
        JSONAnswer.response(["by_mail": preferences.byMail], version: preferences.updatedAt)
    }

    /// What both lists take.
    private static func query(_ list: inout ListQuery) -> AlertQuery {
        var query = AlertQuery()
        query.kind = list.value(kind)
        query.from = list.value(from)
        query.to = list.value(to)
        query.cursor = list.value(cursor)
        query.limit = list.size()
        return query
    }

    private func slice(_ asked: AdminRequest, _ list: ListQuery, _ query: AlertQuery) async throws -> Response {
        try list.finish()
        let language = asked.language
        return list.answer(try await desk.alerts(query)) { AlertAnswer(record: $0, language: language) }
    }
}
