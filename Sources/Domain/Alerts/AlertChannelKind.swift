/// What a channel speaks.
package enum AlertChannelKind: String, CaseIterable, Sendable {
    case webhook, feishu, dingtalk, wecom, slack, email
}

/// Whom a channel tells.
package enum AlertAudience: String, CaseIterable, Sendable {
    /// The channel's own recipients, of everything.
    case operators
    /// Each user of the own quotas, by mail.
    case owners
}

/// What a channel's alerts are written in.
package enum AlertLanguage: String, CaseIterable, Sendable {
    case english = "en"
    case chinese = "zh-CN"
}
