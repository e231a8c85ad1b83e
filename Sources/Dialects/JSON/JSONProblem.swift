/// Why bytes were refused as JSON.
package struct JSONProblem: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case empty
        case truncated
        /// A byte that the grammar has no place for.
        case unexpectedByte
        case trailingBytes
        case byteOrderMark
        case badUTF8
        /// A raw control character in a string.
        case controlCharacter
        case badEscape
        /// U+0000, which no store of text can be trusted with.
        case nul
        case loneSurrogate
        case tooDeep
        case badNumber
        /// Too many digits, or beyond ±10³⁰⁸.
        case numberOutOfRange
        case duplicateName
        case tooManyMembers
        case tooLarge
        case notAnObject
        case notAnArray
    }

    package let kind: Kind
    /// From the start of the scanned bytes.
    package let offset: Int
    /// The duplicate name, or the outermost member that holds the problem; at most 64 bytes, safe to show.
    package let member: String?

    package init(kind: Kind, offset: Int, member: String? = nil) {
        self.kind = kind
        self.offset = offset
        self.member = member
    }

    /// The reason as the end of a sentence.
    package var reason: String {
        switch kind {
        case .empty: "it is empty"
        case .truncated: "it ends too early"
        case .unexpectedByte: "unexpected character"
        case .trailingBytes: "characters after the end of the value"
        case .byteOrderMark: "it begins with a byte order mark"
        case .badUTF8: "invalid UTF-8"
        case .controlCharacter: "unescaped control character in a string"
        case .badEscape: "invalid escape in a string"
        case .nul: "the character U+0000 is not accepted"
        case .loneSurrogate: "a surrogate without its pair"
        case .tooDeep: "nested deeper than \(JSONLimits.depth) levels"
        case .badNumber: "malformed number"
        case .numberOutOfRange: "number out of range"
        case .duplicateName: "a member is given twice"
        case .tooManyMembers: "more than \(JSONLimits.membersPerObject) members in one object"
        case .tooLarge: "it is too large"
        case .notAnObject: "it is not an object"
        case .notAnArray: "it is not an array"
        }
    }
}

/// What the scanner bears; each bounds work or memory that the sender chooses.
package enum JSONLimits {
    package static let depth = 128
    /// Duplicate detection is linear, but remembers every name of an open object.
    package static let membersPerObject = 10_000
    package static let digitsPerNumber = 400
}
