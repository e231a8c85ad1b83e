/// A row of a list, with what it was used for where that was asked for.
struct ListRow<Row: Encodable & Sendable>: Encodable, Sendable {
    let row: Row
    /// Nil: not asked for; nil inside: it would have been too much to read.
    let usage: DailyUsage??

    enum CodingKeys: CodingKey { case usage }

    func encode(to encoder: any Encoder) throws {
        try row.encode(to: encoder)
        guard let usage else { return }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(usage, forKey: .usage)
    }
}
