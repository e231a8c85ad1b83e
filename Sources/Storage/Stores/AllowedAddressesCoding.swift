package import Domain

/// A key's `allowed_addresses`: a JSON array of ranges as ``AddressRange`` writes them, `["10.0.0.0/8","2001:db8::1"]`.
package enum AllowedAddressesCoding {
    package static func encode(_ ranges: [AddressRange]) -> String {
        "[" + ranges.map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }

    /// - Returns: nil for a text that is no such array. Ranges hold nothing that JSON would escape.
    package static func decode(_ text: String) -> [AddressRange]? {
        let text = text.trimmed
        guard text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count >= 2 else { return nil }
        let inside = String(text.dropFirst().dropLast()).trimmed
        if inside.isEmpty { return [] }
        var ranges: [AddressRange] = []
        for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
            let part = String(part).trimmed
            guard part.utf8.count > 2, part.hasPrefix("\""), part.hasSuffix("\""),
                let range = AddressRange(parsing: part.dropFirst().dropLast())
            else { return nil }
            ranges.append(range)
        }
        return ranges
    }
}
