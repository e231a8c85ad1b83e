extension Migration {
    /// How a quota begins anew, the secret that a key had before, and acts by time.
    static let renewals = Migration(
        version: 6,
        name: "renewals",
        isAdditive: true,
        statements: [
            "ALTER TABLE user_quotas ADD COLUMN renewal TEXT CHECK (renewal IN ('daily', 'weekly', 'monthly'))",
            "ALTER TABLE user_quotas ADD COLUMN renewal_time_zone TEXT",
            "ALTER TABLE user_quotas ADD COLUMN renewal_amount INTEGER CHECK (renewal_amount >= 0)",
            "CREATE INDEX user_quotas_renewing ON user_quotas (id) WHERE renewal IS NOT NULL",
            "ALTER TABLE api_keys ADD COLUMN previous_digest BLOB CHECK (length(previous_digest) = 32)",
            "ALTER TABLE api_keys ADD COLUMN previous_until INTEGER",
            "CREATE UNIQUE INDEX api_keys_by_previous ON api_keys (previous_digest) WHERE previous_digest IS NOT NULL",
            "CREATE INDEX audit_leaves_acts ON audit_leaves (created_at, number) WHERE kind = 2 AND replica_id = 0",
        ]
    )
}
