import Domain

extension Applier {
    func applyProvider(_ wish: DesiredProvider, _ transaction: inout ApplyTransaction) throws {
        if let url = wish.baseURL { try check(url, line: wish.line) }
        guard let id = try transaction.id("api_providers", "name", wish.name) else {
            return try create(wish, &transaction)
        }
        var changes = ProviderChanges()
        changes.dialect = wish.dialect
        changes.baseURL = wish.baseURL
        changes.credential = wish.credential
        changes.isActive = wish.isActive
        let fields = try ProviderRows.set(changes, of: id, vault, transaction.act)
        if !fields.isEmpty { try transaction.record(.provider, wish.name, row: id, .updated, fields: fields) }
    }

    private func create(_ wish: DesiredProvider, _ transaction: inout ApplyTransaction) throws {
        guard let url = wish.baseURL else {
            throw ApplyProblem(line: wish.line, reason: "provider '\(wish.name)' is new and needs a base_url")
        }
        var credential: Credential?
        if case .set(let given) = wish.credential { credential = given }
        let new = NewProvider(
            name: wish.name,
            dialect: wish.dialect ?? .openai,
            baseURL: url,
            credential: credential,
            isActive: wish.isActive ?? true
        )
        let id = try ProviderRows.insert(new, vault, transaction.act)
        try transaction.record(.provider, wish.name, row: id, .created)
    }

    private func check(_ url: BaseURL, line: SourceLine) throws(ApplyProblem) {
        switch AddressPolicy.verdict(url, allowsPrivate: allowsPrivate) {
        case .allowed: break
        case .needsAllowPrivate:
            throw ApplyProblem(
                line: line,
                reason: "base_url \(url) is a private address; set upstream.allow_private if that is meant"
            )
        case .forbidden:
            throw ApplyProblem(line: line, reason: "base_url \(url) is an address or port that no provider may have")
        }
    }
}
