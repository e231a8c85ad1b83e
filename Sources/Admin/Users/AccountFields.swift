import Domain

/// A user's members, as they are written.
enum AccountFields {
    /// As it is kept.
    static let email = Field<String>
        .text(
            "email",
            "Signs in with it; unique, in small letters.",
            3...EmailAddress.mostCharacters,
            pattern: #"^[!#-'*+\-./0-9=?A-Z^-~]+@[!#-'*+\-./0-9=?A-Z^-~]+$"#
        )
        .checked { EmailAddress.parse($0) == nil ? "Not an email address." : nil }
        .mapped(EmailAddress.normalise)

    static let name = Field<String>.title("name")

    static let role = Field<Role>.choice("role")

    static let isSuperAdmin = Field<Bool>.flag("is_super_admin", "An alias of role: true is super_admin.")

    static let isActive = Field<Bool>.flag("is_active")

    /// A password to be set.
    static let password = Field<String>
        .text(
            "password",
            "At least \(PasswordRule.leastCharacters) characters, at most \(PasswordRule.mostBytes) bytes.",
            PasswordRule.leastCharacters...PasswordRule.mostBytes,
            pattern: #"^[^\u0000-\u001f\u007f]*$"#
        )
        .checked { text in
            if text.utf8.count > PasswordRule.mostBytes { return "At most \(PasswordRule.mostBytes) bytes." }
            return PasswordRule.problem(of: text) == nil ? nil : "Control characters are not allowed."
        }

    /// A password to be checked: of any length that could have been set.
    static func givenPassword(_ name: String) -> Field<String> {
        // Earlier ones may have come from a file with rules of its own.
        .text(name, "", 0...1_024)
    }
}

extension Form {
    /// `role`, or its alias `is_super_admin`: true makes a super admin, false a user out of one and changes nobody else.
    /// - Parameter current: the role that is to change; nil for a new user.
    mutating func role(of current: Role?) -> Role? {
        let isSuperAdmin = value(AccountFields.isSuperAdmin)
        if has("role") {
            guard let role = value(AccountFields.role) else { return nil }
            if let isSuperAdmin, isSuperAdmin != (role == .superAdmin) {
                contradict("is_super_admin", "Contradicts role.")
                return nil
            }
            return role
        }
        guard let isSuperAdmin else { return nil }
        if isSuperAdmin { return .superAdmin }
        return current == .superAdmin ? .user : current
    }
}
