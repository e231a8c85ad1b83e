import Crypto
import Domain
import HTTPTypes
import Hummingbird

/// What a client calls a request that it may send again.
enum IdempotencyKey {
    static let longest = 200
    static let shape = Shape.text(1...longest, pattern: "^[!-~]+$")
    static let field = HTTPField.Name("Idempotency-Key")!
}

extension Form {
    /// What has the request done once, however often it comes; nil where its sender gave it no key.
    mutating func once<Made>(
        _ request: Request,
        answer: @escaping @Sendable (Made) -> KeptAnswer
    ) -> Repeatable<Made>? {
        let keys = request.headers[values: IdempotencyKey.field]
        guard let key = keys.first else { return nil }
        let isKey =
            (1...IdempotencyKey.longest).contains(key.utf8.count) && key.utf8.allSatisfy { (33...126).contains($0) }
        guard keys.count == 1, isKey else {
            refuse("Idempotency-Key", "Must be 1 to \(IdempotencyKey.longest) visible characters of ASCII.")
            return nil
        }
        let place = request.uri.path.split(separator: "/").joined(separator: "/")
        let asked = "\(request.method) \(place)\n\(text)"
        return Repeatable(key: key, fingerprint: Array(SHA256.hash(data: Array(asked.utf8)))) { answer($0).bytes }
    }
}
