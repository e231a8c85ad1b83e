extension Migration {
    /// Which of a user's keys is the playground's: one of each user, whatever it is called.
    static let playgroundKeys = Migration(
        version: 16,
        name: "playground_keys",
        isAdditive: true,
        statements: [
            "ALTER TABLE api_keys ADD COLUMN is_playground INTEGER NOT NULL DEFAULT 0 CHECK (is_playground IN (0, 1))",
            "CREATE UNIQUE INDEX api_keys_playground ON api_keys (user_id) WHERE is_playground = 1",
        ]
    )
}
