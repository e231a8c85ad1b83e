/// Which output limits may be lowered before a call is refused for want of money (`quota.clamp`).
package enum ClampRule: String, Sendable, CaseIterable {
    case never
    /// Only limits that we injected.
    case implicit
    /// The client's own limits too.
    case explicit

    /// How far a limit may be lowered: never below max(256, a quarter of it); the limit itself where it may not be.
    /// - Parameters:
    ///   - isInjected: the client named no limit.
    ///   - isRigid: a cut answer would be worthless, as with a thinking budget or a schema.
    package func lowestOutputLimit(for outputLimit: Int64, isInjected: Bool, isRigid: Bool) -> Int64 {
        guard self == .explicit || (self == .implicit && isInjected), !isRigid, outputLimit > 0 else {
            return outputLimit
        }
        let quarter = outputLimit / 4 + (outputLimit % 4 == 0 ? 0 : 1)
        return min(outputLimit, max(256, quarter))
    }
}
