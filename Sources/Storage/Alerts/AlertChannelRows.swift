import Domain

/// Channels as the control plane shows them, with their secrets sealed. What is sealed is the URL, a space, and the secret;
/// neither has a space in it, and either may be absent.
enum AlertChannelRows {
    private static let table = "alert_channels"
    private static let select =
        "SELECT c.id, c.name, c.kind, c.target, c.target_version, c.mail_host, c.mail_port, c.mail_security, c.mail_username, c.mail_from, c.mail_recipients, c.mail_authorities, c.audience, c.kinds, c.least_severity, c.language, c.is_active, c.created_at, c.updated_at FROM alert_channels c"
    private static let selectOne = select + " WHERE c.id = ?"
    private static let selectSubscriptions =
        "SELECT c.id, c.audience, c.kinds, c.least_severity FROM alert_channels c WHERE c.is_active = 1 ORDER BY c.id"
    private static let insert =
        "INSERT INTO alert_channels (name, kind, audience, least_severity, language, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id"

    static func find(_ id: AlertChannelID, _ vault: Vault, _ connection: any SQLConnection) throws -> AlertTarget? {
        try connection.query(selectOne, SQLValue(id)) { try target($0, vault) }.first
    }

    static func subscriptions(_ connection: any SQLConnection) throws -> [AlertSubscription] {
        try connection.query(selectSubscriptions) { row in
            guard let audience = AlertAudience(rawValue: row.text(1)),
                let severity = AlertSeverity(rawValue: row.int64(3))
            else { return nil }
            return AlertSubscription(
                channel: row.id(0),
                audience: audience,
                kinds: kinds(row.optionalText(2)),
                leastSeverity: severity
            )
        }.compactMap(\.self)
    }

    static func page(
        _ query: AlertChannelQuery,
        _ vault: Vault,
        _ connection: any SQLConnection
    ) throws -> Page<AlertChannelRecord> {
        var filter = SQLFilter()
        filter.contains(query.search, in: ["c.name"])
        filter.equals("c.kind", query.kind.map { .text($0.rawValue) })
        filter.equals("c.is_active", query.isActive.map { SQLValue($0) })
        let order: String? =
            switch query.window.order {
            case .id: nil
            case .name: "c.name"
            case .createdAt: "c.created_at"
            }
        return try SQLPage.read(
            select,
            from: "alert_channels c",
            where: filter,
            order: order,
            key: "c.id",
            query.window,
            connection
        ) { try target($0, vault).channel }
    }

    // MARK: Writing

    static func insert(_ new: NewAlertChannel, _ vault: Vault, _ act: ActTransaction) throws -> Int64 {
        let id = try act.connection.insert(
            insert,
            .text(new.name),
            .text(new.kind.rawValue),
            .text(AlertAudience.operators.rawValue),
            .integer(AlertSeverity.info.rawValue),
            .text(AlertLanguage.english.rawValue),
            SQLValue(act.now),
            SQLValue(act.now)
        )
        _ = try set(new.changes, of: id, vault, act)
        return id
    }

