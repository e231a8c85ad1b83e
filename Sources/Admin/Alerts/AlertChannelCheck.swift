import Domain

/// What has to be true of a channel's members together.
enum AlertChannelCheck {
    /// What examples and careless hands use.
    private static let placeholders: Set<String> = [
        "changeme", "change-me", "default", "example", "password", "secret", "test", "webhook-secret", "your-secret",
    ]
    private static let leastSecretBytes = 8

    /// - Parameter stored: nil for a channel that is made.
    static func check(
        _ changes: AlertChannelChanges,
        of kind: AlertChannelKind,
        stored: AlertChannelRecord?,
        _ form: inout Form
    ) {
        if kind == .email {
            checkMail(changes, stored, &form)
        } else {
            checkPost(changes, isNew: stored == nil, &form)
        }
        if case .set(let secret) = changes.secret, let problem = problem(of: secret.secret, kind) {
            form.contradict("secret", problem)
        }
        if kind == .webhook, changes.secret == .clear || stored == nil && !form.has("secret") {
            form.contradict("secret", "A webhook needs a secret to be signed with.")
        }
    }

    private static func checkPost(_ changes: AlertChannelChanges, isNew: Bool, _ form: inout Form) {
        if isNew, !form.has("url") { form.contradict("url", "This field is required.") }
        if changes.audience == .owners { form.contradict("audience", "Owners are told by mail only.") }
        let mail = AlertChannelFields.changeable.map(\.name).filter { $0.hasPrefix("mail_") }
        for name in mail where form.has(name) { form.contradict(name, "Only of channels that send mail.") }
    }

    private static func checkMail(_ changes: AlertChannelChanges, _ stored: AlertChannelRecord?, _ form: inout Form) {
        if changes.url != nil { form.contradict("url", "Only of channels that post.") }
        if stored == nil {
            if !form.has("mail_host") { form.contradict("mail_host", "This field is required.") }
            if !form.has("mail_from") { form.contradict("mail_from", "This field is required.") }
        }
        let audience = changes.audience ?? stored?.audience ?? .operators
        let recipients = changes.mailRecipients ?? stored?.mail?.recipients ?? []
        if audience == .operators, recipients.isEmpty {
            form.contradict("mail_recipients", "A channel for operators needs somebody to tell.")
        }
        if case .some(.some(let pem)) = changes.mailAuthorities, !MailSender.areAuthorities(pem) {
            form.contradict("mail_authorities", "Must be certificates in PEM.")
        }
    }

    private static func problem(of secret: String, _ kind: AlertChannelKind) -> Message? {
        if placeholders.contains(secret.lowercased()) { return "This is a placeholder and no secret." }
        switch kind {
        case .webhook:
            return WebhookSigning(secret: secret) == nil
                ? "Must be whsec_ and 24 to 64 random bytes in base64." : nil
        case .feishu, .dingtalk:
            let isWeak = secret.utf8.count < leastSecretBytes || Set(secret.utf8).count < 4
            return isWeak ? "This is a placeholder and no secret." : nil
        case .wecom, .slack: return "This kind signs nothing: its URL is the secret."
        case .email: return nil
        }
    }
}
