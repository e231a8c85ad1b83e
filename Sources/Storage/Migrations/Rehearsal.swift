#if FAILPOINTS
    import Glibc

    extension Migration {
        /// A version to come, for tests of how replicas are upgraded one by one: `TOKENAUDIT_REHEARSE=1` makes a test build that
        /// version.
        static let rehearsals: [Migration] =
            getenv("TOKENAUDIT_REHEARSE") == nil
            ? []
            : [
                Migration(
                    version: 1_000_000,
                    name: "rehearsal",
                    isAdditive: true,
                    statements: [
                        "CREATE TABLE rehearsals (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
                        "INSERT INTO rehearsals (id, name) VALUES (1, 'first') ON CONFLICT (id) DO NOTHING",
                        "ALTER TABLE api_requests ADD COLUMN rehearsal_id INTEGER CHECK (rehearsal_id > 0)",
                    ]
                ),
                Migration(
                    version: 1_000_001,
                    name: "rehearsal of grants",
                    isAdditive: true,
                    statements: ["ALTER TABLE quota_grants ADD COLUMN rehearsal_id INTEGER NOT NULL DEFAULT 0"]
                ),
            ]
    }
#else
    extension Migration {
        static let rehearsals: [Migration] = []
    }
#endif
