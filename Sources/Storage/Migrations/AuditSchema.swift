extension Migration {
    /// What the signer writes: of each batch a segment a replica, tiles that grew, the checkpoint. Never a row a leaf.
    static let audit = Migration(
        version: 3,
        name: "audit",
        isAdditive: true,
        statements: [
            """
            CREATE TABLE audit_trees (
                id INTEGER PRIMARY KEY,
                origin TEXT NOT NULL UNIQUE,
                verifier_key TEXT NOT NULL,
                size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0),
                epoch INTEGER NOT NULL DEFAULT 0,
                caught_up_at INTEGER,
                started_at INTEGER NOT NULL,
                replaces TEXT,
                reason TEXT NOT NULL DEFAULT ''
            ) STRICT
            """,
            // The leaves of these numbers have the tree's indexes from first_index on.
            """
            CREATE TABLE audit_segments (
                tree_id INTEGER NOT NULL REFERENCES audit_trees (id),
                first_index INTEGER NOT NULL,
                replica_id INTEGER NOT NULL,
                first_number INTEGER NOT NULL,
                count INTEGER NOT NULL CHECK (count > 0),
                PRIMARY KEY (tree_id, first_index),
                UNIQUE (replica_id, first_number)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE audit_tiles (
                tree_id INTEGER NOT NULL REFERENCES audit_trees (id),
                level INTEGER NOT NULL,
                tile INTEGER NOT NULL,
                hashes BLOB NOT NULL,
                PRIMARY KEY (tree_id, level, tile)
            ) STRICT
            """,
            // The newest of each hour: older ones follow from the tree.
            """
            CREATE TABLE audit_checkpoints (
                tree_id INTEGER NOT NULL REFERENCES audit_trees (id),
                hour INTEGER NOT NULL,
                size INTEGER NOT NULL,
                note TEXT NOT NULL,
                signed_at INTEGER NOT NULL,
                PRIMARY KEY (tree_id, hour)
            ) STRICT
            """,
        ]
    )
}
