/// What a password must be like to be set; one rule for the API, `apply` and commands.
package enum PasswordRule {
    package static let leastCharacters = 12
    package static let mostBytes = 1_024

    /// What is wrong with one, for whoever chose it; nil where nothing is.
    package static func problem(of password: String) -> String? {
        if password.unicodeScalars.count < leastCharacters { return "must have at least \(leastCharacters) characters" }
        if password.utf8.count > mostBytes { return "must have at most \(mostBytes) bytes" }
        let hasControl = password.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        return hasControl ? "must not have control characters" : nil
    }
}
