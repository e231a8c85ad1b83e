/// A channel with its secrets, as it is used.
package struct AlertTarget: Sendable {
    package let channel: AlertChannelRecord
    package let url: WebhookURL?
    /// What is signed with, or the password for mail.
    package let secret: Credential?

    package init(channel: AlertChannelRecord, url: WebhookURL?, secret: Credential?) {
        self.channel = channel
        self.url = url
        self.secret = secret
    }
}
