import Domain

/// What a change was about, as the change feed and leaves name it.
package enum ChangeKind: String, Sendable {
    case provider, model, price
    case modelGroup = "model_group"
    case user
    case apiKey = "api_key"
    case quota
    case setting
}

package enum ChangeAction: String, Sendable {
    case created, updated, removed
    case toppedUp = "topped_up"
    case reduced, expired, refunded, renewed
    case revoked, rotated
}

/// One transaction of administration under the write lock: its connection, its instant, and what each change leaves behind.
struct ActTransaction {
    let connection: any SQLConnection
    let now: Instant

    /// - Parameter clock: asked now that the lock is there.
    init(_ connection: any SQLConnection, clock: () -> Instant) throws {
        self.connection = connection
        now = try LedgerTime.now(clock, connection)
    }

    /// Notes a change: as an audit leaf and, for running servers, in the change feed.
    func record(
        _ kind: ChangeKind,
        row: Int64,
        _ action: ChangeAction,
        fields: [String] = [],
        by actor: Actor
    ) throws {
        try testify("\(kind.rawValue) \(action.rawValue)", row: row, fields: fields, by: actor.description)
        try connection.execute(
            "INSERT INTO change_feed (kind, row_id, created_at) VALUES (?, ?, ?)",
            .text(kind.rawValue),
            .integer(row),
            SQLValue(now)
        )
        if let notice = connection.dialect.notice { _ = try connection.query(notice) { _ in () } }
    }

    /// Appends an act's leaf. Leaves stay for good: they name rows and columns, never people or what they wrote.
    func testify(_ act: String, row: Int64, fields: [String] = [], by actor: String) throws {
        let list = fields.map { "\"\($0)\"" }.joined(separator: ",")
        let json =
            "{\"act\":\"\(act)\",\"row\":\(row),\"fields\":[\(list)],\"actor\":\"\(actor)\",\"at\":\"\(now)\"}"
        try AuditLeaves.append(act: json, now: now, connection)
    }

    func id(_ table: String, _ column: String, _ name: String) throws -> Int64? {
        try connection.query("SELECT id FROM \(table) WHERE \(column) = ?", .text(name)) { $0.int64(0) }.first
    }

    func isThere<Entity>(_ table: String, _ id: Identifier<Entity>) throws -> Bool {
        try !connection.query("SELECT 1 FROM \(table) WHERE id = ?", SQLValue(id)) { $0.int64(0) }.isEmpty
    }

    /// - Parameter row: whose name it may be already. - Throws: `DeskError.taken` where it is another's; not for nil.
    func expectFree(_ name: String?, in table: String, besides row: Int64? = nil) throws {
        guard let name, let owner = try id(table, "name", name), owner != row else { return }
        throw DeskError.taken(field: "name")
    }

    /// Raises a row's version, where what changed of it stands in other tables.
    func touch(_ table: String, row: Int64) throws {
        try connection.execute(
            "UPDATE \(table) SET updated_at = MAX(?, updated_at + 1) WHERE id = ?",
            SQLValue(now),
            .integer(row)
        )
    }

    /// Sets one column where it differs. - Returns: true if it did.
    func set(_ table: String, _ column: String, to value: SQLValue, row: Int64) throws -> Bool {
        try !set(table, [(column, value)], row: row).isEmpty
    }

    /// Sets those columns that differ, at once. `updated_at` goes up even where the ledger's time stands still: it is the
    /// version that ``Precondition`` compares.
    /// - Returns: the names of what is new.
    func set(_ table: String, _ columns: [(name: String, value: SQLValue?)], row: Int64) throws -> [String] {
        let given = columns.compactMap { column in column.value.map { (name: column.name, value: $0) } }
        guard !given.isEmpty else { return [] }
        let compared = given.map { "\($0.name) IS NOT ?" }.joined(separator: ", ")
        let differs = try connection.query(
            "SELECT \(compared) FROM \(table) WHERE id = ?",
            values: given.map(\.value) + [.integer(row)]
        ) { found in given.indices.map { found.bool($0) } }.first
        guard let differs else { return [] }
        let changed = zip(given, differs).filter { $0.1 }.map(\.0)
        guard !changed.isEmpty else { return [] }
        let statement = try connection.prepare(
            "UPDATE \(table) SET \(changed.map { "\($0.name) = ?" }.joined(separator: ", ")), updated_at = MAX(?, updated_at + 1) WHERE id = ?"
        )
        defer { statement.reset() }
        for (index, value) in (changed.map(\.value) + [SQLValue(now), .integer(row)]).enumerated() {
            statement.bind(value, at: index + 1)
        }
        _ = try statement.step()
        return changed.map(\.name)
    }
}
