import Domain

extension Migration {
    /// Settings that may change while servers run, and what is kept of a key's bodies.
    ///
    /// Nothing was ever written to the two tables that go: bodies stand in a file of their own, and a setting that was taken
    /// away leaves its row.
    static let bodies = Migration(
        version: 7,
        name: "bodies",
        isAdditive: true,
        statements: [
            "DROP TABLE api_request_bodies",
            "DROP TABLE settings",
            """
            CREATE TABLE settings (
                name TEXT PRIMARY KEY,
                value TEXT,
                updated_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "ALTER TABLE api_keys ADD COLUMN capture TEXT CHECK (capture IN (\(captures)))",
        ]
    )

    private static let captures = Capture.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
}
