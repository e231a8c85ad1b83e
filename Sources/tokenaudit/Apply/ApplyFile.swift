import Domain
import Storage

/// Reads what an `apply` file asks for, strictly: every key known, every number exact, every problem with its line.
struct ApplyFile {
    /// Variables that `{env: NAME}` may name.
    let environment: [String: String]

    func read(path: String) throws(InputProblem) -> DesiredState {
        guard let root = try YAMLFile.read(path: path) else { return DesiredState() }
        return try state(root)
    }

    func state(_ root: YAMLItem) throws(InputProblem) -> DesiredState {
        let members = try root.members(known: ["providers", "models", "model_groups", "users"])
        var state = DesiredState()
        if let item = members["providers"] { state.providers = try list(item, provider) }
        if let item = members["models"] { state.models = try list(item, ModelEntry.read) }
        if let item = members["model_groups"] { state.groups = try list(item, group) }
        if let item = members["users"] { state.users = try list(item, user) }
        try unique(state.providers.map { ($0.name, $0.line) }, "provider", in: root.source)
        try unique(state.models.map { ($0.name, $0.line) }, "model", in: root.source)
        try unique(state.groups.map { ($0.name, $0.line) }, "model group", in: root.source)
        try unique(state.users.map { ($0.email, $0.line) }, "user", in: root.source)
        return state
    }

    private func list<Entry>(
        _ item: YAMLItem,
        _ read: (YAMLItem) throws(InputProblem) -> Entry
    ) throws(InputProblem) -> [Entry] {
        var entries: [Entry] = []
        for entry in try item.items() { entries.append(try read(entry)) }
        return entries
    }

    private func unique(_ names: [(String, SourceLine)], _ kind: String, in source: String) throws(InputProblem) {
        var seen: Set<String> = []
        for (name, line) in names where !seen.insert(name).inserted {
            throw InputProblem(source: source, line: line.number, reason: "\(kind) '\(name)' is given twice")
        }
    }

    // MARK: - Entries

    private func provider(_ item: YAMLItem) throws(InputProblem) -> DesiredProvider {
        let members = try item.members(known: ["name", "dialect", "base_url", "api_key", "is_active"])
        var provider = DesiredProvider(name: try item.name(members["name"], "name"), line: SourceLine(item.line))
        if let item = members["dialect"] {
            guard let dialect = DialectName(rawValue: try item.text()) else {
                throw item.problem("must be one of \(DialectName.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            provider.dialect = dialect
        }
        if let item = members["base_url"] {
            do {
                provider.baseURL = try BaseURL(parsing: try item.text())
            } catch let problem as BaseURL.Problem {
                throw item.problem(Self.explain(problem))
            } catch let problem as InputProblem {
                throw problem
            } catch {
                throw item.problem("not a base URL")
            }
        }
        if let item = members["api_key"] {
            provider.credential = item.isNull ? .clear : .set(Credential(try secret(item)))
        }
        if let item = members["is_active"] { provider.isActive = try item.flag() }
        return provider
    }

    private func group(_ item: YAMLItem) throws(InputProblem) -> DesiredGroup {
        let members = try item.members(known: ["name", "models", "price_multiplier", "description", "is_active"])
        var group = DesiredGroup(name: try item.name(members["name"], "name"), line: SourceLine(item.line))
        if let models = members["models"] {
            for model in try models.items() { group.models.append(try model.name(model, "")) }
        }
        if let item = members["price_multiplier"] {
            guard let multiplier = try? Multiplier(parsing: try item.text()) else {
                throw item.problem(
                    "must be a plain decimal from 0 to 1000 with at most four decimals, such as \"1.25\""
                )
            }
            group.multiplier = multiplier
        }
        if let item = members["description"] { group.description = item.isNull ? "" : try item.line(upTo: 2_000) }
        if let item = members["is_active"] { group.isActive = try item.flag() }
        return group
    }

    private func user(_ item: YAMLItem) throws(InputProblem) -> DesiredUser {
        let members = try item.members(
            known: RateLimitEntry.known.union([
                "email", "name", "role", "password", "api_key", "quotas", "is_active",
            ])
        )
        guard let email = EmailAddress.parse(try item.name(members["email"], "email")) else {
            throw (members["email"] ?? item).problem("must be an e-mail address")
        }
        var user = DesiredUser(email: email, line: SourceLine(item.line))
        if let item = members["name"] { user.name = item.isNull ? "" : try item.line(upTo: 100) }
        if let item = members["role"] {
            guard let role = Role(rawValue: try item.text()) else {
                throw item.problem("must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            user.role = role
        }
        if let item = members["password"], !item.isNull {
            let password = try secret(item)
            if let problem = PasswordRule.problem(of: password) { throw item.problem(problem) }
            user.password = password
        }
        if let item = members["api_key"], !item.isNull {
            let text = try secret(item)
            if text == "generate", !item.isMapping {
                user.key = .generate
            } else if let key = APIKeyMaterial(parsing: text) {
                user.key = .literal(key)
            } else {
                throw item.problem("must be generate, null, or sk-audit- and 32 letters and digits")
            }
        }
        if let item = members["is_active"] { user.isActive = try item.flag() }
        user.rateLimit = try RateLimitEntry.read(members)
        if let item = members["quotas"] { user.quotas = try list(item, quota) }
        try unique(user.quotas.map { ($0.name, $0.line) }, "quota", in: item.source)
        return user
    }

    private func quota(_ item: YAMLItem) throws(InputProblem) -> DesiredQuota {
        let members = try item.members(known: ["model_group", "name", "total_quota", "expires_at", "is_active"])
        let group = try item.name(members["model_group"], "model_group")
        var name = group
        if let item = members["name"] { name = try item.name(item, "") }
        var quota = DesiredQuota(groupName: group, name: name, line: SourceLine(item.line))
        if let item = members["total_quota"] { quota.total = try item.money() }
        if let item = members["expires_at"] {
            if item.isNull {
                quota.expiry = .never
            } else {
                guard let instant = Instant(parsing: try item.text()) else {
                    throw item.problem("must be null or an instant with its time zone, such as 2027-01-01T00:00:00Z")
                }
                quota.expiry = .at(instant)
            }
        }
        if let item = members["is_active"] { quota.isActive = try item.flag() }
        return quota
    }

    // MARK: - Secrets

    /// A plain string, `{env: NAME}` or `{file: PATH}`.
    private func secret(_ item: YAMLItem) throws(InputProblem) -> String {
        let text: String
        if item.isMapping {
            let members = try item.members(known: ["env", "file"])
            if let name = members["env"], members.count == 1 {
                let variable = try name.text()
                guard let value = environment[variable] else {
                    throw name.problem("the environment has no variable \(variable)")
                }
                text = value
            } else if let path = members["file"], members.count == 1 {
                do {
                    text = try SmallFile.readSecret(path: try path.text())
                } catch {
                    throw path.problem(error.description)
                }
            } else {
                throw item.problem("must be a string, {env: NAME}, {file: PATH} or null")
            }
        } else {
            text = try item.text()
        }
        guard !text.isEmpty else { throw item.problem("is empty; write null for none") }
        guard text.utf8.count <= 4_096, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw item.problem("must be at most 4096 bytes without control characters")
        }
        return text
    }

    private static func explain(_ problem: BaseURL.Problem) -> String {
        switch problem {
        case .scheme: "must begin with https:// or http://"
        case .userInfo: "must not carry a user or password; use api_key"
        case .host: "must name a host"
        case .port: "the port must be a number from 1 to 65535"
        case .path: "must not have a query, a fragment or dot segments"
        }
    }
}
