/// Where a channel's alerts are posted: what ``BaseURL`` takes, with whatever path and query, which often are the secret.
package struct WebhookURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package static let mostBytes = 1_000

    /// Scheme, host and port: what is checked and connected to.
    package let origin: BaseURL
    /// Path and query as they were given, at least `/`.
    package let target: String

    /// - Returns: nil for what is none, also with a fragment or a user.
    package init?(parsing text: String) {
        guard text.utf8.count <= Self.mostBytes,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !#"#"<>\^`{|}"#.utf8.contains($0) }),
            let scheme = text.firstRange(of: "://")
        else { return nil }
        let rest = text[scheme.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let origin = try? BaseURL(parsing: String(text[..<end])) else { return nil }
        self.origin = origin
        let target = String(rest[end...])
        self.target = target.hasPrefix("/") ? target : "/" + target
    }

    /// All of it; a secret.
    package var text: String { "\(origin)\(target)" }

    /// `https://hooks.example.com/••••wxyz`: nothing that could be used.
    package var description: String { "\(origin)/\(Credential(target).hint)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
