/// Where holds and bills become durable: one writer, in batches. Implementations never block the caller.
///
/// A completion runs exactly once, on a thread of the journal; the caller hops to its own event loop.
package protocol Journal: Sendable {
    /// Asks for a hold. `.held` only once it is committed; it also reserves the room of the call's settlement.
    /// Idempotent by call id only inside the journal: the caller asks once.
    func admit(_ request: AdmissionRequest, completion: @escaping @Sendable (Admission) -> Void)

    /// Ends a call. Never refused: its room was reserved by the admission. Idempotent by call id.
    func settle(_ settlement: Settlement, completion: @escaping @Sendable (SettleOutcome) -> Void)

    /// False while admissions are sure to be refused; the reason goes to `/readyz`.
    var isReady: Bool { get }
}
