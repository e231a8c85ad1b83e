package import Domain
import Foundation

/// The acts' leaves in the database.
package struct ActStore: ActLog {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func acts(_ query: ActQuery) async throws(DeskError) -> ListSlice<ActRecord, Int64> {
        try await desk.read { try ActPages.slice(query, $0) }
    }
}

/// Acts by their numbers, newest first, a slice at a time; as ``CallPages`` has calls.
enum ActPages {
    static let largest = 200

    private static let slices = SQLSlice<Int64>(
        from: "audit_leaves l",
        key: "l.number",
        edge: "l.number, l.created_at",
        bind: { .integer($0) },
        readEdge: { ($0.int64(0), $0.instant(1)) }
    )
    private static let select = "SELECT l.number, l.data, l.created_at FROM audit_leaves l"
    private static let firstAt =
        "SELECT number FROM audit_leaves WHERE kind = 2 AND replica_id = 0 AND created_at >= ? ORDER BY created_at, number LIMIT 1"

    static func slice(_ query: ActQuery, _ connection: any SQLConnection) throws -> ListSlice<ActRecord, Int64> {
        try slices.read(
            select,
            in: try range(of: query, connection),
            where: { add(query, to: &$0) },
            query.cursor,
            limit: min(max(1, query.limit), largest),
            connection,
            row: { act(number: $0.int64(0), json: $0.blob(1), at: $0.instant(2)) },
            keyOf: \.number
        )
    }

    /// Numbers go up with time, so a range of one is a range of the other.
    private static func range(of query: ActQuery, _ connection: any SQLConnection) throws -> SQLFilter {
        var range = SQLFilter()
        range.add("l.replica_id = 0 AND l.kind = 2")
        if let from = query.from {
            let first = try connection.query(firstAt, SQLValue(from)) { $0.int64(0) }.first
            range.add("l.number >= ?", .integer(first ?? .max))
        }
        if let to = query.to, let first = try connection.query(firstAt, SQLValue(to), row: { $0.int64(0) }).first {
            range.add("l.number < ?", .integer(first))
        }
        return range
    }

    /// Leaves are written by ``ActTransaction`` alone, whose members stand in one order without spaces.
    private static func add(_ query: ActQuery, to filter: inout SQLFilter) {
        if let kind = query.kind {
            let beginning = "{\"act\":\"\(kind)"
            let length = SQLValue.integer(Int64(beginning.unicodeScalars.count + 1))
            let cut = "substr(CAST(l.data AS TEXT), 1, ?)"
            filter.add("\(cut) IN (?, ?)", length, .text(beginning + " "), .text(beginning + "\""))
        }
        if let user = query.userID {
            filter.add("instr(CAST(l.data AS TEXT), ?) > 0", .text("\"actor\":\"user \(user)\""))
        }
    }

    private struct Leaf: Decodable {
        let act: String
        let row: Int64?
        let fields: [String]?
        let actor: String?
    }

    /// A leaf that is no JSON is shown as an act of that name: the audit says what is wrong with it.
    private static func act(number: Int64, json: [UInt8], at: Instant) -> ActRecord {
        let leaf = try? JSONDecoder().decode(Leaf.self, from: Data(json))
        return ActRecord(
            number: number,
            act: leaf?.act ?? "unreadable",
            row: leaf?.row ?? 0,
            fields: leaf?.fields ?? [],
            actor: leaf?.actor ?? "",
            at: at
        )
    }
}
