import Domain

/// A provider's members, as they are written.
enum ProviderFields {
    static let name = Field<String>.title("name", "Unique.", most: 200)
    static let dialect = Field<DialectName>.choice("dialect", "The wire format it speaks.")

    static let baseURL = Field<BaseURL>(
        "base_url",
        "http or https, host, port and path, such as https://api.openai.com/v1. Another one clears the stored api_key.",
        .text(8...1_000, pattern: #"^https?://[A-Za-z0-9._\-\[\]:]+(/[A-Za-z0-9._~:@+=\-/]*)?$"#)
    ) { item in
        guard case .string(let text) = item else { return .wrong("Must be a text.") }
        guard text.utf8.count <= 1_000, let url = try? BaseURL(parsing: text) else {
            return .wrong("Must be http or https, host, port and path, such as https://api.openai.com/v1.")
        }
        return .value(url)
    }

    /// Kept sealed, never shown again.
    static let apiKey = Field<String>
        .text("api_key", "Its key for us, kept sealed. Null: it asks for none.", 1...1_000, pattern: "^[!-~]+$")
        .checked { text in
            let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isPlain ? nil : "Must be visible characters of ASCII without spaces."
        }
        .mapped { Credential($0) }
        .nullable()

    static let isActive = Field<Bool>.flag("is_active")
}

extension Form {
    /// A base URL that the settings let a provider have.
    mutating func baseURL(allowsPrivate: Bool) -> BaseURL? {
        guard let url = value(ProviderFields.baseURL) else { return nil }
        switch AddressPolicy.verdict(url, allowsPrivate: allowsPrivate) {
        case .allowed: return url
        case .needsAllowPrivate:
            refuse("base_url", "This is a private address; set upstream.allow_private if that is meant.")
        case .forbidden:
            refuse("base_url", "This is an address or port that no provider may have.")
        }
        return nil
    }
}
