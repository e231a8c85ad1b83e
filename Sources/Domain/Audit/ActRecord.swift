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
    package enum Cursor: Hashable, Sendable {
        case before(Int64)
        case after(Int64)
    }

    package var cursor: Cursor?
    package var limit = 50
    package var from: Instant?
    package var to: Instant?
    /// The first word of the act: `quota`, `login`.
    package var kind: String?
    package var userID: UserID?

    package init() {}
}

package struct ActSlice: Sendable {
    /// Newest first.
    package let acts: [ActRecord]
    package let older: Int64?
    package let newer: Int64?
    /// As ``CallSlice/scannedThrough``.
    package let scannedThrough: Instant?

    package init(acts: [ActRecord], older: Int64?, newer: Int64?, scannedThrough: Instant?) {
        self.acts = acts
        self.older = older
        self.newer = newer
        self.scannedThrough = scannedThrough
    }
}

/// Where acts are read.
package protocol ActLog: Sendable {
    func acts(_ query: ActQuery) async throws(DeskError) -> ActSlice
}
