/// What clients call themselves, each text once.
enum UserAgentRows {
    /// At most 512 bytes of it, without U+0000.
    static func clip(_ text: String) -> String {
        String(decoding: text.utf8.prefix(512).filter { $0 != 0 }, as: UTF8.self)
    }

    /// - Parameter text: as ``clip(_:)`` made it.
    static func id(of text: String, _ connection: any SQLConnection) throws -> Int64 {
        let found = try connection.query("SELECT id FROM user_agents WHERE text = ?", .text(text)) { $0.int64(0) }
        return try found.first
            ?? connection.insert("INSERT INTO user_agents (text) VALUES (?) RETURNING id", .text(text))
    }
}
