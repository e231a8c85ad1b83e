package import Domain

/// The request log in the database.
package struct CallStore: CallLog {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func calls(_ query: CallQuery) async throws(DeskError) -> ListSlice<CallRecord, CallID> {
        try await desk.read { try CallPages.slice(query, $0) }
    }

    package func call(_ id: CallID, of owner: UserID?) async throws(DeskError) -> CallDetail? {
        let detail = try await desk.read { try CallRecords.detail(id, $0) }
        return owner == nil || detail?.call.user.id == owner ? detail : nil
    }

    package func noteExport(by actor: Actor) async throws(DeskError) {
        try await desk.write { act in try act.testify("requests exported", row: 0, by: actor.description) }
    }
}
