import Domain

/// A quota's members, as they are written.
enum QuotaFields {
    static let user = Field<UserID>.id("user", "Whose money it is.")

    static let group = Field<ModelGroupID>.id("model_group", "What it may be spent on.")

    static let name = Field<String>.title("name", "Unique among the user's quotas; the model group's if not said.")

    static let total = amount(
        "total_quota",
        "What the current period comes to; a change is a top-up or a reduction by the difference."
    )

    static let expiresAt = Field<Instant>.instant("expires_at", "When it ends; null: never.").nullable()

    static let isActive = Field<Bool>.flag(
        "is_active",
        "False takes what is available and stops new calls; running ones end. True gives nothing back."
    )

    static let renewal = Field<RenewalPeriod>
        .choice("renewal", "A new period at each local midnight, Monday or first of the month; null: never.")
        .nullable()

    static let timeZone = Field<String>.text("renewal_time_zone", "By its clock: Asia/Shanghai.", 1...64)

    static let renewalAmount = amount(
        "renewal_amount",
        "What each new period comes to; as the current one if not said."
    )

    /// Above zero.
    static let amount = amount("amount", "Above zero.", least: Money(picoDollars: 1))

    /// An amount that the ledger can hold; the pattern says just what is read.
    static func amount(_ name: String, _ note: String, least: Money = .zero) -> Field<Money> {
        let money = Field<Money>.money(name, note, least...Balance.largest)
        let isPositive = least > .zero ? "(?=.*[1-9])" : ""
        let pattern = #"^\#(isPositive)(9000000(\.0{1,12})?|[0-8]?[0-9]{1,6}(\.[0-9]{1,12})?)$"#
        return Field(name, note, .text(1...22, pattern: pattern), read: money.read)
    }

    static let warningPercents = Field<[Int64]>
        .list(
            "warning_percents",
            "Of its total, when its use is warned of; null: as alert-rules say.",
            of: .integer("", "", AlertRules.percents),
            most: AlertRules.mostSteps
        )
        .nullable()

    static let reason = Field<String>.title("reason", "Why; kept with the ledger's entries.", most: 500)

    static let call = Field<CallID>.callID("request_id", "The call that was charged.")
}
