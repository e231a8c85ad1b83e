/// What clients call themselves, each text once.
enum UserAgentRows {
    /// At most 512 bytes of it, without U+0000.
    static func clip(_ text: String) -> String {
        String(decoding: text.utf8.prefix(512).filter { $0 != 0 }, as: UTF8.self)
    }

    /// - Parameter text: as ``clip(_:)`` made it.
    static func id(of text: String, _ connection: any SQLConnection) throws -> Int64 {
        if let id = try find(text, connection) { return id }
        let made = try connection.query(
            "INSERT INTO user_agents (text) VALUES (?) ON CONFLICT (text) DO NOTHING RETURNING id",
            .text(text)
        ) { $0.int64(0) }
        // Where another replica was faster, its row is there by now.
        guard let id = try made.first ?? find(text, connection) else {
            throw StorageError.misuse("a user agent was neither there nor made")
        }
        return id
    }

    private static func find(_ text: String, _ connection: any SQLConnection) throws -> Int64? {
        try connection.query("SELECT id FROM user_agents WHERE text = ?", .text(text)) { $0.int64(0) }.first
    }
}
