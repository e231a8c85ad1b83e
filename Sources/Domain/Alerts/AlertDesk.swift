/// Some of the alerts, newest first.
package struct AlertQuery: Hashable, Sendable {
    package var cursor: SliceCursor<AlertID>?
    package var limit = 50
    package var from: Instant?
    package var to: Instant?
    package var kind: AlertKind?
    package var leastSeverity: AlertSeverity?
    package var userID: UserID?
    package var isAcknowledged: Bool?
    /// Of their owners' quotas only: what an owner may read.
    package var isOwners = false

    package init() {}
}

/// Where alerts are read and acknowledged, and the rules of when they are raised.
package protocol AlertDesk: Sendable {
    func alerts(_ query: AlertQuery) async throws(DeskError) -> ListSlice<AlertRecord, AlertID>
    func alert(_ id: AlertID) async throws(DeskError) -> (alert: AlertRecord, deliveries: [DeliveryRecord])?
    /// - Throws: `.notFound`, `.conflict(.acknowledged)`.
    func acknowledge(_ id: AlertID, reason: String, by actor: Actor) async throws(DeskError) -> AlertRecord
    func rules() async throws(DeskError) -> AlertRules
    /// - Throws: `.stale`.
    func change(
        _ changes: AlertRulesChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> AlertRules
    func preferences(of user: UserID) async throws(DeskError) -> AlertPreferences
    /// - Parameter byMail: nil stays.
    /// - Throws: `.stale`.
    func setPreferences(
        byMail: Bool?,
        of user: UserID,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> AlertPreferences
}
