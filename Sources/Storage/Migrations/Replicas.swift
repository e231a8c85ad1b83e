extension Migration {
    /// What several replicas of one database need: which of them does what is done once for all, and a name of the database
    /// by which they know their files.
    static let replicas = Migration(
        version: 11,
        name: "replicas",
        isAdditive: true,
        statements: [
            """
            CREATE TABLE replica_duties (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                replica_id INTEGER NOT NULL,
                until INTEGER NOT NULL
            ) STRICT
            """,
            "INSERT INTO replica_duties (id, replica_id, until) VALUES (1, 0, 0) ON CONFLICT (id) DO NOTHING",
            """
            CREATE TABLE database_identity (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                name TEXT NOT NULL
            ) STRICT
            """,
        ]
    )
}
