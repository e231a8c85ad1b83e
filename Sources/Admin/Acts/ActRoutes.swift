import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/audit-log`: who did what to which row, as the audit's leaves have it.
struct ActRoutes: Sendable {
    private static let cursor = Parameter<SliceCursor<Int64>>.cursor(most: 19, pattern: "(0|[1-9][0-9]{0,17})") {
        $0 == "0" ? 0 : PositiveNumber.read($0)
    }
    private static let from = Parameter<Instant>.instant("from", "Then or later.")
    private static let to = Parameter<Instant>.instant("to", "Before then.")
    private static let kind = Parameter<String>(
        "kind",
        "The act's first word: quota, user, login.",
        .text(1...40, pattern: "^[a-z_]+$")
    ) { text in
        let isWord = text.utf8.count <= 40 && text.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 }
        return isWord ? .value(text) : .wrong("Small letters and underscores.")
    }
    private static let user = Parameter<UserID>.id("user", "Who acted.")

    private static let shape = Shape.object(
        "Act",
        [
            "number": .count, "act": .text, "row": .integer, "fields": .list(.text), "actor": .text,
            "actor_email": .text.nullable().noted("Of now; null for who is no user, or is there no more."),
            "at": .instant,
        ]
    )

    let administration: Administration

    var operations: [Operation] {
        [
            .guarded(
                .get,
                "/api/admin/audit-log",
                atLeast: .auditor,
                "Acts, newest first.",
                query: [Self.from, Self.to, Self.kind, Self.user, Self.cursor, PageNumber.size],
                gives: .slice(of: Self.shape)
            ) { asked, _ in
                var list = try asked.query()
                var query = ActQuery()
                query.from = list.value(Self.from)
                query.to = list.value(Self.to)
                query.kind = list.value(Self.kind)
                query.userID = list.value(Self.user)
                query.cursor = list.value(Self.cursor)
                query.limit = list.size()
                try list.finish()
                let slice = try await administration.acts.acts(query)
                let emails = try await emails(of: slice.items)
                return list.answer(slice) { ActAnswer($0, emails: emails) }
            }
        ]
    }

    /// Leaves name users by their numbers alone, so that they can be forgotten.
    private func emails(of acts: [ActRecord]) async throws -> [Int64: String] {
        let ids = Set(acts.compactMap(\.actorID))
        guard !ids.isEmpty else { return [:] }
        do { return try await administration.statistics.names(of: ids.sorted(), in: .user) } catch {
            throw ControlError(error)
        }
    }

    private struct ActAnswer: Encodable {
        let number: Int64
        let act: String
        let row: Int64
        let fields: [String]
        let actor: String
        @OrNull var actorEmail: String?
        let at: String

        enum CodingKeys: String, CodingKey {
            case number, act, row, fields, actor, at
            case actorEmail = "actor_email"
        }

        init(_ act: ActRecord, emails: [Int64: String]) {
            number = act.number
            self.act = act.act
            row = act.row
            fields = act.fields
            actor = act.actor
            actorEmail = act.actorID.flatMap { emails[$0] }
            at = act.at.description
        }
    }
}

extension ActRecord {
    /// The user who acted; nil for a command.
    fileprivate var actorID: Int64? {
        actor.hasPrefix("user ") ? PositiveNumber.read(actor.dropFirst(5)) : nil
    }
}
