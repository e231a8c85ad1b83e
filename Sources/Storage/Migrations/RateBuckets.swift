extension Migration {
    /// What all replicas have left of requests and tokens a minute (negative: owed), and what each has of calls at a time.
    static let rateBuckets = Migration(
        version: 12,
        name: "rate_buckets",
        isAdditive: true,
        statements: [
            """
            CREATE TABLE rate_buckets (
                id INTEGER PRIMARY KEY,
                per_minute INTEGER NOT NULL CHECK (per_minute > 0),
                level INTEGER NOT NULL CHECK (level <= per_minute),
                carry INTEGER NOT NULL CHECK (carry >= 0),
                refilled_at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE rate_slots (
                bucket_id INTEGER NOT NULL,
                replica_id INTEGER NOT NULL,
                slots INTEGER NOT NULL CHECK (slots >= 0),
                PRIMARY KEY (bucket_id, replica_id)
            ) STRICT, WITHOUT ROWID
            """,
        ]
    )
}
