package import Domain

/// What an `apply` file asks for. A member that is nil was not named and stays as it is; a thing that is not named
/// stays too.
package struct DesiredState: Sendable {
    package var providers: [DesiredProvider] = []
    package var models: [DesiredModel] = []
    package var groups: [DesiredGroup] = []
    package var users: [DesiredUser] = []

    package init() {}
}

/// A line of the file, kept for what can be told only with the database at hand.
package struct SourceLine: Hashable, Sendable {
    package let number: Int?

    package init(_ number: Int?) { self.number = number }
}

package struct DesiredProvider: Sendable {
    package let name: String
    package let line: SourceLine
    package var dialect: DialectName?
    package var baseURL: BaseURL?
    package var credential: CredentialChange = .keep
    package var isActive: Bool?

    package init(name: String, line: SourceLine) {
        self.name = name
        self.line = line
    }
}

package struct DesiredModel: Sendable {
    package let name: String
    package let line: SourceLine
    package var providerName: String?
    package var upstreamModel: String?
    package var displayName: String?
    package var contextLength: Int64?
    package var maxOutputTokens: Int64?
    package var defaultOutputTokens: Int64?
    package var promptOverheadTokens: Int64?
    package var rateLimit: RateLimitChanges = [:]
    /// The customer's list price, whole: a file that names one price names all.
    package var rates: Rates?
    /// The provider's price; nil: not named.
    package var costRates: Rates?
    package var isActive: Bool?

    package init(name: String, line: SourceLine) {
        self.name = name
        self.line = line
    }
}

extension DesiredModel {
    /// What it says of the model itself.
    var changes: ModelChanges {
        var changes = ModelChanges()
        changes.displayName = displayName
        changes.contextLength = contextLength
        changes.maxOutputTokens = maxOutputTokens
        changes.defaultOutputTokens = defaultOutputTokens
        changes.promptOverheadTokens = promptOverheadTokens
        changes.isActive = isActive
        return changes
    }
}

package struct DesiredGroup: Sendable {
    package let name: String
    package let line: SourceLine
    /// Models to be in the group; others that are in it stay.
    package var models: [String] = []
    package var multiplier: Multiplier?
    package var description: String?
    package var isActive: Bool?

    package init(name: String, line: SourceLine) {
        self.name = name
        self.line = line
    }
}

package struct DesiredUser: Sendable {
    package enum KeyWish: Sendable {
        case none
        /// A key is made, and shown once, if the user has none yet.
        case generate
        case literal(APIKeyMaterial)
    }

    package let email: String
    package let line: SourceLine
    package var name: String?
    package var role: Role?
    package var password: String?
    package var key: KeyWish = .none
    package var rateLimit: RateLimitChanges = [:]
    package var isActive: Bool?
    package var quotas: [DesiredQuota] = []

    package init(email: String, line: SourceLine) {
        self.email = email
        self.line = line
    }
}

package struct DesiredQuota: Sendable {
    package enum Expiry: Hashable, Sendable {
        case unnamed
        case never
        case at(Instant)
    }

    package let groupName: String
    package let line: SourceLine
    /// Unique among a user's quotas; the group's name unless said otherwise.
    package let name: String
    package var total: Money?
    package var expiry: Expiry = .unnamed
    package var isActive: Bool?

    package init(groupName: String, name: String, line: SourceLine) {
        self.groupName = groupName
        self.name = name
        self.line = line
    }
}
