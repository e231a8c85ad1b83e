/// The one comparison that secrets go through: how long it takes tells nothing of where two of them differ.
package enum ConstantTime {
    /// Looks at every byte, whatever the first ones were; only a difference in length ends it early.
    @inline(never)
    package static func isEqual(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for (one, other) in zip(left, right) { difference |= one ^ other }
        return difference == 0
    }
}
