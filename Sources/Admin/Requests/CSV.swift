/// Comma-separated values (RFC 4180) that no spreadsheet takes for a formula.
enum CSV {
    enum Field: Hashable, Sendable {
        /// What we make ourselves: numbers, instants, names of ours.
        case plain(String)
        /// What somebody else wrote.
        case text(String)
    }

    static func line(_ fields: [Field]) -> String { fields.map(written).joined(separator: ",") + "\r\n" }

    private static func written(_ field: Field) -> String {
        switch field {
        case .plain(let text): return text
        case .text(let text):
            // A quote in front keeps it a text; quoting alone does not.
            let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
            let safe = isFormula ? "'" + text : text
            guard isFormula || text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else {
                return safe
            }
            return "\"" + safe.replacing("\"", with: "\"\"") + "\""
        }
    }
}
