import Storage

/// A difference for programs.
struct DifferenceJSON: Encodable {
    let subject: String
    let stored: String
    let derived: String
}

/// How `ledger verify` and `audit verify` tell what they found.
extension VerifyReport {
    var differenceLines: [String] {
        differences.map { "DIFFERENCE \($0.subject): stored \($0.stored), derived \($0.derived)" }
    }

    func verdict(ifProven words: String) -> String {
        isProven ? "proven: \(words)" : "NOT proven: \(differences.count)\(isCut ? " and more" : "") differences"
    }

    var differencesJSON: [DifferenceJSON] {
        differences.map { DifferenceJSON(subject: $0.subject, stored: $0.stored, derived: $0.derived) }
    }
}
