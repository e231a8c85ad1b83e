/// A user's e-mail address as it is kept; one rule for the API, `apply` and commands.
package enum EmailAddress {
    package static let mostCharacters = 254

    /// How an address is looked for: without white space around it, in small letters.
    package static func normalise(_ text: String) -> String {
        text.trimmed.lowercased()
    }

    /// One `@` between two parts of visible ASCII, at most ``mostCharacters``. Stricter rules refuse addresses that work;
    /// other letters would let one address look like another.
    /// - Returns: it as it is kept; nil for what is none.
    package static func parse(_ text: String) -> String? {
        let email = normalise(text)
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, email.utf8.count <= mostCharacters,
            email.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !#""(),:;<>[\]"#.utf8.contains($0) })
        else { return nil }
        return email
    }
}
