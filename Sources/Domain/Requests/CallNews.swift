/// What began and ended since somebody looked.
package struct CallNews: Sendable {
    package let mark: CallMark
    /// Each call once; what ended in the order of its ending.
    package let glances: [CallGlance]
    /// Those of them that were chosen.
    package let calls: [CallRecord]
    /// How many more ended than could be looked at.
    package let unread: Int64

    package init(mark: CallMark, glances: [CallGlance], calls: [CallRecord], unread: Int64) {
        self.mark = mark
        self.glances = glances
        self.calls = calls
        self.unread = unread
    }
}
