package import Domain

/// Reads price tables of LiteLLM's form (`model_prices_and_context_window.json`): an object with a member for each model.
package enum PriceTable {
    /// Larger than the table of 2026 with its 4,200 models, which has three.
    package static let largestBytes = 4 << 20
    /// Describes the members; no model.
    private static let sample = "sample_spec"

    package struct Problem: Error, Hashable, Sendable {
        package let reason: String
    }

    package static func read(_ bytes: [UInt8]) throws(Problem) -> [PriceTableEntry] {
        let item: JSONItem
        do {
            item = try JSONReader.read(bytes)
        } catch {
            throw Problem(reason: "it is not valid JSON: \(error.reason)")
        }
        guard let entries = entries(item) else { throw Problem(reason: "it is not an object with one for each model") }
        return entries
    }

    /// - Returns: nil for what is no such table.
    static func entries(_ item: JSONItem) -> [PriceTableEntry]? {
        guard case .object(let models) = item else { return nil }
        var entries: [PriceTableEntry] = []
        for (name, item) in models where name != sample {
            guard case .object(let members) = item else { return nil }
            var mode: String?
            if case .string(let text)? = members["mode"] { mode = text }
            var tiers: [[String: String]] = []
            if case .array(let items)? = members["tiered_pricing"] {
                tiers = items.map { if case .object(let members) = $0 { numbers(members) } else { [:] } }
            }
            entries.append(PriceTableEntry(name: name, mode: mode, numbers: numbers(members), tiers: tiers))
        }
        return entries.sorted { $0.name < $1.name }
    }

    private static func numbers(_ members: [String: JSONItem]) -> [String: String] {
        members.compactMapValues { if case .number(let text) = $0 { text } else { nil } }
    }
}
