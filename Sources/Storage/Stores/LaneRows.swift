import Domain

/// The rows that hold money: a quota's grants and keys' own limits.
enum LaneRows {
    static let grantColumns =
        "id, quota_id, user_id, group_id, ordinal, starts_at, ends_at, is_active, funded, available, held, captured, forfeited, pending_clawback"
    private static let selectHolder =
        "SELECT \(grantColumns) FROM quota_grants WHERE user_id = ? AND group_id = ? ORDER BY id"
    private static let selectRunning =
        "SELECT \(grantColumns) FROM quota_grants WHERE user_id = ? AND group_id = ? AND (ends_at IS NULL OR ends_at > ?) ORDER BY id"
    private static let selectPeriods =
        "SELECT \(grantColumns) FROM quota_grants WHERE quota_id = ? AND ordinal >= (SELECT MAX(m.ordinal) FROM quota_grants m WHERE m.quota_id = ? AND (m.starts_at <= ? OR m.ordinal = 1)) ORDER BY ordinal"
    private static let selectGrant = "SELECT \(grantColumns) FROM quota_grants WHERE id = ?"
    /// Guarded by what was read: another writer's change in between changes no row, and the batch stops.
    private static let updateGrant =
        "UPDATE quota_grants SET funded = ?, available = ?, held = ?, captured = ?, forfeited = ?, pending_clawback = ?, ends_at = ?, is_active = ? WHERE id = ? AND available = ? AND held = ? AND captured = ?"
    private static let selectLimit =
        "SELECT key_id, funded, available, held, captured, forfeited, pending_clawback FROM api_key_limits WHERE key_id = ?"
    private static let updateLimit =
        "UPDATE api_key_limits SET funded = ?, available = ?, held = ?, captured = ?, forfeited = ?, pending_clawback = ? WHERE key_id = ? AND available = ? AND held = ? AND captured = ?"

    /// - Parameter now: leaves out the grants that have ended by then, of which a quota may have had many.
    static func load(
        holder userID: UserID,
        _ groupID: ModelGroupID,
        endingAfter now: Instant? = nil,
        into balances: inout Balances,
        _ connection: any SQLConnection
    ) throws {
        let statement = try connection.prepare(now == nil ? selectHolder : selectRunning)
        defer { statement.reset() }
        statement.bind(userID.rawValue, at: 1)
        statement.bind(groupID.rawValue, at: 2)
        if let now { statement.bind(now.microseconds, at: 3) }
        while try statement.step() { try balances.load(grant(statement)) }
    }

    static func load(_ lane: Lane, into balances: inout Balances, _ connection: any SQLConnection) throws {
        switch lane {
        case .grant(let id):
            guard balances[id] == nil else { return }
            let statement = try connection.prepare(selectGrant)
            defer { statement.reset() }
            statement.bind(id.rawValue, at: 1)
            if try statement.step() { try balances.load(grant(statement)) }
        case .key(let id):
            guard balances[id] == nil else { return }
            let statement = try connection.prepare(selectLimit)
            defer { statement.reset() }
            statement.bind(id.rawValue, at: 1)
            if try statement.step() {
                try balances.load(KeyLimit(keyID: statement.id(0), balance: balance(statement, from: 1)))
            }
        }
    }

    /// A quota's period of now, or the last that was, and those made ahead.
    static func periods(of quota: QuotaID, at now: Instant, _ connection: any SQLConnection) throws -> [Grant] {
        try connection.query(
            selectPeriods,
            SQLValue(quota),
            SQLValue(quota),
            SQLValue(now)
        ) { grant($0) }
    }

    /// A new period.
    static func insert(
        quota: QuotaID,
        user: UserID,
        group: ModelGroupID,
        ordinal: Int64,
        startsAt: Instant,
        endsAt: Instant?,
        isActive: Bool,
        funded: Money,
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> GrantID {
        GrantID(
            try connection.insert(
                "INSERT INTO quota_grants (quota_id, user_id, group_id, ordinal, starts_at, ends_at, is_active, funded, available, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                SQLValue(quota),
                SQLValue(user),
                SQLValue(group),
                .integer(ordinal),
                SQLValue(startsAt),
                SQLValue(endsAt),
                SQLValue(isActive),
                SQLValue(funded),
                SQLValue(funded),
                SQLValue(now)
            )
        )
    }

    /// Writes what changed, each row guarded by what was read of it, in order of their ids.
    static func save(_ balances: Balances, _ connection: any SQLConnection) throws {
        for (before, after) in balances.changedGrants {
            let statement = try connection.prepare(updateGrant)
            defer { statement.reset() }
            bind(after.balance, to: statement)
            statement.bind(after.endsAt?.microseconds, at: 7)
            statement.bind(after.isActive ? 1 : 0, at: 8)
            statement.bind(after.id.rawValue, at: 9)
            statement.bind(before.available.picoDollars, at: 10)
            statement.bind(before.held.picoDollars, at: 11)
            statement.bind(before.captured.picoDollars, at: 12)
            _ = try statement.step()
            guard statement.changes == 1 else { throw StorageError.misuse("a grant changed under its lock") }
        }
        for (before, after) in balances.changedKeyLimits {
            let statement = try connection.prepare(updateLimit)
            defer { statement.reset() }
            bind(after.balance, to: statement)
            statement.bind(after.keyID.rawValue, at: 7)
            statement.bind(before.available.picoDollars, at: 8)
            statement.bind(before.held.picoDollars, at: 9)
            statement.bind(before.captured.picoDollars, at: 10)
            _ = try statement.step()
            guard statement.changes == 1 else { throw StorageError.misuse("a key's limit changed under its lock") }
        }
    }

    static func append(
        _ entry: Entry,
        call: CallID?,
        reason: String,
        actor: String,
        now: Instant,
        _ connection: any SQLConnection
    ) throws {
        let (lane, id) = entry.lane.words
        try connection.execute(
            "INSERT INTO ledger_entries (lane, lane_id, kind, amount, call_id, reason, actor, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            .integer(lane),
            .integer(id),
            .integer(entry.kind.rawValue),
            SQLValue(entry.amount),
            call.map { SQLValue($0) } ?? .null,
            .text(reason),
            .text(actor),
            SQLValue(now)
        )
    }

    /// - Parameter first: where ``grantColumns`` begin.
    static func grant(_ row: any SQLStatement, from first: Int = 0) -> Grant {
        Grant(
            id: row.id(first),
            quotaID: row.id(first + 1),
            userID: row.id(first + 2),
            groupID: row.id(first + 3),
            ordinal: row.int64(first + 4),
            startsAt: row.instant(first + 5),
            endsAt: row.optionalInstant(first + 6),
            isActive: row.bool(first + 7),
            balance: balance(row, from: first + 8)
        )
    }

    static func balance(_ row: any SQLStatement, from first: Int) -> Balance {
        Balance(
            funded: row.money(first),
            available: row.money(first + 1),
            held: row.money(first + 2),
            captured: row.money(first + 3),
            forfeited: row.money(first + 4),
            pendingClawback: row.money(first + 5)
        )
    }

    private static func bind(_ balance: Balance, to statement: any SQLStatement) {
        statement.bind(balance.funded.picoDollars, at: 1)
        statement.bind(balance.available.picoDollars, at: 2)
        statement.bind(balance.held.picoDollars, at: 3)
        statement.bind(balance.captured.picoDollars, at: 4)
        statement.bind(balance.forfeited.picoDollars, at: 5)
        statement.bind(balance.pendingClawback.picoDollars, at: 6)
    }
}
