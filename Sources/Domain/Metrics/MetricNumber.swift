/// A figure as it is published: exact, in the unit its metric's name ends with.
package struct MetricNumber: Hashable, Sendable {
    package let units: Int128
    /// How many of its digits stand behind the point.
    package let decimals: Int

    package init(_ units: Int128, decimals: Int = 0) {
        self.units = units
        self.decimals = decimals
    }

    package init(_ count: some BinaryInteger) { self.init(Int128(clamping: count)) }

    /// 1 for what is so, 0 for what is not.
    package init(_ flag: Bool) { self.init(flag ? 1 : 0) }

    package static func dollars(picos: Int128) -> MetricNumber { MetricNumber(picos, decimals: 12) }
    package static func seconds(nanoseconds: Int128) -> MetricNumber { MetricNumber(nanoseconds, decimals: 9) }
    package static func seconds(microseconds: Int64) -> MetricNumber { MetricNumber(Int128(microseconds), decimals: 6) }
}

extension MetricNumber: CustomStringConvertible {
    package var description: String { Decimals.print(units, decimals: decimals, atLeast: 0) }
}
