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
                    var transaction = ApplyTransaction(try ActTransaction(connection, clock: now))
                    try body(&transaction)
                    return (transaction.changes, transaction.keys)
                }
            } catch StorageError.busy where attempt < Self.busyAttempts {
                attempt += 1
            }
        }
    }
}

/// One transaction's work, and what it has changed so far.
struct ApplyTransaction {
    static let actor = Actor.command("apply")

    let act: ActTransaction
    private(set) var changes: [ApplyReport.Change] = []
    var keys: [ApplyReport.IssuedKey] = []

    init(_ act: ActTransaction) { self.act = act }

    var connection: any SQLConnection { act.connection }
    var now: Instant { act.now }

    /// Notes a change: in the report, as an audit leaf, in the change feed.
    mutating func record(
        _ kind: ChangeKind,
        _ name: String,
        row: Int64,
        _ action: ChangeAction,
        fields: [String] = []
    ) throws {
        changes.append(.init(kind: kind, name: name, action: action, fields: fields))
        try act.record(kind, row: row, action, fields: fields, by: Self.actor)
    }

    func id(_ table: String, _ column: String, _ name: String) throws -> Int64? { try act.id(table, column, name) }

    func set(_ table: String, _ column: String, to value: SQLValue, row: Int64) throws -> Bool {
        try act.set(table, column, to: value, row: row)
    }
}
