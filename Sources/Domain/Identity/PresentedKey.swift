/// Our key among a request's fields: `Authorization: Bearer`, else `x-api-key`, else `api-key`; of each the first that
/// holds one, whatever other schemes stand beside it.
///
/// Both planes decide by it: a request that is one user's to one of them is never another's to the other.
package struct PresentedKey: Sendable {
    private var bearer: Substring?
    private var xAPIKey: Substring?
    private var apiKey: Substring?

    package init() {}

    package mutating func read(authorization value: String) {
        if bearer == nil { bearer = Self.bearer(in: value) }
    }

    package mutating func read(xAPIKey value: String) {
        if xAPIKey == nil, !value.isEmpty { xAPIKey = value[...] }
    }

    package mutating func read(apiKey value: String) {
        if apiKey == nil, !value.isEmpty { apiKey = value[...] }
    }

    /// The key without its scheme; nil where there is none.
    package var key: Substring? { bearer ?? xAPIKey ?? apiKey }

    /// The scheme in any case, then any number of spaces (RFC 9110, 11.4).
    private static func bearer(in value: String) -> Substring? {
        let bytes = value.utf8
        guard bytes.count > 7 else { return nil }
        var index = bytes.startIndex
        for letter in "bearer".utf8 {
            if bytes[index] | 0x20 != letter { return nil }
            bytes.formIndex(after: &index)
        }
        guard bytes[index] == UInt8(ascii: " ") else { return nil }
        let key = bytes[index...].drop { $0 == UInt8(ascii: " ") }
        return key.isEmpty ? nil : Substring(key)
    }
}
