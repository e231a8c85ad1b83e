import Domain
import HTTPTypes
import Testing

@testable import Admin

@Suite("what each operation accepts") struct AcceptedFieldsTests {
    /// Members that some write of some server once let through.
    private static let forbidden = [
        "id", "pk", "is_super_admin", "is_superuser", "is_staff", "role", "roles", "user", "user_id", "owner", "email",
        "quota", "total_quota", "used_quota", "held_quota", "remaining_quota", "balance", "funded", "available",
        "captured", "created_at", "updated_at", "deleted_at", "is_active", "password", "password_hash", "token_epoch",
        "api_key", "digest", "pepper_version", "key", "permissions", "actor", "charge", "cost", "total_cost", "version",
        "effective_from", "__proto__", "constructor", "requests_per_minute", "tokens_per_minute", "concurrent_calls",
    ]

    @Test("no write takes a member it does not name, from anybody; nothing of such a write is done")
    func massAssignment() async throws {
        let stage = try await BooksStage()
        for operation in stage.administration.operations.all {
            guard let body = operation.body else { continue }
            let token = try await stage.access(.superAdmin)
            let place = try await stage.place(operation.path, of: .superAdmin)
            let known = RouteTable.body(operation.method.rawValue, operation.path) ?? "{}"
            let before = try stage.acts()
            for name in Self.forbidden where !body.has(name) {
                let separator = known == "{}" ? "" : ","
                let sent = known.dropLast() + #"\#(separator)"\#(name)":1}"#
                let answer = try await stage.ask(operation.method.rawValue, place, token: token, body: String(sent))
                #expect(
                    answer.status == 400 && answer.json[name] is [String],
                    "\(operation.method) \(operation.path) \(name) \(answer.text)"
                )
            }
            #expect(try stage.acts() == before, "\(operation.method) \(operation.path)")
        }
        try stage.expectProven()
    }

    /// To take one more member or parameter, or to require one less, is to change this table.
    @Test("members and parameters are these")
    func snapshot() async throws {
        let stage = try await AdministrationStage()
        let lines = stage.administration.operations.all.compactMap { operation -> String? in
            let body = operation.body
            let members = (body?.required.map(\.name) ?? []) + (body?.optional.map { "[\($0.name)]" } ?? [])
            let accepted = members + operation.query.map { "?\($0.name)" }
            return accepted.isEmpty
                ? nil : "\(operation.method.rawValue) \(operation.path): \(accepted.joined(separator: " "))"
        }
        #expect(lines.joined(separator: "\n") == Self.accepted)
    }

    private static let accepted = """
        POST /api/auth/login: email password
        POST /api/auth/refresh: [refresh]
        POST /api/auth/logout: [refresh]
        PATCH /api/auth/me: [name] [password] [current_password]
        POST /api/auth/refresh-key: [grace_seconds]
        GET /api/admin/users: ?search ?role ?is_active ?ordering ?include ?time_zone ?page ?page_size
        POST /api/admin/users: email name [role] [is_super_admin] [password] [requests_per_minute] [tokens_per_minute] [concurrent_calls]
        PUT /api/admin/users/{id}: email name is_active requests_per_minute tokens_per_minute concurrent_calls [role] [is_super_admin] [password]
        PATCH /api/admin/users/{id}: [email] [name] [is_active] [requests_per_minute] [tokens_per_minute] [concurrent_calls] [role] [is_super_admin] [password]
        GET /api/admin/stats/overview: ?from ?to ?time_zone ?step
        GET /api/admin/stats/users/{id}/requests: ?from ?to ?time_zone ?step
        GET /api/admin/stats/billing: ?from ?to ?time_zone ?step ?group_by ?limit ?user ?key ?model ?provider ?group
        GET /api/me/stats/overview: ?from ?to ?time_zone ?step
        GET /api/me/stats/billing: ?from ?to ?time_zone ?step ?group_by ?limit
        GET /api/admin/stats/flow: ?from ?to ?time_zone ?limit
        GET /api/me/stats/flow: ?from ?to ?time_zone ?limit
        GET /api/admin/providers: ?search ?dialect ?is_active ?ordering ?include ?time_zone ?page ?page_size
        POST /api/admin/providers: name base_url [dialect] [api_key] [is_active]
        PUT /api/admin/providers/{id}: name dialect base_url is_active [api_key]
        PATCH /api/admin/providers/{id}: [name] [dialect] [base_url] [is_active] [api_key]
        GET /api/admin/models: ?search ?is_active ?provider ?model_group ?ordering ?include ?time_zone ?page ?page_size
        POST /api/admin/models: name provider context_length [upstream_model] [display_name] [description] [capabilities] [max_output_tokens] [default_output_tokens] [prompt_overhead_tokens] [is_active] [input_price_per_1k] [cached_input_price_per_1k] [cache_write_5m_price_per_1k] [cache_write_1h_price_per_1k] [output_price_per_1k] [reasoning_price_per_1k] [audio_input_price_per_1k] [audio_output_price_per_1k] [image_input_price_per_1k] [price_per_call] [cost_input_price_per_1k] [cost_cached_input_price_per_1k] [cost_cache_write_5m_price_per_1k] [cost_cache_write_1h_price_per_1k] [cost_output_price_per_1k] [cost_reasoning_price_per_1k] [cost_audio_input_price_per_1k] [cost_audio_output_price_per_1k] [cost_image_input_price_per_1k] [cost_price_per_call] [allow_high_price]
        PUT /api/admin/models/{id}: name provider upstream_model display_name description capabilities context_length max_output_tokens default_output_tokens prompt_overhead_tokens is_active [input_price_per_1k] [cached_input_price_per_1k] [cache_write_5m_price_per_1k] [cache_write_1h_price_per_1k] [output_price_per_1k] [reasoning_price_per_1k] [audio_input_price_per_1k] [audio_output_price_per_1k] [image_input_price_per_1k] [price_per_call] [cost_input_price_per_1k] [cost_cached_input_price_per_1k] [cost_cache_write_5m_price_per_1k] [cost_cache_write_1h_price_per_1k] [cost_output_price_per_1k] [cost_reasoning_price_per_1k] [cost_audio_input_price_per_1k] [cost_audio_output_price_per_1k] [cost_image_input_price_per_1k] [cost_price_per_call] [allow_high_price]
        PATCH /api/admin/models/{id}: [name] [provider] [upstream_model] [display_name] [description] [capabilities] [context_length] [max_output_tokens] [default_output_tokens] [prompt_overhead_tokens] [is_active] [input_price_per_1k] [cached_input_price_per_1k] [cache_write_5m_price_per_1k] [cache_write_1h_price_per_1k] [output_price_per_1k] [reasoning_price_per_1k] [audio_input_price_per_1k] [audio_output_price_per_1k] [image_input_price_per_1k] [price_per_call] [cost_input_price_per_1k] [cost_cached_input_price_per_1k] [cost_cache_write_5m_price_per_1k] [cost_cache_write_1h_price_per_1k] [cost_output_price_per_1k] [cost_reasoning_price_per_1k] [cost_audio_input_price_per_1k] [cost_audio_output_price_per_1k] [cost_image_input_price_per_1k] [cost_price_per_call] [allow_high_price]
        POST /api/admin/prices/import: table [models] [accept] [apply]
        GET /api/admin/prices: ?model ?effective_at ?ordering ?page ?page_size
        POST /api/admin/prices: model [effective_from] [allow_high_price] [input_price_per_1k] [cached_input_price_per_1k] [cache_write_5m_price_per_1k] [cache_write_1h_price_per_1k] [output_price_per_1k] [reasoning_price_per_1k] [audio_input_price_per_1k] [audio_output_price_per_1k] [image_input_price_per_1k] [price_per_call]
        GET /api/admin/model-groups: ?search ?is_active ?model ?ordering ?page ?page_size
        POST /api/admin/model-groups: name [description] [price_multiplier] [models] [is_active]
        PUT /api/admin/model-groups/{id}: name description price_multiplier models is_active
        PATCH /api/admin/model-groups/{id}: [name] [description] [price_multiplier] [models] [is_active]
        GET /api/admin/keys: ?user ?search ?is_active ?ordering ?include ?time_zone ?page ?page_size
        POST /api/admin/keys: user name [allowed_models] [allowed_addresses] [expires_at] [spending_limit] [requests_per_minute] [tokens_per_minute] [concurrent_calls] [capture]
        PUT /api/admin/keys/{id}: name allowed_models allowed_addresses expires_at spending_limit requests_per_minute tokens_per_minute concurrent_calls capture
        PATCH /api/admin/keys/{id}: [name] [allowed_models] [allowed_addresses] [expires_at] [spending_limit] [requests_per_minute] [tokens_per_minute] [concurrent_calls] [capture]
        POST /api/admin/keys/{id}/rotate: [grace_seconds]
        GET /api/me/keys: ?search ?is_active ?ordering ?include ?time_zone ?page ?page_size
        POST /api/me/keys: name [allowed_models] [allowed_addresses] [expires_at] [spending_limit] [requests_per_minute] [tokens_per_minute] [concurrent_calls]
        PUT /api/me/keys/{id}: name allowed_models allowed_addresses expires_at spending_limit requests_per_minute tokens_per_minute concurrent_calls
        PATCH /api/me/keys/{id}: [name] [allowed_models] [allowed_addresses] [expires_at] [spending_limit] [requests_per_minute] [tokens_per_minute] [concurrent_calls]
        POST /api/me/keys/{id}/rotate: [grace_seconds]
        GET /api/admin/quotas: ?search ?user ?model_group ?is_active ?expires_before ?ordering ?page ?page_size
        POST /api/admin/quotas: user model_group total_quota [name] [expires_at] [renewal] [renewal_time_zone] [renewal_amount]
        PUT /api/admin/quotas/{id}: total_quota expires_at is_active [reason] [renewal] [renewal_time_zone] [renewal_amount] [warning_percents]
        PATCH /api/admin/quotas/{id}: [total_quota] [expires_at] [is_active] [reason] [renewal] [renewal_time_zone] [renewal_amount] [warning_percents]
        POST /api/admin/quotas/{id}/top-up: amount reason
        POST /api/admin/quotas/{id}/reduce: amount reason
        POST /api/admin/quotas/{id}/expire: reason
        POST /api/admin/quotas/{id}/refund: request_id amount reason
        GET /api/me/quotas: ?search ?model_group ?is_active ?expires_before ?ordering ?page ?page_size
        GET /api/admin/requests: ?from ?to ?key ?model ?model_group ?state ?status_code ?min_cost ?max_cost ?flag ?search ?user ?provider ?cursor ?page_size
        GET /api/admin/requests/export.csv: ?from ?to ?key ?model ?model_group ?state ?status_code ?min_cost ?max_cost ?flag ?search ?user ?provider
        GET /api/admin/requests/export.jsonl: ?from ?to ?key ?model ?model_group ?state ?status_code ?min_cost ?max_cost ?flag ?search ?user ?provider
        GET /api/me/requests: ?from ?to ?key ?model ?model_group ?state ?status_code ?min_cost ?max_cost ?flag ?search ?cursor ?page_size
        GET /api/me/requests/export.csv: ?from ?to ?key ?model ?model_group ?state ?status_code ?min_cost ?max_cost ?flag ?search
        GET /api/me/requests/export.jsonl: ?from ?to ?key ?model ?model_group ?state ?status_code ?min_cost ?max_cost ?flag ?search
        GET /api/admin/requests/live: ?key ?model ?model_group ?user ?provider
        GET /api/me/requests/live: ?key ?model ?model_group
        GET /api/admin/audit/consistency: ?from ?origin
        PATCH /api/admin/settings: [bodies.capture] [bodies.retention] [bodies.max_bytes] [requests.retention]
        GET /api/admin/audit-log: ?from ?to ?kind ?user ?cursor ?page_size
        GET /api/admin/alerts: ?kind ?least_severity ?user ?is_acknowledged ?from ?to ?cursor ?page_size
        POST /api/admin/alerts/{id}/acknowledge: reason
        GET /api/me/alerts: ?kind ?from ?to ?cursor ?page_size
        PATCH /api/me/alert-preferences: [by_mail]
        GET /api/admin/alert-channels: ?search ?kind ?is_active ?ordering ?page ?page_size
        POST /api/admin/alert-channels: name kind [url] [secret] [mail_host] [mail_port] [mail_security] [mail_username] [mail_from] [mail_recipients] [mail_authorities] [audience] [kinds] [least_severity] [language] [is_active]
        PUT /api/admin/alert-channels/{id}: name is_active [url] [secret] [mail_host] [mail_port] [mail_security] [mail_username] [mail_from] [mail_recipients] [mail_authorities] [audience] [kinds] [least_severity] [language]
        PATCH /api/admin/alert-channels/{id}: [name] [is_active] [url] [secret] [mail_host] [mail_port] [mail_security] [mail_username] [mail_from] [mail_recipients] [mail_authorities] [audience] [kinds] [least_severity] [language]
        PATCH /api/admin/alert-rules: [threshold_percents] [expiry_hours] [unusual_spend_floor] [unusual_spend_factor] [failure_percent] [least_failures]
        """
}
