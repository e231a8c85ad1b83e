/// What an `apply` did.
package struct ApplyReport: Sendable {
    package struct Change: Hashable, Sendable {
        package let kind: ChangeKind
        package let name: String
        package let action: ChangeAction
        /// What is new of an updated thing.
        package let fields: [String]
    }

    package struct IssuedKey: Sendable {
        package let email: String
        /// Shown once: nobody can show it again.
        package let key: APIKeyMaterial
    }

    package internal(set) var keys: [IssuedKey] = []
    package internal(set) var changes: [Change] = []
}

/// Why a file cannot be applied to this database; what stands before it in the file has been applied.
package struct ApplyProblem: Error, Hashable, Sendable {
    package let line: SourceLine
    package let reason: String
}
