/// Of a call that began or ended as much as tells who wants to see it.
package struct CallGlance: Hashable, Sendable {
    package let id: CallID
    package let hasEnded: Bool
    package let userID: UserID
    package let keyID: APIKeyID
    package let modelID: ModelID
    package let providerID: ProviderID
    package let groupID: ModelGroupID

    package init(
        id: CallID,
        hasEnded: Bool,
        userID: UserID,
        keyID: APIKeyID,
        modelID: ModelID,
        providerID: ProviderID,
        groupID: ModelGroupID
    ) {
        self.id = id
        self.hasEnded = hasEnded
        self.userID = userID
        self.keyID = keyID
        self.modelID = modelID
        self.providerID = providerID
        self.groupID = groupID
    }
}
