/// From where a slice goes on, in a list that is newest first.
package enum SliceCursor<Key: Hashable & Sendable>: Hashable, Sendable {
    /// With what is older than this one.
    case before(Key)
    /// With what is newer than this one.
    case after(Key)

    package var key: Key {
        switch self {
        case .before(let key), .after(let key): key
        }
    }
}

/// A slice of a list that grows without bound, and where its neighbours begin.
package struct ListSlice<Item: Sendable, Key: Hashable & Sendable>: Sendable {
    /// Newest first.
    package let items: [Item]
    /// Nil at the end; there may be one though `items` is short, where too much was passed over to find more.
    package let older: Key?
    package let newer: Key?
    /// Set where the search stopped for its bound and not for its end: what is newer than this was looked at.
    package let scannedThrough: Instant?

    package init(items: [Item], older: Key?, newer: Key?, scannedThrough: Instant?) {
        self.items = items
        self.older = older
        self.newer = newer
        self.scannedThrough = scannedThrough
    }
}
