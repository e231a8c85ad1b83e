package import Domain

/// Brings the database to what a file asks for: one short transaction a thing, each with its audit leaf and its row in
/// the change feed, so that it works beside a running server. Applying twice changes nothing.
package struct Applier: Sendable {
    /// A lock held by others is waited for this often; each wait is up to five seconds.
    static let busyAttempts = 12

    let database: any Database
    let vault: Vault
    let digester: PepperedDigester
    let allowsPrivate: Bool
    let now: @Sendable () -> Instant

    package init(
        database: any Database,
        vault: Vault,
        digester: PepperedDigester,
        allowsPrivate: Bool,
        now: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.vault = vault
        self.digester = digester
        self.allowsPrivate = allowsPrivate
        self.now = now
    }

    /// Blocks.
    /// - Parameter progress: called after each thing with how many are done, of how many.
    /// - Throws: `ApplyProblem`, `StorageError`, `SecretError`. What came before it stays applied; apply again.
    package func apply(_ state: DesiredState, progress: (Int, Int) -> Void = { _, _ in }) throws -> ApplyReport {
        var report = ApplyReport()
        let total = state.providers.count + state.models.count + state.groups.count + state.users.count
        var done = 0
        func finish(_ changes: ([ApplyReport.Change], [ApplyReport.IssuedKey])) {
            report.changes += changes.0
            report.keys += changes.1
            done += 1
            progress(done, total)
        }
        for provider in state.providers { finish(try change { try applyProvider(provider, &$0) }) }
        for model in state.models { finish(try change { try applyModel(model, &$0) }) }
        for group in state.groups { finish(try change { try applyGroup(group, &$0) }) }
        for user in state.users {
            // Half a second of hashing must not hold the lock.
            let password = try preparePassword(user)
            finish(try change { try applyUser(user, password: password, &$0) })
        }
        return report
    }

    /// One transaction; tried again while another process has the lock.
    private func change(
        _ body: (inout ApplyTransaction) throws -> Void
    ) throws -> ([ApplyReport.Change], [ApplyReport.IssuedKey]) {
        var attempt = 1
        while true {
            do {
                return try database.write { connection in
                    var transaction = ApplyTransaction(
                        connection: connection,
                        now: try LedgerTime.now(now, connection)
                    )
                    try body(&transaction)
                    return (transaction.changes, transaction.keys)
                }
            } catch StorageError.busy where attempt < Self.busyAttempts {
                attempt += 1
            }
        }
    }
}

/// One transaction's work: its connection, its instant, and what it has changed so far.
struct ApplyTransaction {
    let connection: any SQLConnection
    let now: Instant
    private(set) var changes: [ApplyReport.Change] = []
    var keys: [ApplyReport.IssuedKey] = []

    init(connection: any SQLConnection, now: Instant) {
        self.connection = connection
        self.now = now
    }

    /// Notes a change: in the report, as an audit leaf, in the change feed. Leaves name rows, not people.
    mutating func record(
        _ kind: ApplyReport.Change.Kind,
        _ name: String,
        row: Int64,
        _ action: ApplyReport.Change.Action,
        fields: [String] = []
    ) throws {
        changes.append(.init(kind: kind, name: name, action: action, fields: fields))
        let list = fields.map { "\"\($0)\"" }.joined(separator: ",")
        let json =
            "{\"act\":\"apply\",\"kind\":\"\(kind.rawValue)\",\"row\":\(row),\"action\":\"\(action.rawValue)\",\"fields\":[\(list)],\"at\":\"\(now)\"}"
        try AuditLeaves.append(act: json, now: now, connection)
        try connection.execute(
            "INSERT INTO change_feed (kind, row_id, created_at) VALUES (?, ?, ?)",
            .text(kind.rawValue),
            .integer(row),
            SQLValue(now)
        )
    }

    func id(_ table: String, _ column: String, _ name: String) throws -> Int64? {
        try connection.query("SELECT id FROM \(table) WHERE \(column) = ?", .text(name)) { $0.int64(0) }.first
    }

    /// Sets one column where it differs. - Returns: true if it did.
    func set(_ table: String, _ column: String, to value: SQLValue, row: Int64) throws -> Bool {
        try connection.execute(
            "UPDATE \(table) SET \(column) = ?, updated_at = ? WHERE id = ? AND \(column) IS NOT ?",
            value,
            SQLValue(now),
            .integer(row),
            value
        ) == 1
    }
}
