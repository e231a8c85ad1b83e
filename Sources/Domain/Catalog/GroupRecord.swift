/// A model group as the control plane shows one.
package struct GroupRecord: Hashable, Sendable {
    /// A model that is in it.
    package struct Member: Hashable, Sendable {
        package let id: ModelID
        package let name: String

        package init(id: ModelID, name: String) {
            self.id = id
            self.name = name
        }
    }

    package let id: ModelGroupID
    package let name: String
    package let description: String
    package let multiplier: Multiplier
    package let isActive: Bool
    /// By name.
    package let models: [Member]
    package let createdAt: Instant
    package let updatedAt: Instant

    package init(
        id: ModelGroupID,
        name: String,
        description: String,
        multiplier: Multiplier,
        isActive: Bool,
        models: [Member],
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.multiplier = multiplier
        self.isActive = isActive
        self.models = models
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// A model group to be made.
package struct NewGroup: Sendable {
    package let name: String
    package let description: String
    package let multiplier: Multiplier
    package let isActive: Bool
    package let models: Set<ModelID>

    package init(name: String, description: String, multiplier: Multiplier, isActive: Bool, models: Set<ModelID>) {
        self.name = name
        self.description = description
        self.multiplier = multiplier
        self.isActive = isActive
        self.models = models
    }
}

/// What is to change of a model group; nil stays.
package struct GroupChanges: Sendable {
    package var name: String?
    package var description: String?
    package var multiplier: Multiplier?
    package var isActive: Bool?
    /// All that are to be in it.
    package var models: Set<ModelID>?

    package init() {}
}

/// A page of model groups.
package struct GroupQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, name, createdAt = "created_at"
    }

    /// In name or description, any case.
    package var search: String?
    package var isActive: Bool?
    /// With this model in it.
    package var model: ModelID?
    package var window = Window(order: Order.id)

    package init() {}
}

/// Where model groups are kept. Each change is one transaction with its audit leaf and its row in the change feed.
package protocol ModelGroups: Sendable {
    func group(_ id: ModelGroupID) async throws(DeskError) -> GroupRecord?
    func groups(_ query: GroupQuery) async throws(DeskError) -> Page<GroupRecord>
    /// - Throws: `.taken`, `.refused`.
    func create(_ new: NewGroup, by actor: Actor) async throws(DeskError) -> GroupRecord
    /// - Throws: `.notFound`, `.taken`, `.refused`, `.stale`.
    func update(
        _ id: ModelGroupID,
        _ changes: GroupChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> GroupRecord
}
