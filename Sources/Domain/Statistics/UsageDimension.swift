/// By what usage is summed apart. Stored as raw values.
package enum UsageDimension: Int64, CaseIterable, Sendable {
    /// Everything together, under the id 0.
    case all = 0
    case user = 1
    case key = 2
    case model = 3
    case provider = 4
    case group = 5
}
