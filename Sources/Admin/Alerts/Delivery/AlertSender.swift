import AsyncHTTPClient
package import Domain
import NIOCore
import NIOHTTP1

/// Takes an alert to where a channel leads. Every attempt ends within some ten seconds, and says in words of our own why it
/// failed.
package struct AlertSender: Sendable {
    private let client: PinnedClient
    private let mail: MailSender

    package init(client: PinnedClient) {
        self.client = client
        mail = MailSender(client: client)
    }

    var allowsPrivate: Bool { client.allowsPrivate }

    /// - Returns: nil: it has arrived.
    func send(_ delivery: AlertDelivery, now: Instant) async -> DeliveryProblem? {
        await send(
            delivery.alert,
            to: delivery.target,
            recipient: delivery.recipient,
            id: "tokenaudit-delivery-\(delivery.id)",
            now: now
        )
    }

    /// Says that it is a test.
    func test(_ target: AlertTarget, at now: Instant) async -> DeliveryProblem? {
        var alert = Alert(kind: .test, severity: .info, subject: target.channel.id.rawValue, period: 0)
        alert.name = target.channel.name
        let record = AlertRecord(
            id: AlertID(0),
            alert: alert,
            userEmail: nil,
            raisedAt: now,
            acknowledgement: nil
        )
        let recipient = target.channel.audience == .owners ? target.channel.mail?.from : nil
        let id = "tokenaudit-test-\(target.channel.id)-\(now.microseconds)"
        return await send(record, to: target, recipient: recipient, id: id, now: now)
    }

    private func send(
        _ record: AlertRecord,
        to target: AlertTarget,
        recipient: String?,
        id: String,
        now: Instant
    ) async -> DeliveryProblem? {
        if target.channel.secret == .undecryptable { return .undecryptable }
        guard target.channel.kind == .email else { return await post(record, to: target, id: id, now: now) }
        guard let route = target.channel.mail else { return .noRecipient }
        let message = MailMessage(
            AlertText(record, in: target.channel.language.spoken),
            from: route.from,
            to: recipient.map { [$0] } ?? route.recipients,
            id: id,
            now: now
        )
        return await mail.send(message, by: route, password: target.secret)
    }

    private func post(
        _ record: AlertRecord,
        to target: AlertTarget,
        id: String,
        now: Instant
    ) async -> DeliveryProblem? {
        do throws(DeliveryProblem) {
            let post = try AlertPost(record, to: target, id: id, now: now)
            guard let origin = target.url?.origin else { return .refused }
            var request = HTTPClientRequest(url: post.url)
            request.method = .POST
            request.headers = ["accept-encoding": "identity", "user-agent": "tokenaudit"]
            for header in post.headers { request.headers.add(name: header.name, value: header.value) }
            request.body = .bytes(ByteBuffer(string: post.body))
            return try await answer(to: request, at: origin, of: target.channel.kind)
        } catch {
            return error
        }
    }

    private func answer(
        to request: HTTPClientRequest,
        at origin: BaseURL,
        of kind: AlertChannelKind
    ) async throws(DeliveryProblem) -> DeliveryProblem? {
        do {
            return try await client.ask(request, at: origin) { response in
                let body = try await response.body.collect(upTo: AlertPost.mostAnswerBytes)
                return AlertPost.problem(
                    status: Int(response.status.code),
                    body: Array(body.readableBytesView),
                    of: kind
                )
            }
        } catch {
            throw DeliveryProblem(error)
        }
    }
}

extension DeliveryProblem {
    init(_ problem: PinnedClient.Problem) {
        switch problem {
        case .forbiddenAddress: self = .forbiddenAddress
        case .unknownHost: self = .unknownHost
        case .unreachable: self = .unreachable
        case .timedOut: self = .timedOut
        case .tooLarge: self = .refused
        }
    }
}
