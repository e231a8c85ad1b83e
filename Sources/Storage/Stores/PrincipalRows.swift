import Domain

/// Reads whom a key speaks for.
enum PrincipalRows {
    private static let select =
        "SELECT k.id, k.user_id, k.is_active, u.is_active, CASE WHEN k.digest = ? THEN k.expires_at ELSE MIN(k.previous_until, COALESCE(k.expires_at, k.previous_until)) END, k.allowed_models, k.has_spending_limit, k.allowed_addresses, \(RateLimitColumns.list(of: "k")), \(RateLimitColumns.list(of: "u")), k.capture FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.digest = ? OR k.previous_digest = ? ORDER BY k.is_active DESC, k.digest = ? DESC LIMIT 1"
    private static let groups =
        "SELECT DISTINCT model_group_id FROM user_quotas WHERE user_id = ? AND is_active = 1"

    static func principal(for digest: KeyDigest, _ connection: any SQLConnection) throws -> Principal? {
        let rows = try connection.query(
            select,
            values: Array(repeating: .blob(digest.bytes), count: 4)
        ) { row -> Principal in
            Principal(
                userID: row.id(1),
                keyID: row.id(0),
                isActive: row.bool(2) && row.bool(3),
                expiresAt: row.optionalInstant(4),
                groups: [],
                allowedModels: row.optionalText(5).map { text in
                    Set(text.split(separator: ",").compactMap { Int64($0) }.map { ModelID($0) })
                },
                // A list that cannot be read allows nobody, rather than everybody.
                allowedAddresses: row.optionalText(7).map { AllowedAddressesCoding.decode($0) ?? [] },
                hasSpendingLimit: row.bool(6),
                keyRateLimit: RateLimitColumns.read(row, from: 8),
                userRateLimit: RateLimitColumns.read(row, from: 11),
                capture: row.optionalText(14).flatMap(Capture.init(rawValue:))
            )
        }
        guard let found = rows.first else { return nil }
        let groups = try connection.query(Self.groups, SQLValue(found.userID)) { $0.id(0, ModelGroupID.self) }
        return Principal(
            userID: found.userID,
            keyID: found.keyID,
            isActive: found.isActive,
            expiresAt: found.expiresAt,
            groups: Set(groups),
            allowedModels: found.allowedModels,
            allowedAddresses: found.allowedAddresses,
            hasSpendingLimit: found.hasSpendingLimit,
            keyRateLimit: found.keyRateLimit,
            userRateLimit: found.userRateLimit,
            capture: found.capture
        )
    }
}
