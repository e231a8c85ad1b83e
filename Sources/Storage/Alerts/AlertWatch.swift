package import Domain

/// Looks for what people are to be warned of, every few seconds, from balances and roll-ups; nothing of it is on a call's
/// path, and no table that calls write has an index for it.
///
/// A look reads the quotas of users for whom something was booked since the last one, those that were changed, and the next
/// thousand of all: so what was booked late, or while nobody looked, is found too. What is remembered only saves work;
/// whether something is new the database says (``AlertRows``).
package actor AlertWatch {
    /// Users of one look; the others are next.
    private static let mostUsers = 5_000
    private static let usersAtOnce = 250
    private static let raisedAtOnce = 20

    private let desk: ControlDesk
    /// Why the audit log is signed no more.
    private let auditHalt: @Sendable () -> String?

    /// What was booked for each user in the last two quarters of an hour, as a number that any booking changes.
    private var booked: [UserID: Int64] = [:]
    /// The last user that was looked at: where there are more than a look takes, those after it are next.
    private var lookedThrough = UserID(0)
    /// How far the change feed was read; nil before the first look.
    private var feedRead: Int64?
    private var sweptThrough = GrantID(0)
    private var providers = ProviderWatch()

    package init(desk: ControlDesk, auditHalt: @escaping @Sendable () -> String?) {
        self.desk = desk
        self.auditHalt = auditHalt
    }

    /// One look. After a failure the next one finds the same.
    package func run() async throws(DeskError) {
        let rules = try await desk.read { try AlertRulesRows.read($0) }
        try await lookAtUsers(rules)
        try await lookAtChanges(rules)
        try await lookAtProviders(rules)
    }

    private func lookAtUsers(_ rules: AlertRules) async throws(DeskError) {
        let clock = desk.clock
        let found = try await desk.read { try WatchRows.booked(since: WatchRows.quarterBefore(clock()), $0) }
        let sorted = found.filter { booked[$0.key] != $0.value }.keys.sorted()
        let ahead = sorted.filter { $0 > lookedThrough }
        let changed = (ahead + sorted.prefix(sorted.count - ahead.count)).prefix(Self.mostUsers)
        booked = booked.filter { found[$0.key] != nil }
        for start in stride(from: 0, to: changed.count, by: Self.usersAtOnce) {
            let users = Array(changed.dropFirst(start).prefix(Self.usersAtOnce))
            let alerts = try await desk.read { connection in
                let now = clock()
                return try users.flatMap { user in
                    try WatchRows.grants(of: user, at: now, connection)
                        .flatMap { try $0.alerts(rules, now: now, connection) }
                        + SpendRows.alerts(of: user, rules: rules, now: now, connection)
                }
            }
            try await raise(alerts)
            for user in users {
                booked[user] = found[user]
                lookedThrough = user
            }
        }
    }

    /// Quotas that somebody changed, and the next of all of them; the first look reads all.
    private func lookAtChanges(_ rules: AlertRules) async throws(DeskError) {
        let (clock, isFirst) = (desk.clock, feedRead == nil)
        let changes = try await desk.read { [feedRead] in try WatchRows.changedQuotas(after: feedRead, $0) }
        let alerts = try await desk.read { connection in
            let now = clock()
            return try changes.quotas.flatMap { try WatchRows.grants(ofQuota: $0, connection) }
                .flatMap { try $0.alerts(rules, now: now, connection) }
        }
        try await raise(alerts)
        repeat {
            let swept = try await desk.read { [sweptThrough] connection in
                let now = clock()
                let step = try WatchRows.sweep(after: sweptThrough, connection)
                return (try step.grants.flatMap { try $0.alerts(rules, now: now, connection) }, step.next)
            }
            try await raise(swept.0)
            sweptThrough = swept.1
        } while isFirst && sweptThrough > GrantID(0)
        feedRead = changes.read
    }

    private func lookAtProviders(_ rules: AlertRules) async throws(DeskError) {
        let (clock, halt) = (desk.clock, auditHalt())
        let (looked, alerts) = try await desk.read { [providers] connection in
            var looked = providers
            let now = clock()
            let alerts =
                try looked.alerts(rules, now: now, connection)
                + SystemRows.alerts(auditHalt: halt, now: now, connection)
            return (looked, try alerts.filter { try !AlertRows.isRaised($0, connection) })
        }
        providers = looked
        try await raise(alerts)
    }

    private func raise(_ alerts: [Alert]) async throws(DeskError) {
        for start in stride(from: 0, to: alerts.count, by: Self.raisedAtOnce) {
            let some = Array(alerts.dropFirst(start).prefix(Self.raisedAtOnce))
            try await desk.write { act in
                try AlertRaising(act).raise(some)
                return
            }
        }
    }
}
