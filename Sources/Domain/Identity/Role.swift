/// What somebody may do on the control plane. Stored by raw value; the API's `is_super_admin` is an alias of the first.
package enum Role: String, Hashable, Sendable, CaseIterable {
    /// Everything. The last one cannot be removed.
    case superAdmin = "super_admin"
    /// Everything but making or changing super admins.
    case admin
    /// Reads everything, changes nothing.
    case auditor
    /// Own keys, usage and bills.
    case user
}

/// Who does something: what the audit leaf of a change names.
package enum Actor: Hashable, Sendable {
    /// Somebody with a shell on the host: a command, by its name.
    case command(String)
    case user(UserID, Role)

    /// Whether it may make a user of this role, or change one: only who may do everything makes others such.
    package func mayChange(_ role: Role) -> Bool {
        switch self {
        case .command: true
        case .user(_, let own): own == .superAdmin || role != .superAdmin
        }
    }

    /// For entries and leaves: `user 7`, `tokenaudit apply`.
    package var description: String {
        switch self {
        case .command(let name): "tokenaudit \(name)"
        case .user(let id, _): "user \(id)"
        }
    }
}
