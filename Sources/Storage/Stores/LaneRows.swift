import Domain

/// The rows that hold money: a quota's grants and keys' own limits.
enum LaneRows {
    static let grantColumns =
        "id, quota_id, user_id, group_id, ordinal, starts_at, ends_at, is_active, funded, available, held, captured, forfeited, pending_clawback"
    private static let selectHolders = SizedSQL { count in
        let holder = "user_id = ? AND group_id = ?"
        let holders = count == 1 ? holder : Array(repeating: "(\(holder))", count: count).joined(separator: " OR ")
        return
            "SELECT \(grantColumns) FROM quota_grants WHERE (\(holders)) AND (ends_at IS NULL OR ends_at > ?) ORDER BY id FOR UPDATE"
    }
    private static let selectPeriods =
        "SELECT \(grantColumns) FROM quota_grants WHERE quota_id = ? AND ordinal >= (SELECT MAX(m.ordinal) FROM quota_grants m WHERE m.quota_id = ? AND (m.starts_at <= ? OR m.ordinal = 1)) ORDER BY ordinal FOR UPDATE"
    private static let selectGrants = SizedSQL {
        "SELECT \(grantColumns) FROM quota_grants WHERE id IN (\(SizedSQL.list("?", $0))) ORDER BY id FOR UPDATE"
    }
    private static let selectUnlockedGrants = selectGrants.skippingLocked
    /// Guarded by what was read: another writer's change in between changes no row, and the batch stops.
    private static let updateGrant =
        "UPDATE quota_grants SET funded = ?, available = ?, held = ?, captured = ?, forfeited = ?, pending_clawback = ?, ends_at = ?, is_active = ? WHERE id = ? AND available = ? AND held = ? AND captured = ?"
    private static let selectLimits = SizedSQL {
        "SELECT key_id, funded, available, held, captured, forfeited, pending_clawback FROM api_key_limits WHERE key_id IN (\(SizedSQL.list("?", $0))) ORDER BY key_id FOR UPDATE"
    }
    private static let selectUnlockedLimits = selectLimits.skippingLocked
    private static let updateLimit =
        "UPDATE api_key_limits SET funded = ?, available = ?, held = ?, captured = ?, forfeited = ?, pending_clawback = ? WHERE key_id = ? AND available = ? AND held = ? AND captured = ?"

    /// Locks grants and keys' limits and reads them, in the order of all ledger transactions: grants, keys, each by id.
    /// - Parameter now: leaves out of the holders' grants those that have ended by then, of which a quota may have had many.
    static func load(
        _ lanes: some Sequence<Lane>,
        of holders: some Collection<QuotaHolder> = EmptyCollection(),
        endingAfter now: Instant = Instant(microseconds: .min),
        into balances: inout Balances,
        _ connection: any SQLConnection
    ) throws {
        var grants: [GrantID] = []
        var keys: [APIKeyID] = []
        for lane in lanes {
            switch lane {
            case .grant(let id): if balances[id] == nil { grants.append(id) }
            case .key(let id): if balances[id] == nil { keys.append(id) }
            }
        }
        // Two passes over one table would not lock in one order; then the holders' ids are read first. MariaDB locks rows as it
        // finds them, and finds a holder's by another index.
        if !holders.isEmpty, connection.dialect == .mysql || (!grants.isEmpty && connection.dialect != .sqlite) {
            for holder in holders { grants += try ids(of: holder, endingAfter: now, connection) }
        } else {
            try selectHolders.query(
                holders.sorted(),
                width: 2,
                connection,
                bind: { holder, statement, index in
                    statement.bind(holder.userID.rawValue, at: index)
                    statement.bind(holder.groupID.rawValue, at: index + 1)
                },
                rest: { $0.bind(now.microseconds, at: $1) }
            ) { try balances.load(grant($0)) }
        }
        try read(grants, keys, by: (selectGrants, selectLimits), into: &balances, connection)
    }

