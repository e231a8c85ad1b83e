/// Which versions of a row a change may replace. A row's version is when it was last updated, in microseconds, which goes up
/// with every change.
package enum Precondition: Hashable, Sendable {
    case none
    case versions(Set<Int64>)

    /// - Throws: `.stale` unless the row still is as the caller read it. Only under the write lock does that stay so.
    package func check(_ updatedAt: Instant) throws(DeskError) {
        if case .versions(let versions) = self, !versions.contains(updatedAt.microseconds) { throw .stale }
    }
}
