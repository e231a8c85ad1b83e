/// What is kept of calls' bodies: a setting says it for all keys, a key's own word goes before that.
package enum Capture: String, Hashable, Sendable, CaseIterable {
    case off
    /// All but what people and models wrote: parameters, roles, sizes, kinds of parts, names of tools.
    case metadata
    /// The bytes as they came.
    case full
}
