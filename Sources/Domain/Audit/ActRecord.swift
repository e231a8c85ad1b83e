/// An act as its audit leaf has it: who did what to which row, when.
package struct ActRecord: Hashable, Sendable {
    /// Among the acts' leaves; never used twice.
    package let number: Int64
    /// `quota topped_up`, `login`.
    package let act: String
    package let row: Int64
    /// The members that changed.
    package let fields: [String]
    /// `user 7`, `tokenaudit apply`.
    package let actor: String
    package let at: Instant

    package init(number: Int64, act: String, row: Int64, fields: [String], actor: String, at: Instant) {
        self.number = number
        self.act = act
        self.row = row
        self.fields = fields
        self.actor = actor
        self.at = at
    }
}

/// Some of the acts, newest first.
package struct ActQuery: Hashable, Sendable {
    package var cursor: SliceCursor<Int64>?
    package var limit = 50
    package var from: Instant?
    package var to: Instant?
    /// The first word of the act: `quota`, `login`.
    package var kind: String?
    package var userID: UserID?

    package init() {}
}

/// Where acts are read.
package protocol ActLog: Sendable {
    func acts(_ query: ActQuery) async throws(DeskError) -> ListSlice<ActRecord, Int64>
}
