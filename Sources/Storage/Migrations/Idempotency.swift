extension Migration {
    /// What was answered to requests that may come again, by whoever sent them; a day of them.
    static let idempotency = Migration(
        version: 9,
        name: "idempotency",
        isAdditive: true,
        statements: [
            """
            CREATE TABLE idempotency_keys (
                id INTEGER PRIMARY KEY,
                user_id INTEGER NOT NULL REFERENCES users (id),
                key TEXT NOT NULL,
                fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
                answer BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                UNIQUE (user_id, key)
            ) STRICT
            """,
            "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)",
        ]
    )
}
