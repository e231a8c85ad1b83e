package import Domain

/// The request log in the database.
package struct CallStore: CallLog {
    private let desk: ControlDesk
    private let rawUsageKeptSeconds: @Sendable () -> Int64?

    /// - Parameter rawUsageKeptSeconds: the setting of now; nil: for ever.
    package init(desk: ControlDesk, rawUsageKeptSeconds: @escaping @Sendable () -> Int64? = { nil }) {
        self.desk = desk
        self.rawUsageKeptSeconds = rawUsageKeptSeconds
    }

    package func calls(_ query: CallQuery) async throws(DeskError) -> ListSlice<CallRecord, CallID> {
        try await desk.read { try CallPages.slice(query, $0) }
    }

    package func call(_ id: CallID, of owner: UserID?) async throws(DeskError) -> CallDetail? {
        let seconds = rawUsageKeptSeconds()
        let detail = try await desk.read { [desk] connection in
            let cut = seconds.map { KeptTime.cut(now: desk.clock(), keptSeconds: $0) }
            return try CallRecords.detail(id, cut: cut, connection)
        }
        return owner == nil || detail?.call.user.id == owner ? detail : nil
    }

    package func news(
        since mark: CallMark?,
        choosing choose: @escaping @Sendable ([CallGlance]) -> [CallID]
    ) async throws(DeskError) -> CallNews {
        try await desk.read { try CallNewsRows.since(mark, choosing: choose, $0) }
    }

    package func noteExport(by actor: Actor) async throws(DeskError) {
        try await desk.write { act in try act.testify("requests exported", row: 0, by: actor.description) }
    }
}
