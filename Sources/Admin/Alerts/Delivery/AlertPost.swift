import Domain

/// An alert as it is posted: what each kind of receiver takes, and how it says that it took it.
struct AlertPost {
    /// Of a chat's own answers; more is not looked at.
    static let mostAnswerBytes = 65_536

    let url: String
    let headers: [(name: String, value: String)]
    let body: String

    /// - Parameter id: the same at each attempt.
    init(_ record: AlertRecord, to target: AlertTarget, id: String, now: Instant) throws(DeliveryProblem) {
        guard let url = target.url else { throw target.channel.secret == .undecryptable ? .undecryptable : .refused }
        let language = target.channel.language.spoken
        let text = AlertText(record, in: language)
        let seconds = now.microseconds / 1_000_000
        var headers = [("content-type", "application/json")]
        var address = url.text
        switch target.channel.kind {
        case .webhook:
            guard let signing = target.secret.flatMap({ WebhookSigning(secret: $0.secret) }) else { throw .noSecret }
            body = JSONAnswer.text(WebhookEvent(record: record, language: language))
            headers += [
                ("webhook-id", id), ("webhook-timestamp", String(seconds)),
                ("webhook-signature", signing.signature(id: id, seconds: seconds, body: body)),
            ]
        case .feishu:
            var members: [String: JSONItem] = [
                "msg_type": .string("text"), "content": .object(["text": .string(text.plain)]),
            ]
            if let secret = target.secret {
                members["timestamp"] = .string(String(seconds))
                members["sign"] = .string(WebhookSigning.feishu(secret: secret.secret, seconds: seconds))
            }
            body = JSONItem.object(members).text
        case .dingtalk:
            body =
                JSONItem.object([
                    "msgtype": .string("markdown"),
                    "markdown": .object(["title": .string(text.title), "text": .string(Self.markdown(text))]),
                ]).text
            if let secret = target.secret {
                let milliseconds = now.microseconds / 1_000
                let sign = WebhookSigning.dingtalk(secret: secret.secret, milliseconds: milliseconds)
                address +=
                    "\(address.contains("?") ? "&" : "?")timestamp=\(milliseconds)&sign=\(FormText.encoded(sign))"
            }
        case .wecom:
            body =
                JSONItem.object([
                    "msgtype": .string("markdown"), "markdown": .object(["content": .string(Self.markdown(text))]),
                ]).text
        case .slack:
            // Slack's own escapes: names must not become links or mentions.
            let plain = text.plain.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(
                ">",
                with: "&gt;"
            )
            body = JSONItem.object(["text": .string(plain)]).text
        case .email: throw .refused
        }
        self.url = address
        self.headers = headers
    }

    /// Names come from people: what markup would make of them is taken away.
    private static func markdown(_ text: AlertText) -> String {
        func plain(_ line: String) -> String {
            var plain = ""
            for character in line {
                if #"\`*_[]()<>#!|~"#.contains(character) { plain += "\\" }
                plain.append(character)
            }
            return plain
        }
        return "**\(plain(text.title))**\n\n" + text.lines.map(plain).joined(separator: "\n\n")
    }

    /// What an answer means; chats say in its body what went wrong and answer 200.
    static func problem(status: Int, body: [UInt8], of kind: AlertChannelKind) -> DeliveryProblem? {
        switch status {
        case 200..<300: break
        case 300..<400: return .redirected
        case 401, 403: return .notAuthorized
        default: return .refused
        }
        let names: [String]
        switch kind {
        case .feishu: names = ["code", "StatusCode"]
        case .dingtalk, .wecom: names = ["errcode"]
        case .webhook, .slack, .email: return nil
        }
        guard case .object(let members)? = try? JSONReader.read(body) else { return .refused }
        let codes = names.compactMap { members[$0] }
        return !codes.isEmpty && codes.allSatisfy { $0 == .number("0") } ? nil : .refused
    }
}

/// The generic form, as Standard Webhooks have it: a type, a time and the data.
private struct WebhookEvent: Encodable {
    let record: AlertRecord
    let language: Language

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        try container.encode(record.alert.kind.rawValue, forKey: NameKey("type"))
        try container.encode(record.raisedAt.description, forKey: NameKey("timestamp"))
        try container.encode(AlertAnswer(record: record, language: language), forKey: NameKey("data"))
    }
}
