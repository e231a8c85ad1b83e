import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/prices/import`: what a price table would change here, and changing it.
struct PriceImportRoutes: Sendable {
    private static let longestName = 500

    private static let table = Field<[PriceTableEntry]>(
        "table",
        "LiteLLM's model_prices_and_context_window.json, or some entries of it.",
        Shape(["type": .string("object"), "additionalProperties": .object(["type": .string("object")])])
    ) { item in
        guard let entries = PriceTable.entries(item) else { return .wrong("Must be a price table of LiteLLM's form.") }
        return .value(entries)
    }
    private static let models = Field<[String: String?]>(
        "models",
        "Which models, by name, each with the entry it is read from; null: what its route calls it, else its own name. Absent: all.",
        .map(.text(1...longestName).nullable())
    ) { item in
        guard case .object(let members) = item else { return .wrong("Must be an object.") }
        var chosen: [String: String?] = [:]
        for (name, item) in members {
            switch item {
            case .null: chosen[name] = .some(nil)
            case .string(let entry) where (1...longestName).contains(entry.unicodeScalars.count):
                chosen[name] = entry
            default: return .wrong("Must be names of models, each with the name of an entry or null.")
            }
        }
        return .value(chosen)
    }
    private static let accept = Field<[PriceAcceptance]>.list(
        "accept",
        "What else would be refused: rounding what has more than twelve decimals, implausible prices above $0.001 a token, the dearest of several tiers, prices of nothing.",
        of: .choice(""),
        most: 10
    )
    private static let apply = Field<Bool>.flag("apply", "False, as when absent: only tell.")

    private static let body = Body(
        required: [table],
        optional: [models, accept, apply],
        largestBytes: PriceTable.largestBytes
    )

    let catalog: CatalogDesk

    var operations: [Operation] {
        [
            .guarded(
                .post,
                "/api/admin/prices/import",
                atLeast: .admin,
                "Compares a price table with the models here, and gives those that differ new prices if asked to.",
                body: Self.body,
                gives: .ok(PriceImportAnswer.shape)
            ) { asked, caller in
                var form = try await asked.form()
                let table = form.value(Self.table)
                let chosen = form.value(Self.models) ?? [:]
                let accepted = Set(form.value(Self.accept) ?? [])
                let applies = form.value(Self.apply) ?? false
                try form.finish()
                guard let table else { throw ControlError.internalError }
                let found = PriceImport(
                    of: table,
                    into: try await catalog.prices.pricedModels(),
                    chosen: chosen,
                    accepting: accepted
                )
                let applied = applies ? try await catalog.prices.price(found.changes, by: caller.actor) : 0
                return JSONAnswer.response(PriceImportAnswer(found: found, applied: applied))
            }
        ]
    }
}
