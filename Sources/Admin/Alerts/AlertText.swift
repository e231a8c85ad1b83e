import Domain

/// An alert in words: what people read in mails and chats, and beside its figures in the API.
struct AlertText: Hashable {
    let title: String
    /// At least one.
    let lines: [String]

    /// Title and lines, one below the other.
    var plain: String { ([title] + lines).joined(separator: "\n") }

    init(_ record: AlertRecord, in language: Language) {
        let (title, line) = Self.messages(
            record.alert,
            user: record.userEmail ?? record.alert.userID.map { "\($0)" } ?? ""
        )
        self.title = title.text(in: language)
        lines = [line.text(in: language)]
    }

    private static func messages(_ alert: Alert, user: String) -> (title: Message, line: Message) {
        let (amount, total) = (alert.amount ?? .zero, alert.total ?? .zero)
        let (calls, failures) = (alert.calls ?? 0, alert.failures ?? 0)
        let at = alert.at?.description ?? ""
        switch alert.kind {
        case .quotaThreshold:
            let title: Message = "\(alert.threshold)% used: quota \(alert.name) of \(user)."
            return (title, "Used $\(amount) of $\(total).")
        case .quotaExpiry:
            let title: Message = "Quota \(alert.name) of \(user) ends within \(alert.threshold) hours."
            return (title, "Left $\(amount) of $\(total), lost after \(at).")
        case .unusualSpend:
            let title: Message = "Unusual spending of \(user)."
            return (title, "Spent $\(amount) in an hour; the second dearest hour of the week before was $\(total).")
        case .providerFailing:
            let title: Message = "Provider \(alert.name) is failing."
            return (title, "Failed \(failures) of \(calls) calls since \(at).")
        case .providerRecovered:
            let title: Message = "Provider \(alert.name) works again."
            return (title, "Failed \(failures) of \(calls) calls of late; it had been failing since \(at).")
        case .providerLoss:
            let title: Message = "Provider \(alert.name) reported more than its calls were allowed."
            return (title, "Your loss is $\(amount) so far in the hour from \(at); no user pays it.")
        case .quarantine:
            return (
                "Bookings wait in quarantine.",
                "There are \(calls), the newest of \(at); their holds stay until someone decides."
            )
        case .auditHalted:
            return ("The audit log is not signed any more.", "The reason: \(alert.name).")
        case .heldBack:
            let line: Message = "After \(calls) alerts in an hour the others stand in the history only."
            return ("Too many alerts for this channel.", line)
        case .test:
            return ("This is a test of an alert channel.", "Channel \(alert.name) works.")
        }
    }
}

extension AlertLanguage {
    var spoken: Language {
        switch self {
        case .english: .english
        case .chinese: .chinese
        }
    }
}
