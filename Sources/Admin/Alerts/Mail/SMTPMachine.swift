import Domain
import Foundation

/// One mail's way through SMTP (RFC 5321), as a state machine: a server's replies in, one action out.
struct SMTPMachine {
    enum Action: Hashable {
        /// A command, or the mail itself.
        case send(String)
        case startTLS
        /// The server has taken it.
        case done
        case fail(DeliveryProblem)
    }

    private enum State {
        case greeting, hello, startingTLS, plain, loginUser, loginPassword, from, recipient(Int), data, text
    }

    private let message: MailMessage
    private let route: MailRoute
    private let password: Credential?
    /// How we say who we are: an address in brackets.
    private let name: String
    private var state = State.greeting
    private var isSecure: Bool
    private var taken = 0

    init(_ message: MailMessage, by route: MailRoute, password: Credential?, name: String) {
        self.message = message
        self.route = route
        self.password = password
        self.name = name
        isSecure = route.security == .tls
    }

    mutating func receive(_ reply: SMTPReply) -> Action {
        switch (state, reply.code) {
        case (.greeting, 220): return hello()
        case (.hello, 250): return greeted(reply.lines)
        case (.startingTLS, 220):
            isSecure = true
            return .startTLS
        case (.plain, 235), (.loginPassword, 235): return begin()
        case (.loginUser, 334): return answer(route.username ?? "", then: .loginPassword)
        case (.loginPassword, 334): return answer(password?.secret ?? "", then: .loginPassword)
        case (.from, 250): return name(recipient: 0)
        case (.recipient(let index), let code):
            // One address that is none keeps nobody else from being told.
            if code == 250 || code == 251 { taken += 1 }
            return index + 1 < message.recipients.count ? name(recipient: index + 1) : afterRecipients()
        case (.data, 354):
            state = .text
            return .send(message.text + ".\r\n")
        case (.text, 250): return .done
        case (.startingTLS, _): return .fail(.insecure)
        case (.plain, _), (.loginUser, _), (.loginPassword, _): return .fail(.notAuthorized)
        default: return .fail(.refused)
        }
    }

    /// TLS stands now: what was said before it counts no more (RFC 3207 §4.2).
    mutating func secured() -> Action { hello() }

    private mutating func hello() -> Action {
        state = .hello
        return .send("EHLO \(name)\r\n")
    }

    private mutating func greeted(_ lines: [String]) -> Action {
        let offers = lines.map { $0.uppercased().split(separator: " ") }
        if route.security == .starttls, !isSecure {
            guard offers.contains(["STARTTLS"]) else { return .fail(.insecure) }
            state = .startingTLS
            return .send("STARTTLS\r\n")
        }
        guard let username = route.username else { return begin() }
        guard let password else { return .fail(.noSecret) }
        let ways = offers.first { $0.first == "AUTH" }?.dropFirst() ?? []
        if ways.contains("PLAIN") {
            state = .plain
            return .send("AUTH PLAIN \(Self.base64("\0\(username)\0\(password.secret)"))\r\n")
        }
        guard ways.contains("LOGIN") else { return .fail(.notAuthorized) }
        state = .loginUser
        return .send("AUTH LOGIN\r\n")
    }

    private mutating func begin() -> Action {
        if message.recipients.isEmpty { return .fail(.noRecipient) }
        state = .from
        return .send("MAIL FROM:<\(message.from)>\r\n")
    }

    private mutating func answer(_ text: String, then next: State) -> Action {
        state = next
        return .send(Self.base64(text) + "\r\n")
    }

    private mutating func name(recipient index: Int) -> Action {
        state = .recipient(index)
        return .send("RCPT TO:<\(message.recipients[index])>\r\n")
    }

    private mutating func afterRecipients() -> Action {
        guard taken > 0 else { return .fail(.refused) }
        state = .data
        return .send("DATA\r\n")
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
