/// One thing that people are told, with its figures. What it is about comes once: `kind`, `subject`, `threshold`, `period`
/// and `round` together are its name in the database, whoever finds it and however often.
package struct Alert: Hashable, Sendable {
    package let kind: AlertKind
    package let severity: AlertSeverity
    /// The row it is about: of a quota, a user, a provider; 0 for the whole.
    package let subject: Int64
    /// Percent of a quota or hours before its end; 0 where there is none.
    package var threshold: Int64 = 0
    /// A quota's period, a provider's incident, an hour, a day: what has its alerts apart from the one before.
    package let period: Int64
    /// Counts from 1 within a period: a quota that got more money or time is warned of anew.
    package var round: Int64 = 1
    /// Whose quota or spending it is.
    package var userID: UserID?
    /// What the subject was called when it was raised.
    package var name = ""
    /// Used, left, spent or lost, by its kind.
    package var amount: Money?
    /// What `amount` is measured against.
    package var total: Money?
    package var calls: Int64?
    package var failures: Int64?
    /// When the quota ends, or since when it is so.
    package var at: Instant?
    /// Channels get it; otherwise the history alone, beside a graver one that is told.
    package var isTold = true

    package init(kind: AlertKind, severity: AlertSeverity, subject: Int64, period: Int64) {
        self.kind = kind
        self.severity = severity
        self.subject = subject
        self.period = period
    }
}
