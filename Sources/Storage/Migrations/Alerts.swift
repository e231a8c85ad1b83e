extension Migration {
    /// What people are warned of, the channels that tell them, and how that went. No index on a table that calls write.
    static let alerts = Migration(
        version: 10,
        name: "alerts",
        isAdditive: true,
        statements: [
            // The UNIQUE is what makes each alert come once, whoever raises it.
            """
            CREATE TABLE alerts (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                kind TEXT NOT NULL,
                severity INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 3),
                subject_id INTEGER NOT NULL,
                threshold INTEGER NOT NULL,
                period INTEGER NOT NULL,
                round INTEGER NOT NULL CHECK (round > 0),
                user_id INTEGER REFERENCES users (id),
                name TEXT NOT NULL,
                amount INTEGER,
                total INTEGER,
                calls INTEGER,
                failures INTEGER,
                at INTEGER,
                is_told INTEGER NOT NULL CHECK (is_told IN (0, 1)),
                raised_at INTEGER NOT NULL,
                acknowledged_at INTEGER,
                acknowledged_by TEXT,
                acknowledge_reason TEXT,
                UNIQUE (kind, subject_id, period, threshold, round),
                CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
            ) STRICT
            """,
            "CREATE INDEX alerts_by_user ON alerts (user_id, id) WHERE user_id IS NOT NULL",
            """
            CREATE TABLE alert_channels (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                target TEXT,
                target_version INTEGER NOT NULL DEFAULT 0,
                mail_host TEXT,
                mail_port INTEGER CHECK (mail_port BETWEEN 1 AND 65535),
                mail_security TEXT,
                mail_username TEXT,
                mail_from TEXT,
                mail_recipients TEXT,
                mail_authorities TEXT,
                audience TEXT NOT NULL,
                kinds TEXT,
                least_severity INTEGER NOT NULL CHECK (least_severity BETWEEN 1 AND 3),
                language TEXT NOT NULL,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
            // user_id 0: the channel's own recipients.
            """
            CREATE TABLE alert_deliveries (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                alert_id INTEGER NOT NULL REFERENCES alerts (id),
                channel_id INTEGER NOT NULL REFERENCES alert_channels (id),
                user_id INTEGER NOT NULL DEFAULT 0,
                state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
                attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                is_claimed INTEGER NOT NULL DEFAULT 0 CHECK (is_claimed IN (0, 1)),
                next_attempt_at INTEGER NOT NULL,
                problem TEXT,
                created_at INTEGER NOT NULL,
                finished_at INTEGER,
                UNIQUE (alert_id, channel_id, user_id),
                CHECK ((state = 0) = (finished_at IS NULL))
            ) STRICT
            """,
            "CREATE INDEX alert_deliveries_pending ON alert_deliveries (channel_id, next_attempt_at, id) WHERE state = 0",
            "CREATE INDEX alert_deliveries_by_recipient ON alert_deliveries (channel_id, user_id, created_at)",
            // A quota's own steps, instead of the rules' threshold_percents. Lists of numbers are separated by spaces.
            "ALTER TABLE user_quotas ADD COLUMN warning_percents TEXT",
            """
            CREATE TABLE alert_rules (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                threshold_percents TEXT NOT NULL,
                expiry_hours TEXT NOT NULL,
                unusual_spend_floor INTEGER NOT NULL CHECK (unusual_spend_floor >= 0),
                unusual_spend_factor INTEGER NOT NULL CHECK (unusual_spend_factor > 0),
                failure_percent INTEGER NOT NULL CHECK (failure_percent BETWEEN 1 AND 100),
                least_failures INTEGER NOT NULL CHECK (least_failures > 0),
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
            // Users who said so; without a row mail is wanted.
            """
            CREATE TABLE alert_preferences (
                user_id INTEGER PRIMARY KEY REFERENCES users (id),
                by_mail INTEGER NOT NULL CHECK (by_mail IN (0, 1)),
                updated_at INTEGER NOT NULL
            ) STRICT
            """,
        ]
    )
}
