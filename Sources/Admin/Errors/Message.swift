/// A sentence for people: a template with `{}` where values stand, so that it can be said in another language.
struct Message: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    let template: String
    let values: [String]

    init(stringLiteral text: String) {
        template = text
        values = []
    }

    init(stringInterpolation parts: Interpolation) {
        template = parts.template
        values = parts.values
    }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var template = ""
        fileprivate var values: [String] = []

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { template += literal }

        mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            template += "{}"
            values.append(value.description)
        }
    }

    var description: String { text(in: .english) }

    /// What no catalogue has is said in English.
    func text(in language: Language) -> String {
        let words =
            switch language {
            case .english: template
            case .chinese: ChineseMessages.all[template] ?? template
            }
        guard !values.isEmpty else { return words }
        var text = ""
        var rest = words[...]
        for value in values {
            guard let hole = rest.firstRange(of: "{}") else { break }
            text += rest[..<hole.lowerBound] + value
            rest = rest[hole.upperBound...]
        }
        return text + rest
    }
}

/// What messages are told in; codes and names of members are the same in all.
enum Language: String, Sendable {
    case english = "en"
    case chinese = "zh-CN"

    /// What `Accept-Language` likes best of these (RFC 9110 §12.5.4); English for everybody else.
    init(accepting field: String?) {
        var best = (language: Language.english, quality: 0.0)
        for range in (field ?? "").prefix(1_000).split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let tag = parts.first?.split(separator: "-").first else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            let language: Language? = tag == "zh" ? .chinese : tag == "en" || tag == "*" ? .english : nil
            if let language, quality > best.quality { best = (language, quality) }
        }
        self = best.language
    }
}
