package import Domain

/// Deliveries in the database.
package struct AlertOutboxStore: AlertOutbox {
    /// Longer than any attempt takes.
    private static let claimMicroseconds: Int64 = 60 * 1_000_000
    private static let keptMicroseconds: Int64 = 90 * 86_400 * 1_000_000

    private static let selectDue =
        "SELECT c.id FROM alert_channels c WHERE c.is_active = 1 AND EXISTS (SELECT 1 FROM alert_deliveries d WHERE d.state = 0 AND d.channel_id = c.id AND d.next_attempt_at <= ?) ORDER BY c.id"
    static let selectNext =
        "SELECT d.id, d.alert_id, d.user_id FROM alert_deliveries d WHERE d.state = 0 AND d.channel_id = ? AND d.next_attempt_at <= ? ORDER BY d.next_attempt_at, d.id LIMIT 1"
    private static let claim =
        "UPDATE alert_deliveries SET attempts = attempts + 1, is_claimed = 1, next_attempt_at = ? WHERE id = ? AND state = 0"
    private static let selectAttempts =
        "SELECT attempts, created_at FROM alert_deliveries WHERE id = ? AND state = 0"
    private static let retry =
        "UPDATE alert_deliveries SET is_claimed = 0, next_attempt_at = ?, problem = ? WHERE id = ? AND state = 0"
    private static let end =
        "UPDATE alert_deliveries SET is_claimed = 0, state = ?, problem = ?, finished_at = ? WHERE id = ? AND state = 0"
    private static let release =
        "UPDATE alert_deliveries SET is_claimed = 0, next_attempt_at = ? WHERE state = 0 AND is_claimed = 1"
    /// Of channels that are not active any more: others end with their last attempt.
    private static let giveUp =
        "UPDATE alert_deliveries SET state = 2, is_claimed = 0, finished_at = ? WHERE id IN (SELECT id FROM alert_deliveries WHERE state = 0 AND created_at < ? ORDER BY id LIMIT 500)"
    private static let prune =
        "DELETE FROM alert_deliveries WHERE id IN (SELECT id FROM alert_deliveries WHERE state <> 0 AND finished_at < ? ORDER BY id LIMIT 500)"

    private let desk: ControlDesk
    private let vault: Vault

    package init(desk: ControlDesk, vault: Vault) {
        self.desk = desk
        self.vault = vault
    }

    package func dueChannels() async throws(DeskError) -> [AlertChannelID] {
        try await desk.read { [clock = desk.clock] connection in
            try connection.query(Self.selectDue, SQLValue(try LedgerTime.now(clock, connection))) { $0.id(0) }
        }
    }

    package func claim(_ channel: AlertChannelID) async throws(DeskError) -> AlertDelivery? {
        try await desk.write { [vault] act in
            // What cannot be sent whatever happens is ended here; the bound keeps the transaction short.
            for _ in 0..<20 {
                let next = try act.connection.query(Self.selectNext, SQLValue(channel), SQLValue(act.now)) { row in
                    (id: row.id(0, AlertDeliveryID.self), alert: row.id(1, AlertID.self), user: row.int64(2))
                }
                guard let next = next.first, let target = try AlertChannelRows.find(channel, vault, act.connection)
                else { return nil }
                guard let alert = try AlertRows.find(next.alert, act.connection) else {
                    throw StorageError.unusable("delivery \(next.id) is of no alert")
                }
                let recipient =
                    next.user == 0 ? nil : try AlertPreferenceRows.address(of: UserID(next.user), act.connection)
                if next.user != 0, recipient == nil {
                    try Self.end(next.id, .failed, .noRecipient, act)
                    continue
                }
                try act.connection.execute(
                    Self.claim,
                    .integer(act.now.microseconds + Self.claimMicroseconds),
                    SQLValue(next.id)
                )
                return AlertDelivery(id: next.id, alert: alert, target: target, recipient: recipient)
            }
            return nil
        }
    }

    package func finish(
        _ id: AlertDeliveryID,
        problem: DeliveryProblem?,
        random: UInt64
    ) async throws(DeskError) {
        try await desk.write { act in
            guard let problem else { return try Self.end(id, .delivered, nil, act) }
            let found = try act.connection.query(Self.selectAttempts, SQLValue(id)) {
                (attempts: $0.int64(0), createdAt: $0.instant(1))
            }
            guard let found = found.first else { return }
            let next = DeliveryRetry.next(
                attempts: found.attempts,
                createdAt: found.createdAt,
                now: act.now,
                random: random
            )
            guard let next else { return try Self.end(id, .failed, problem, act) }
            try act.connection.execute(Self.retry, SQLValue(next), .text(problem.rawValue), SQLValue(id))
        }
    }

    package func releaseClaims() async throws(DeskError) {
        try await desk.write { act in
            try act.connection.execute(Self.release, SQLValue(act.now))
            return
        }
    }

    /// Ends what no channel took in its time, and forgets what ended long ago, some at a time.
    package func prune() async throws(DeskError) {
        try await desk.write { act in
            try act.connection.execute(
                Self.giveUp,
                SQLValue(act.now),
                .integer(act.now.microseconds - DeliveryRetry.givesUpMicroseconds - Self.claimMicroseconds)
            )
            try act.connection.execute(Self.prune, .integer(act.now.microseconds - Self.keptMicroseconds))
            return
        }
    }

    private static func end(
        _ id: AlertDeliveryID,
        _ state: DeliveryRecord.State,
        _ problem: DeliveryProblem?,
        _ act: ActTransaction
    ) throws {
        try act.connection.execute(
            end,
            .integer(state.rawValue),
            SQLValue(problem?.rawValue),
            SQLValue(act.now),
            SQLValue(id)
        )
    }
}