    /// - Returns: the names of what is new, as the API has them.
    static func set(
        _ changes: AlertChannelChanges,
        of id: Int64,
        _ vault: Vault,
        _ act: ActTransaction
    ) throws -> [String] {
        guard let stored = try find(AlertChannelID(id), vault, act.connection) else { throw DeskError.notFound }
        let isSealedAway = stored.channel.secret == .undecryptable
        if isSealedAway, stored.channel.kind != .email, changes.url == nil, changes.secret != .keep {
            // The URL is sealed with it, and would be lost.
            throw DeskError.conflict(.undecryptable)
        }
        let mail = stored.channel.mail
        var columns: [(name: String, value: SQLValue?)] = [
            ("name", changes.name.map { .text($0) }),
            ("mail_host", changes.mailHost.map { .text($0) }),
            ("mail_port", changes.mailPort.map { .integer(Int64($0)) }),
            ("mail_security", changes.mailSecurity.map { .text($0.rawValue) }),
            ("mail_username", changes.mailUsername.map { SQLValue($0) }),
            ("mail_from", changes.mailFrom.map { .text($0) }),
            ("mail_recipients", changes.mailRecipients.map { .text($0.joined(separator: " ")) }),
            ("mail_authorities", changes.mailAuthorities.map { SQLValue($0) }),
            ("audience", changes.audience.map { .text($0.rawValue) }),
            ("kinds", changes.kinds.map { SQLValue($0.map(text(of:))) }),
            ("least_severity", changes.leastSeverity.map { .integer($0.rawValue) }),
            ("language", changes.language.map { .text($0.rawValue) }),
            ("is_active", changes.isActive.map { SQLValue($0) }),
        ]
        let moves =
            differs(changes.url, from: stored.url) || differs(changes.mailHost, from: mail?.host)
            || differs(changes.mailPort, from: mail?.port) || differs(changes.mailSecurity, from: mail?.security)
        let url = changes.url ?? stored.url
        let secret: Credential? =
            switch changes.secret {
            case .keep: moves ? nil : stored.secret
            case .clear: nil
            case .set(let secret): secret
            }
        var fields: [String] = []
        // What does not open stays as it is until somebody gives it anew.
        let isKept = isSealedAway && !moves && changes.secret == .keep
        if !isKept, isSealedAway || url != stored.url || secret != stored.secret {
            let version = try act.connection.query(
                "SELECT target_version FROM alert_channels WHERE id = ?",
                .integer(id)
            ) { $0.int64(0) }
            let next = (version.first ?? 0) + 1
            let text = "\(url?.text ?? "") \(secret?.secret ?? "")"
            columns += [
                ("target", .text(vault.seal(Array(text.utf8), at: .alertTarget(AlertChannelID(id), version: next)))),
                ("target_version", .integer(next)),
            ]
            if url != stored.url { fields.append("url") }
            if isSealedAway || secret != stored.secret { fields.append("secret") }
        }
        let written = try act.set(table, columns, row: id).filter { !$0.hasPrefix("target") }
        return written + fields
    }

    private static func differs<Value: Equatable>(_ new: Value?, from old: Value?) -> Bool {
        new.map { $0 != old } ?? false
    }

    // MARK: Reading

    private static func target(_ row: any SQLStatement, _ vault: Vault) throws -> AlertTarget {
        let id: AlertChannelID = row.id(0)
        guard let kind = AlertChannelKind(rawValue: row.text(2)), let audience = AlertAudience(rawValue: row.text(12)),
            let severity = AlertSeverity(rawValue: row.int64(14)), let language = AlertLanguage(rawValue: row.text(15))
        else { throw StorageError.unusable("alert channel \(id) has a value that this program does not know") }
        var url: WebhookURL?
        var secret: Credential?
        var state = CredentialState.none
        if let sealed = row.optionalText(3) {
            if let bytes = try? vault.open(sealed, at: .alertTarget(id, version: row.int64(4))) {
                let parts = String(decoding: bytes, as: UTF8.self)
                    .split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
                url = WebhookURL(parsing: String(parts[0]))
                if parts.count == 2, !parts[1].isEmpty {
                    let credential = Credential(String(parts[1]))
                    secret = credential
                    state = .set(hint: credential.hint)
                }
            } else {
                state = .undecryptable
            }
        }
        return AlertTarget(
            channel: AlertChannelRecord(
                id: id,
                name: row.text(1),
                kind: kind,
                url: url?.description,
                mail: mail(row),
                secret: state,
                audience: audience,
                kinds: kinds(row.optionalText(13)),
                leastSeverity: severity,
                language: language,
                isActive: row.bool(16),
                createdAt: row.instant(17),
                updatedAt: row.instant(18)
            ),
            url: url,
            secret: secret
        )
    }

    private static func mail(_ row: any SQLStatement) -> MailRoute? {
        guard let host = row.optionalText(5), let port = row.optionalInt64(6),
            let security = row.optionalText(7).flatMap(MailRoute.Security.init(rawValue:)),
            let from = row.optionalText(9)
        else { return nil }
        return MailRoute(
            host: host,
            port: Int(port),
            security: security,
            username: row.optionalText(8),
            from: from,
            recipients: (row.optionalText(10) ?? "").split(separator: " ").map(String.init),
            authorities: row.optionalText(11)
        )
    }

    private static func kinds(_ text: String?) -> Set<AlertKind>? {
        text.map { Set($0.split(separator: " ").compactMap { AlertKind(rawValue: String($0)) }) }
    }

    private static func text(of kinds: Set<AlertKind>) -> String {
        kinds.map(\.rawValue).sorted().joined(separator: " ")
    }
}

extension SecretPlace {
    /// Where a channel's URL and secret are sealed.
    static func alertTarget(_ id: AlertChannelID, version: Int64) -> SecretPlace {
        SecretPlace(table: "alert_channels", row: id.description, column: "target", version: version)
    }
}
