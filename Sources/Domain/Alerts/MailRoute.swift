/// How mail goes out.
package struct MailRoute: Hashable, Sendable {
    package enum Security: String, CaseIterable, Sendable {
        case starttls, tls
        /// Only to this host itself.
        case none
    }

    package var host: String
    package var port: Int
    package var security: Security
    /// Nil: nobody signs in.
    package var username: String?
    package var from: String
    package var recipients: [String]
    /// In PEM, what the server's certificate is checked against beside what the system trusts; nil: the system's alone.
    package var authorities: String?

    package init(
        host: String,
        port: Int,
        security: Security,
        username: String?,
        from: String,
        recipients: [String],
        authorities: String?
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.username = username
        self.from = from
        self.recipients = recipients
        self.authorities = authorities
    }
}