    /// The same without waiting for anybody. - Returns: what others have locked.
    static func loadUnlocked(
        _ lanes: Set<Lane>,
        of holders: Set<QuotaHolder>,
        endingAfter now: Instant,
        into balances: inout Balances,
        _ connection: any SQLConnection
    ) throws -> LockedElsewhere {
        var grants: Set<GrantID> = []
        var keys: Set<APIKeyID> = []
        for lane in lanes {
            switch lane {
            case .grant(let id): grants.insert(id)
            case .key(let id): keys.insert(id)
            }
        }
        var grantsOfHolder: [QuotaHolder: [GrantID]] = [:]
        for holder in holders {
            let ids = try ids(of: holder, endingAfter: now, connection)
            grantsOfHolder[holder] = ids
            grants.formUnion(ids)
        }
        try read(grants, keys, by: (selectUnlockedGrants, selectUnlockedLimits), into: &balances, connection)
        var elsewhere = LockedElsewhere()
        // What is not there at all is nobody's.
        for id in grants where balances[id] == nil {
            let rows = try connection.query("SELECT 1 FROM quota_grants WHERE id = ?", SQLValue(id)) { _ in () }
            if !rows.isEmpty { elsewhere.lanes.insert(.grant(id)) }
        }
        for id in keys where balances[id] == nil {
            let rows = try connection.query("SELECT 1 FROM api_key_limits WHERE key_id = ?", SQLValue(id)) { _ in () }
            if !rows.isEmpty { elsewhere.lanes.insert(.key(id)) }
        }
        for (holder, ids) in grantsOfHolder where ids.contains(where: { elsewhere.lanes.contains(.grant($0)) }) {
            elsewhere.holders.insert(holder)
        }
        return elsewhere
    }

    private static func read(
        _ grants: some Sequence<GrantID>,
        _ keys: some Sequence<APIKeyID>,
        by statements: (grants: SizedSQL, limits: SizedSQL),
        into balances: inout Balances,
        _ connection: any SQLConnection
    ) throws {
        try statements.grants.query(
            grants.sorted(),
            connection,
            bind: { $1.bind($0.rawValue, at: $2) }
        ) { try balances.load(grant($0)) }
        try statements.limits.query(
            keys.sorted(),
            connection,
            bind: { $1.bind($0.rawValue, at: $2) }
        ) { try balances.load(KeyLimit(keyID: $0.id(0), balance: balance($0, from: 1))) }
    }

    private static func ids(
        of holder: QuotaHolder,
        endingAfter now: Instant,
        _ connection: any SQLConnection
    ) throws -> [GrantID] {
        try connection.query(
            "SELECT id FROM quota_grants WHERE user_id = ? AND group_id = ? AND (ends_at IS NULL OR ends_at > ?)",
            SQLValue(holder.userID),
            SQLValue(holder.groupID),
            SQLValue(now)
        ) { $0.id(0) }
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
            bind(after.balance, to: statement)
            statement.bind(after.endsAt?.microseconds, at: 7)
            statement.bind(after.isActive ? 1 : 0, at: 8)
            statement.bind(after.id.rawValue, at: 9)
            statement.bind(before.available.picoDollars, at: 10)
            statement.bind(before.held.picoDollars, at: 11)
            statement.bind(before.captured.picoDollars, at: 12)
            try statement.enqueue(changing: 1)
        }
        for (before, after) in balances.changedKeyLimits {
            let statement = try connection.prepare(updateLimit)
            bind(after.balance, to: statement)
            statement.bind(after.keyID.rawValue, at: 7)
            statement.bind(before.available.picoDollars, at: 8)
            statement.bind(before.held.picoDollars, at: 9)
            statement.bind(before.captured.picoDollars, at: 10)
            try statement.enqueue(changing: 1)
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
        let statement = try connection.prepare(
            "INSERT INTO ledger_entries (lane, lane_id, kind, amount, call_id, reason, actor, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        statement.bind(lane, at: 1)
        statement.bind(id, at: 2)
        statement.bind(entry.kind.rawValue, at: 3)
        statement.bind(entry.amount.picoDollars, at: 4)
        if let call { statement.bind(call, at: 5) } else { statement.bindNull(at: 5) }
        statement.bind(reason, at: 6)
        statement.bind(actor, at: 7)
        statement.bind(now.microseconds, at: 8)
        try statement.enqueue(changing: 1)
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
