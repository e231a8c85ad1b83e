/// A provider as the control plane shows one: never its credential.
package struct ProviderRecord: Hashable, Sendable {
    package let id: ProviderID
    package let name: String
    package let dialect: DialectName
    package let baseURL: BaseURL
    package let isActive: Bool
    package let credential: CredentialState
    package let createdAt: Instant
    package let updatedAt: Instant

    package init(
        id: ProviderID,
        name: String,
        dialect: DialectName,
        baseURL: BaseURL,
        isActive: Bool,
        credential: CredentialState,
        createdAt: Instant,
        updatedAt: Instant
    ) {
        self.id = id
        self.name = name
        self.dialect = dialect
        self.baseURL = baseURL
        self.isActive = isActive
        self.credential = credential
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What is stored of a provider's credential.
package enum CredentialState: Hashable, Sendable {
    case none
    /// With what may be shown of it: `••••abcd`.
    case set(hint: String)
    /// Sealed under another master key, or damaged; the provider is not called until it is given anew.
    case undecryptable
}

extension Credential {
    private static let leastShownBytes = 16

    /// The last four characters of what is long enough to be no word, so that two keys can be told apart.
    package var hint: String { secret.utf8.count < Self.leastShownBytes ? "••••" : "••••\(secret.suffix(4))" }
}

/// What is to become of a stored credential.
package enum CredentialChange: Hashable, Sendable {
    case keep
    /// This upstream asks for no key.
    case clear
    case set(Credential)
}

/// A provider to be made.
package struct NewProvider: Sendable {
    package let name: String
    package let dialect: DialectName
    package let baseURL: BaseURL
    package let credential: Credential?
    package let isActive: Bool

    package init(name: String, dialect: DialectName, baseURL: BaseURL, credential: Credential?, isActive: Bool) {
        self.name = name
        self.dialect = dialect
        self.baseURL = baseURL
        self.credential = credential
        self.isActive = isActive
    }
}

/// What is to change of a provider; nil stays. Another base URL clears the credential unless one is given beside it: it was
/// given for the old address, and whoever may change addresses need not be able to read keys.
package struct ProviderChanges: Sendable {
    package var name: String?
    package var dialect: DialectName?
    package var baseURL: BaseURL?
    package var credential = CredentialChange.keep
    package var isActive: Bool?

    package init() {}
}

/// A page of providers.
package struct ProviderQuery: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        case id, name, createdAt = "created_at"
    }

    /// In name or base URL, any case.
    package var search: String?
    package var dialect: DialectName?
    package var isActive: Bool?
    package var window = Window(order: Order.id)

    package init() {}
}

/// Where providers are kept. Each change is one transaction with its audit leaf and its row in the change feed.
package protocol Providers: Sendable {
    func provider(_ id: ProviderID) async throws(DeskError) -> ProviderRecord?
    func providers(_ query: ProviderQuery) async throws(DeskError) -> Page<ProviderRecord>
    /// - Throws: `.taken`.
    func create(_ new: NewProvider, by actor: Actor) async throws(DeskError) -> ProviderRecord
    /// - Throws: `.notFound`, `.taken`, `.stale`.
    func update(
        _ id: ProviderID,
        _ changes: ProviderChanges,
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> ProviderRecord
    /// The provider with its credential, as it is called, and the active routes that lead to it.
    /// - Throws: `.notFound`, `.conflict(.undecryptable)`.
    func upstream(_ id: ProviderID) async throws(DeskError) -> (provider: Provider, routes: [UpstreamRoute])
    /// Notes that somebody asked the provider something.
    func noteProbe(of id: ProviderID, _ probe: ProviderProbe, by actor: Actor) async throws(DeskError)
}

/// What an administrator asks of a provider.
package enum ProviderProbe: String, Sendable {
    case test = "provider tested"
    case models = "provider models read"
}

/// One of our models and what a provider calls it.
package struct UpstreamRoute: Hashable, Sendable {
    package let model: String
    package let upstreamModel: String
    package let contextLength: Int64

    package init(model: String, upstreamModel: String, contextLength: Int64) {
        self.model = model
        self.upstreamModel = upstreamModel
        self.contextLength = contextLength
    }
}
