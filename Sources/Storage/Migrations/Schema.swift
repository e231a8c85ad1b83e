extension Migration {
    /// The whole of the first schema. Amounts are pico-dollars, instants UTC microseconds, tokens plain counts.
    ///
    /// `api_requests` has no foreign keys: its parents are never deleted, only deactivated. Its `state` is checked by
    /// BETWEEN, for SQLite would build a table for an IN of more than two values on each insert and update.
    static let schema = Migration(
        version: 2,
        name: "schema",
        isAdditive: true,
        statements: [
            """
            CREATE TABLE user_agents (
                id INTEGER PRIMARY KEY,
                text TEXT NOT NULL UNIQUE
            ) STRICT
            """,
            """
            CREATE TABLE users (
                id INTEGER PRIMARY KEY,
                email TEXT NOT NULL UNIQUE,
                name TEXT NOT NULL DEFAULT '',
                role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('super_admin', 'admin', 'auditor', 'user')),
                password_hash TEXT,
                token_epoch INTEGER NOT NULL DEFAULT 0,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE api_keys (
                id INTEGER PRIMARY KEY,
                user_id INTEGER NOT NULL REFERENCES users (id),
                name TEXT NOT NULL DEFAULT 'default',
                digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
                pepper_version INTEGER NOT NULL,
                prefix TEXT NOT NULL,
                last_four TEXT NOT NULL,
                allowed_models TEXT,
                allowed_addresses TEXT,
                expires_at INTEGER,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                has_spending_limit INTEGER NOT NULL DEFAULT 0 CHECK (has_spending_limit IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                UNIQUE (user_id, name)
            ) STRICT
            """,
            """
            CREATE TABLE sessions (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                user_id INTEGER NOT NULL REFERENCES users (id),
                token_epoch INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                expires_at INTEGER NOT NULL,
                refreshed_at INTEGER NOT NULL,
                ended_at INTEGER,
                end_reason TEXT CHECK (end_reason IN ('logout', 'reuse')),
                ip_address TEXT NOT NULL,
                user_agent_id INTEGER NOT NULL REFERENCES user_agents (id),
                CHECK ((ended_at IS NULL) = (end_reason IS NULL))
            ) STRICT
            """,
            "CREATE INDEX sessions_by_user ON sessions (user_id, id)",
            // When a session was over, or will be: what is long over is deleted.
            "CREATE INDEX sessions_by_end ON sessions (COALESCE(ended_at, expires_at))",
            """
            CREATE TABLE refresh_tokens (
                digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
                session_id INTEGER NOT NULL REFERENCES sessions (id),
                created_at INTEGER NOT NULL,
                used_at INTEGER
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id)",
            // One token a session that can still be traded.
            "CREATE UNIQUE INDEX refresh_tokens_unused ON refresh_tokens (session_id) WHERE used_at IS NULL",
            """
            CREATE TABLE failed_logins (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                user_id INTEGER REFERENCES users (id),
                ip_address TEXT NOT NULL,
                created_at INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX failed_logins_by_time ON failed_logins (created_at)",
            """
            CREATE TABLE api_key_limits (
                key_id INTEGER PRIMARY KEY REFERENCES api_keys (id),
                funded INTEGER NOT NULL CHECK (funded >= 0),
                available INTEGER NOT NULL CHECK (available >= 0),
                held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
                captured INTEGER NOT NULL DEFAULT 0 CHECK (captured >= 0),
                forfeited INTEGER NOT NULL DEFAULT 0 CHECK (forfeited >= 0),
                pending_clawback INTEGER NOT NULL DEFAULT 0 CHECK (pending_clawback >= 0),
                CHECK (funded = available + held + captured + forfeited)
            ) STRICT
            """,
            """
            CREATE TABLE api_providers (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                dialect TEXT NOT NULL,
                base_url TEXT NOT NULL,
                api_key TEXT,
                api_key_version INTEGER NOT NULL DEFAULT 0,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE ai_models (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                display_name TEXT NOT NULL DEFAULT '',
                description TEXT NOT NULL DEFAULT '',
                capabilities TEXT NOT NULL DEFAULT '[]',
                context_length INTEGER NOT NULL CHECK (context_length > 0),
                max_output_tokens INTEGER NOT NULL CHECK (max_output_tokens > 0),
                default_output_tokens INTEGER NOT NULL CHECK (default_output_tokens > 0),
                prompt_overhead_tokens INTEGER NOT NULL DEFAULT 512 CHECK (prompt_overhead_tokens >= 0),
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE model_routes (
                id INTEGER PRIMARY KEY,
                model_id INTEGER NOT NULL REFERENCES ai_models (id),
                provider_id INTEGER NOT NULL REFERENCES api_providers (id),
                upstream_model TEXT NOT NULL,
                weight INTEGER NOT NULL DEFAULT 1 CHECK (weight > 0),
                priority INTEGER NOT NULL DEFAULT 0,
                cost_rates TEXT,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                UNIQUE (model_id, provider_id, upstream_model)
            ) STRICT
            """,
            """
            CREATE TABLE price_versions (
                id INTEGER PRIMARY KEY,
                model_id INTEGER NOT NULL REFERENCES ai_models (id),
                effective_from INTEGER NOT NULL,
                rates TEXT NOT NULL,
                created_at INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX price_versions_by_model ON price_versions (model_id, effective_from, id)",
            """
            CREATE TABLE model_groups (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                description TEXT NOT NULL DEFAULT '',
                price_multiplier INTEGER NOT NULL DEFAULT 10000 CHECK (price_multiplier >= 0),
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE model_group_models (
                group_id INTEGER NOT NULL REFERENCES model_groups (id),
                model_id INTEGER NOT NULL REFERENCES ai_models (id),
                PRIMARY KEY (group_id, model_id)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE user_quotas (
                id INTEGER PRIMARY KEY,
                user_id INTEGER NOT NULL REFERENCES users (id),
                model_group_id INTEGER NOT NULL REFERENCES model_groups (id),
                name TEXT NOT NULL,
                posted_total INTEGER,
                posted_expires_at INTEGER,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                UNIQUE (user_id, name)
            ) STRICT
            """,
            """
            CREATE TABLE quota_grants (
                id INTEGER PRIMARY KEY,
                quota_id INTEGER NOT NULL REFERENCES user_quotas (id),
                user_id INTEGER NOT NULL,
                group_id INTEGER NOT NULL,
                ordinal INTEGER NOT NULL CHECK (ordinal > 0),
                starts_at INTEGER NOT NULL,
                ends_at INTEGER,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                funded INTEGER NOT NULL CHECK (funded >= 0),
                available INTEGER NOT NULL CHECK (available >= 0),
                held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
                captured INTEGER NOT NULL DEFAULT 0 CHECK (captured >= 0),
                forfeited INTEGER NOT NULL DEFAULT 0 CHECK (forfeited >= 0),
                pending_clawback INTEGER NOT NULL DEFAULT 0 CHECK (pending_clawback >= 0),
                created_at INTEGER NOT NULL,
                UNIQUE (quota_id, ordinal),
                CHECK (funded = available + held + captured + forfeited),
                CHECK (ends_at IS NULL OR ends_at > starts_at)
            ) STRICT
            """,
            "CREATE INDEX quota_grants_by_holder ON quota_grants (user_id, group_id)",
            """
            CREATE TABLE ledger_entries (
                id INTEGER PRIMARY KEY,
                lane INTEGER NOT NULL CHECK (lane IN (1, 2)),
                lane_id INTEGER NOT NULL,
                kind INTEGER NOT NULL,
                amount INTEGER NOT NULL,
                call_id BLOB,
                reason TEXT NOT NULL DEFAULT '',
                actor TEXT NOT NULL DEFAULT '',
                created_at INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX ledger_entries_by_lane ON ledger_entries (lane, lane_id)",
            "CREATE INDEX ledger_entries_by_call ON ledger_entries (call_id) WHERE call_id IS NOT NULL",
            """
            CREATE TABLE api_requests (
                id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
                state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
                replica_id INTEGER NOT NULL,
                user_id INTEGER NOT NULL,
                key_id INTEGER NOT NULL,
                model_id INTEGER NOT NULL,
                route_id INTEGER NOT NULL,
                provider_id INTEGER NOT NULL,
                group_id INTEGER NOT NULL,
                price_version_id INTEGER NOT NULL,
                price_multiplier INTEGER NOT NULL,
                method INTEGER NOT NULL DEFAULT 1,
                endpoint INTEGER NOT NULL,
                is_streamed INTEGER NOT NULL,
                hold INTEGER NOT NULL CHECK (hold >= 0),
                parts BLOB NOT NULL,
                output_limit INTEGER NOT NULL,
                estimated_input_tokens INTEGER NOT NULL,
                estimated_input_price INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                ip_address TEXT NOT NULL,
                user_agent_id INTEGER NOT NULL,
                client_request_id TEXT,
                input_tokens INTEGER NOT NULL DEFAULT 0,
                cache_read_tokens INTEGER NOT NULL DEFAULT 0,
                cache_write_5m_tokens INTEGER NOT NULL DEFAULT 0,
                cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0,
                output_tokens INTEGER NOT NULL DEFAULT 0,
                reasoning_tokens INTEGER NOT NULL DEFAULT 0,
                audio_input_tokens INTEGER NOT NULL DEFAULT 0,
                audio_output_tokens INTEGER NOT NULL DEFAULT 0,
                image_input_tokens INTEGER NOT NULL DEFAULT 0,
                provenance INTEGER NOT NULL DEFAULT 0,
                charge INTEGER NOT NULL DEFAULT 0 CHECK (charge >= 0),
                cost INTEGER NOT NULL DEFAULT 0 CHECK (cost >= 0),
                excess INTEGER NOT NULL DEFAULT 0 CHECK (excess >= 0),
                flags INTEGER NOT NULL DEFAULT 0,
                status_code INTEGER NOT NULL DEFAULT 0,
                duration_ms INTEGER NOT NULL DEFAULT 0,
                first_byte_ms INTEGER,
                ended_at INTEGER,
                leaf INTEGER,
                CHECK (charge <= hold)
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX api_requests_by_user ON api_requests (user_id, id)",
            "CREATE INDEX api_requests_open ON api_requests (id) WHERE state IN (0, 3)",
            """
            CREATE TABLE api_request_usage (
                call_id BLOB NOT NULL PRIMARY KEY,
                usage BLOB NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE api_request_bodies (
                call_id BLOB NOT NULL PRIMARY KEY,
                request_data BLOB,
                response_data BLOB,
                created_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE quarantine (
                id INTEGER PRIMARY KEY,
                call_id BLOB NOT NULL UNIQUE,
                record BLOB NOT NULL,
                cause TEXT NOT NULL,
                created_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE usage_rollups (
                bucket INTEGER NOT NULL,
                dimension INTEGER NOT NULL,
                dimension_id INTEGER NOT NULL,
                replica_id INTEGER NOT NULL,
                requests INTEGER NOT NULL DEFAULT 0,
                voided INTEGER NOT NULL DEFAULT 0,
                errors INTEGER NOT NULL DEFAULT 0,
                input_tokens INTEGER NOT NULL DEFAULT 0,
                cache_read_tokens INTEGER NOT NULL DEFAULT 0,
                cache_write_tokens INTEGER NOT NULL DEFAULT 0,
                output_tokens INTEGER NOT NULL DEFAULT 0,
                reasoning_tokens INTEGER NOT NULL DEFAULT 0,
                audio_input_tokens INTEGER NOT NULL DEFAULT 0,
                audio_output_tokens INTEGER NOT NULL DEFAULT 0,
                image_tokens INTEGER NOT NULL DEFAULT 0,
                charge INTEGER NOT NULL DEFAULT 0,
                cost INTEGER NOT NULL DEFAULT 0,
                excess INTEGER NOT NULL DEFAULT 0,
                corrections INTEGER NOT NULL DEFAULT 0,
                duration_ms INTEGER NOT NULL DEFAULT 0,
                under_100ms INTEGER NOT NULL DEFAULT 0,
                under_300ms INTEGER NOT NULL DEFAULT 0,
                under_1s INTEGER NOT NULL DEFAULT 0,
                under_3s INTEGER NOT NULL DEFAULT 0,
                under_10s INTEGER NOT NULL DEFAULT 0,
                under_30s INTEGER NOT NULL DEFAULT 0,
                slower INTEGER NOT NULL DEFAULT 0,
                is_saturated INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (bucket, dimension, dimension_id, replica_id)
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX usage_rollups_by_dimension ON usage_rollups (dimension, dimension_id, bucket)",
            """
            CREATE TABLE audit_leaves (
                replica_id INTEGER NOT NULL,
                number INTEGER NOT NULL,
                count INTEGER NOT NULL CHECK (count > 0),
                kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
                data BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                sequenced_at INTEGER,
                PRIMARY KEY (replica_id, number)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE change_feed (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                kind TEXT NOT NULL,
                row_id INTEGER NOT NULL,
                created_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE replicas (
                id INTEGER PRIMARY KEY,
                started_at INTEGER NOT NULL,
                beat INTEGER NOT NULL DEFAULT 0,
                beat_at INTEGER NOT NULL,
                ended_at INTEGER,
                spool_path TEXT NOT NULL DEFAULT ''
            ) STRICT
            """,
            """
            CREATE TABLE secrets (
                name TEXT NOT NULL,
                version INTEGER NOT NULL,
                value TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (name, version)
            ) STRICT
            """,
            """
            CREATE TABLE settings (
                name TEXT NOT NULL PRIMARY KEY,
                value TEXT NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
        ]
    )
}
