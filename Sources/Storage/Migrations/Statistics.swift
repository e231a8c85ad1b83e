import Domain

extension Migration {
    /// Sums of days and months of named time zones beside the quarters of an hour, and what folding quarters into them
    /// needs to be told. ``PeriodFold`` says how they belong together.
    static let statistics = Migration(
        version: 4,
        name: "statistics",
        isAdditive: true,
        statements: [
            "ALTER TABLE usage_rollups ADD COLUMN cache_savings INTEGER NOT NULL DEFAULT 0",
            """
            CREATE TABLE usage_periods (
                zone_id INTEGER NOT NULL,
                span INTEGER NOT NULL,
                dimension INTEGER NOT NULL,
                bucket INTEGER NOT NULL,
                dimension_id INTEGER NOT NULL,
                \(sums),
                PRIMARY KEY (zone_id, span, dimension, bucket, dimension_id)
            ) STRICT, WITHOUT ROWID
            """,
            // What is booked in a quarter that has been folded already.
            """
            CREATE TABLE usage_late (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                bucket INTEGER NOT NULL,
                dimension INTEGER NOT NULL,
                dimension_id INTEGER NOT NULL,
                replica_id INTEGER NOT NULL,
                \(sums)
            ) STRICT
            """,
            """
            CREATE TABLE statistics_zones (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL UNIQUE,
                is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
                since INTEGER NOT NULL,
                bucket INTEGER NOT NULL,
                dimension INTEGER NOT NULL DEFAULT -1,
                dimension_id INTEGER NOT NULL DEFAULT 0,
                replica_id INTEGER NOT NULL DEFAULT 0,
                late_id INTEGER NOT NULL DEFAULT 0
            ) STRICT
            """,
            "INSERT INTO statistics_zones (id, name, since, bucket) VALUES (1, 'UTC', 0, 0) ON CONFLICT (id) DO NOTHING",
            """
            CREATE TABLE statistics_marks (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                folded_until INTEGER NOT NULL,
                quarters_since INTEGER NOT NULL,
                cache_savings_since INTEGER NOT NULL
            ) STRICT
            """,
            // Calls that ended before this were counted without what their caches saved.
            """
            INSERT INTO statistics_marks (id, folded_until, quarters_since, cache_savings_since)
            SELECT 1, -1, 0, COALESCE(MAX(CAST(strftime('%s', 'now') AS INTEGER) * 1000000, MAX(ended_at) + 1), 0)
            FROM (SELECT ended_at FROM api_requests WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 10000) AS recent
            WHERE true
            ON CONFLICT (id) DO NOTHING
            """,
            "CREATE INDEX ledger_entries_refunds ON ledger_entries (created_at) WHERE kind = 7",
        ]
    )

    private static let sums =
        UsageFigure.allCases.map { "\($0.name) INTEGER NOT NULL" }.joined(separator: ",\n    ")
        + ",\n    is_saturated INTEGER NOT NULL DEFAULT 0"
}
