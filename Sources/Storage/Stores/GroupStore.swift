package import Domain

/// Model groups in the database.
package struct GroupStore: ModelGroups {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func group(_ id: ModelGroupID) async throws(DeskError) -> GroupRecord? {
        try await desk.read { try GroupRows.find(id, $0) }
    }

    package func groups(_ query: GroupQuery) async throws(DeskError) -> Page<GroupRecord> {
        try await desk.read { try GroupRows.page(query, $0) }
    }

    package func create(_ new: NewGroup, by actor: Actor) async throws(DeskError) -> GroupRecord {
        try await desk.write { act in
            try act.expectFree(new.name, in: "model_groups")
            try Self.check(new.models, act)
            let id = try GroupRows.insert(new, act)
            _ = try GroupRows.replace(new.models, of: id, act)
            try act.record(.modelGroup, row: id, .created, by: actor)
            return try Self.found(ModelGroupID(id), act)
        }
    }

    package func update(
        _ id: ModelGroupID,
        _ changes: GroupChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> GroupRecord {
        try await desk.write { act in
            try precondition.check(try Self.found(id, act).updatedAt)
            try act.expectFree(changes.name, in: "model_groups", besides: id.rawValue)
            var fields = try GroupRows.set(changes, of: id.rawValue, act)
            if let models = changes.models {
                try Self.check(models, act)
                if try GroupRows.replace(models, of: id.rawValue, act) {
                    if fields.isEmpty { try act.touch("model_groups", row: id.rawValue) }
                    fields.append("models")
                }
            }
            if !fields.isEmpty { try act.record(.modelGroup, row: id.rawValue, .updated, fields: fields, by: actor) }
            return try Self.found(id, act)
        }
    }

    private static func found(_ id: ModelGroupID, _ act: ActTransaction) throws -> GroupRecord {
        guard let group = try GroupRows.find(id, act.connection) else { throw DeskError.notFound }
        return group
    }

    private static func check(_ models: Set<ModelID>, _ act: ActTransaction) throws {
        for model in models where try !act.isThere("ai_models", model) {
            throw DeskError.refused(field: "models", .unknown)
        }
    }
}
