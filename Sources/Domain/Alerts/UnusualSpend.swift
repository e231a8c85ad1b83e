/// Whether a user's last hour is far above what the user's hours were before.
///
/// It is measured against the second dearest hour of the past week: one dear hour does not make the next one usual, and
/// what comes every day is known. Small sums and users with little past never alarm.
package enum UnusualSpend {
    /// Hours in which something was spent; with fewer there is nothing to compare with.
    package static let leastHours = 12

    /// - Parameters:
    ///   - past: the hours before, one after the other, those without spending too.
    ///   - day: the number of the day; a user is warned of once a day.
    package static func alert(
        of user: UserID,
        hour: Money,
        past: [Money],
        rules: AlertRules,
        day: Int64
    ) -> Alert? {
        guard hour >= rules.unusualSpendFloor else { return nil }
        let spent = past.filter { $0 > .zero }.sorted()
        guard spent.count >= leastHours else { return nil }
        let usual = spent[spent.count - 2]
        guard Int128(hour.picoDollars) > Int128(usual.picoDollars) * Int128(rules.unusualSpendFactor) else {
            return nil
        }
        var alert = Alert(kind: .unusualSpend, severity: .warning, subject: user.rawValue, period: day)
        alert.userID = user
        alert.amount = hour
        alert.total = usual
        return alert
    }
}
