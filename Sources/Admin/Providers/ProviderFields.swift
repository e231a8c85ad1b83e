import Domain

/// A provider's members, as they are written.
enum ProviderFields {
    private static let largestURL = 200

    static let name = Field<String>.title("name", "Unique.", most: 200)
    static let dialect = Field<DialectName>.choice("dialect", "The wire format it speaks.")

    static let baseURL = Field<BaseURL>(
        "base_url",
        "http or https, host, port and path, such as https://api.openai.com/v1. Another one clears the stored api_key.",
        .text(
            8...largestURL,
            pattern: #"^https?://[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_~-]+)*$"#
        )
    ) { item in
        guard case .string(let text) = item else { return .wrong("Must be a text.") }
        guard text.unicodeScalars.count <= largestURL, let url = try? BaseURL(parsing: text) else {
            return .wrong("Must be http or https, host, port and path, such as https://api.openai.com/v1.")
        }
        return .value(url)
    }

    /// Kept sealed, never shown again.
    static let apiKey = Field<String>
        .word("api_key", "Its key for us, kept sealed. Null: it asks for none.", 1...1_000)
        .mapped { Credential($0) }
        .nullable()

    static let isActive = Field<Bool>.flag("is_active")
}

extension AddressPolicy {
    /// - Throws: 422 for what no provider may have, or not with these settings.
    static func check(_ url: BaseURL, allowsPrivate: Bool) throws(DeskError) {
        switch verdict(url, allowsPrivate: allowsPrivate) {
        case .allowed: break
        case .needsAllowPrivate: throw .refused(field: "base_url", .privateAddress)
        case .forbidden: throw .refused(field: "base_url", .forbiddenAddress)
        }
    }
}
