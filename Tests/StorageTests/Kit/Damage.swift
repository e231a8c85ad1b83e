import Domain
import Testing

@testable import Storage

/// Something changed behind the books' back, and what a proof has to name.
struct Damage: Sendable, CustomTestStringConvertible {
    let statements: [String]
    let named: String

    init(_ statements: String..., named: String) {
        self.statements = statements
        self.named = named
    }

    /// In words that every engine knows.
    var isPlain: Bool {
        !statements.contains { text in ["x'", "zeroblob", "AS BLOB", "<<"].contains { text.contains($0) } }
    }

    var testDescription: String { statements.joined(separator: "; ") }

    /// The id of a call of ``Books``, as SQL writes it.
    static func id(_ number: UInt64) -> String {
        "x'" + Books.call(number).id.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
    }
}
