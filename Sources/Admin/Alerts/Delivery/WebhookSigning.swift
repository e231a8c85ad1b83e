import Crypto
import Domain
import Foundation

/// Signatures as receivers of each kind check them.
struct WebhookSigning {
    private static let prefix = "whsec_"
    private static let lengths = 24...64

    private let key: SymmetricKey

    /// Standard Webhooks' form: `whsec_` and random bytes in base64.
    /// - Returns: nil for another one, and for bytes that are all the same.
    init?(secret: String) {
        guard secret.hasPrefix(Self.prefix),
            let bytes = Data(base64Encoded: String(secret.dropFirst(Self.prefix.count))),
            Self.lengths.contains(bytes.count), Set(bytes).count > 8
        else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// `v1,` and the HMAC-SHA256 of id, time and body, which are joined by points.
    func signature(id: String, seconds: Int64, body: String) -> String {
        "v1," + Self.hmac("\(id).\(seconds).\(body)", key: key)
    }

    /// Feishu's: time and secret are the key, and nothing is signed.
    static func feishu(secret: String, seconds: Int64) -> String {
        hmac("", key: SymmetricKey(data: Array("\(seconds)\n\(secret)".utf8)))
    }

    /// DingTalk's.
    static func dingtalk(secret: String, milliseconds: Int64) -> String {
        hmac("\(milliseconds)\n\(secret)", key: SymmetricKey(data: Array(secret.utf8)))
    }

    private static func hmac(_ text: String, key: SymmetricKey) -> String {
        Data(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)).base64EncodedString()
    }
}
