/// What the audit log shows to everybody.
package protocol PublishedAudit: Sendable {
    /// The newest signed checkpoint that is also outside of the database; nil before the first.
    var checkpoint: String? { get }
    /// The key that it is checked with.
    var verifierKey: String? { get }
    /// Why nothing is signed at the moment; nil while all is well.
    var halt: String? { get }
}
