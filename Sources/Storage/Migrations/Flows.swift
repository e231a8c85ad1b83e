extension Migration {
    /// Since when calls are also summed by key and model at once, and by route. Old replicas serve on for a while beside the one
    /// that migrates and do not, so where there are calls it begins in an hour.
    static let flows = Migration(
        version: 17,
        name: "flows",
        isAdditive: true,
        statements: [
            "ALTER TABLE statistics_marks ADD COLUMN flows_since INTEGER NOT NULL DEFAULT 0",
            """
            UPDATE statistics_marks
            SET flows_since = CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + 3600000000
            WHERE flows_since = 0 AND EXISTS (SELECT 1 FROM api_requests)
            """,
        ]
    )
}
