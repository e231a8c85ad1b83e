import Domain

/// Which calls somebody listens to; nil: all of that kind.
struct LiveFilter: Hashable, Sendable {
    var userID: UserID?
    var keyID: APIKeyID?
    var modelID: ModelID?
    var providerID: ProviderID?
    var groupID: ModelGroupID?

    var isEverything: Bool { self == LiveFilter() }

    func matches(_ call: CallGlance) -> Bool {
        (userID ?? call.userID) == call.userID && (keyID ?? call.keyID) == call.keyID
            && (modelID ?? call.modelID) == call.modelID && (providerID ?? call.providerID) == call.providerID
            && (groupID ?? call.groupID) == call.groupID
    }
}
