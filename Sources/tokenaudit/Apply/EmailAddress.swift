/// A user's e-mail address as it is kept.
enum EmailAddress {
    /// In small letters. Nil unless there is one `@` with something on each side, no space or control character, and at
    /// most 254 characters.
    static func normalise(_ text: String) -> String? {
        let email = text.lowercased()
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, email.unicodeScalars.count <= 254,
            email.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && !$0.properties.isWhitespace })
        else { return nil }
        return email
    }
}
