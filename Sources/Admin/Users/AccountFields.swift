import Domain

/// How a user's members are read.
extension Form {
    static let largestName = 100

    /// As it is kept.
    mutating func email(isRequired: Bool) -> String? {
        text("email", isRequired: isRequired) { text in
            if EmailAddress.normalise(text).utf8.count > EmailAddress.mostCharacters {
                return "At most \(EmailAddress.mostCharacters) characters."
            }
            return EmailAddress.parse(text) == nil ? "Not an email address." : nil
        }.map(EmailAddress.normalise)
    }

    mutating func name(isRequired: Bool) -> String? {
        text("name", isRequired: isRequired) { text in
            let name = text.trimmed
            if name.isEmpty { return "This field may not be blank." }
            if name.unicodeScalars.count > Self.largestName { return "At most \(Self.largestName) characters." }
            let hasControl = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
            return hasControl ? "Control characters are not allowed." : nil
        }.map(\.trimmed)
    }

    /// A password to be set.
    mutating func newPassword() -> String? {
        text("password", isRequired: false) { text in
            PasswordRule.problem(of: text).map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }
        }
    }

    /// A password to be checked: of any length that could have been set.
    mutating func givenPassword(_ name: String, isRequired: Bool) -> String? {
        text(name, isRequired: isRequired) { text in
            // Earlier ones may have come from a file with rules of its own.
            text.utf8.count > 4_096 ? "Too long." : nil
        }
    }

    /// `role`, or its alias `is_super_admin`: true makes a super admin, false a user out of one and changes nobody else.
    /// - Parameter current: the role that is to change; nil for a new user.
    mutating func role(of current: Role?) -> Role? {
        let isSuperAdmin = flag("is_super_admin", isRequired: false)
        if has("role") {
            guard let text = text("role", isRequired: true) else { return nil }
            guard let role = Role(rawValue: text) else {
                refuse("role", "One of \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
                return nil
            }
            if let isSuperAdmin, isSuperAdmin != (role == .superAdmin) {
                refuse("is_super_admin", "Contradicts role.")
                return nil
            }
            return role
        }
        guard let isSuperAdmin else { return nil }
        if isSuperAdmin { return .superAdmin }
        return current == .superAdmin ? .user : current
    }
}
