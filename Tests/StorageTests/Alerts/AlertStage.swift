import Domain
import Testing

@testable import Storage

/// A quota of 100 with a running journal, what watches over it, and the deliveries that come of it.
final class AlertStage: Sendable {
    static let root = Actor.command("test")

    let stage: QuotaStage
    let vault = Vault(master: .random())
    let channels: AlertChannelStore
    let desk: AlertDeskStore
    let outbox: AlertOutboxStore

    init(grant: Int64 = 100) throws {
        stage = try QuotaStage(grant: grant)
        channels = AlertChannelStore(desk: stage.desk, vault: vault)
        desk = AlertDeskStore(desk: stage.desk)
        outbox = AlertOutboxStore(desk: stage.desk, vault: vault)
    }

    var database: any Database { stage.storage.database }

    /// One that remembers nothing of what was before, as after a restart.
    func watch(auditHalt: String? = nil) -> AlertWatch { AlertWatch(desk: stage.desk) { auditHalt } }

    @discardableResult
    func webhook(
        _ name: String = "hook",
        _ change: (inout AlertChannelChanges) -> Void = { _ in }
    ) async throws -> AlertChannelRecord {
        var changes = AlertChannelChanges()
        changes.url = WebhookURL(parsing: "https://receiver.example/hook?token=canary-\(name)-token")
        changes.secret = .set(Credential("whsec_canary-\(name)-secret"))
        change(&changes)
        return try await channels.create(
            NewAlertChannel(name: name, kind: .webhook, changes: changes),
            by: Self.root
        )
    }

    func mail(_ name: String, audience: AlertAudience) async throws -> AlertChannelRecord {
        var changes = AlertChannelChanges()
        changes.mailHost = "mail.example"
        changes.mailPort = 587
        changes.mailSecurity = .starttls
        changes.mailFrom = "audit@example.com"
        changes.mailRecipients = ["ops@example.com"]
        changes.audience = audience
        return try await channels.create(NewAlertChannel(name: name, kind: .email, changes: changes), by: Self.root)
    }

    /// `kind threshold round`, oldest first.
    func raised() async throws -> [String] {
        try await desk.alerts(AlertQuery()).items.reversed().map {
            "\($0.alert.kind.rawValue) \($0.alert.threshold) \($0.alert.round)"
        }
    }

    func deliveries() throws -> Int64 { try number("SELECT COUNT(*) FROM alert_deliveries") }

    func number(_ sql: String) throws -> Int64 {
        try database.read { try $0.query(sql) { $0.int64(0) }.first } ?? 0
    }

    func run(_ statements: String...) throws {
        try database.write { connection in
            for statement in statements { try connection.execute(statement) }
        }
    }

    /// What was booked in a quarter of an hour from the clock's beginning on.
    func book(
        _ dimension: UsageDimension,
        _ id: Int64,
        quarter: Int64 = 0,
        requests: Int64 = 1,
        errors: Int64 = 0,
        charge: Int64 = 0,
        excess: Int64 = 0
    ) throws {
        try database.write { connection in
            try connection.execute(
                "INSERT INTO usage_rollups (bucket, dimension, dimension_id, replica_id, requests, errors, charge, excess) VALUES (?, ?, ?, 77, ?, ?, ?, ?) ON CONFLICT (bucket, dimension, dimension_id, replica_id) DO UPDATE SET requests = usage_rollups.requests + excluded.requests, errors = usage_rollups.errors + excluded.errors, charge = usage_rollups.charge + excluded.charge, excess = usage_rollups.excess + excluded.excess",
                .integer(quarter * RollupPlan.quarterMicroseconds),
                .integer(dimension.rawValue),
                .integer(id),
                .integer(requests),
                .integer(errors),
                .integer(charge),
                .integer(excess)
            )
        }
    }
}
