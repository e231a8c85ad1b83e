import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/settings`: auditors read all, super admins change those that may change while servers run.
struct SettingRoutes: Sendable {
    private static let path = "/api/admin/settings"

    let settings: any SettingsDesk

    private var fields: [Field<String?>] {
        settings.liveNames.map { name in
            Field<String>.text(name, "As a settings file has it; null: what it is without being set here.", 1...1_000)
                .nullable()
        }
    }

    var operations: [Operation] {
        let fields = fields
        return [
            .guarded(
                .get,
                Self.path,
                atLeast: .auditor,
                "All settings: what holds, where it comes from, and which may be changed while servers run.",
                gives: .ok(SettingsAnswer.shape)
            ) { _, _ in
                Self.answer(try await settings.settings())
            },
            .guarded(
                .patch,
                Self.path,
                atLeast: .superAdmin,
                """
                Changes settings; every server follows within two seconds. What a file, a variable or a flag sets goes \
                before and is refused here.
                """,
                body: Body(optional: fields),
                gives: .ok(SettingsAnswer.shape)
            ) { asked, caller in
                var form = try await asked.form()
                var values: [String: String?] = [:]
                for field in fields {
                    if let value = form.value(field) { values.updateValue(value, forKey: field.name) }
                }
                try form.finish()
                return Self.answer(try await settings.change(values, if: asked.precondition, by: caller.actor))
            },
        ]
    }

    private static func answer(_ list: SettingList) -> Response {
        JSONAnswer.response(SettingsAnswer(settings: list.items.map(SettingAnswer.init)), version: list.updatedAt)
    }
}
