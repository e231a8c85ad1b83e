package import Domain
import Foundation

/// The acts' leaves in the database.
package struct ActStore: ActLog {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func acts(_ query: ActQuery) async throws(DeskError) -> ActSlice {
        try await desk.read { try ActPages.slice(query, $0) }
    }
}

/// Acts by their numbers, newest first, a slice at a time; as ``CallPages`` has calls.
enum ActPages {
    static let mostScanned: Int64 = 5_000
    static let largest = 200

    private static let ofActs = "l.replica_id = 0 AND l.kind = 2"
    private static let firstAt =
        "SELECT number FROM audit_leaves WHERE kind = 2 AND replica_id = 0 AND created_at >= ? ORDER BY created_at, number LIMIT 1"

    static func slice(_ query: ActQuery, _ connection: any SQLConnection) throws -> ActSlice {
        var range = SQLFilter()
        range.add(ofActs)
        var isForward = false
        var start: Int64?
        switch query.cursor {
        case .before(let number):
            range.add("l.number < ?", .integer(number))
            start = number
        case .after(let number):
            range.add("l.number > ?", .integer(number))
            (isForward, start) = (true, number)
        case nil: break
        }
        // Numbers go up with time, so a range of one is a range of the other.
        if let from = query.from {
            let first = try connection.query(firstAt, SQLValue(from)) { $0.int64(0) }.first
            range.add("l.number >= ?", .integer(first ?? .max))
        }
        if let to = query.to, let first = try connection.query(firstAt, SQLValue(to), row: { $0.int64(0) }).first {
            range.add("l.number < ?", .integer(first))
        }
        let direction = isForward ? "" : " DESC"
        let edge = try connection.query(
            "SELECT l.number, l.created_at FROM audit_leaves l\(range.clause) ORDER BY l.number\(direction) LIMIT 1 OFFSET \(mostScanned - 1)",
            values: range.values
        ) { (number: $0.int64(0), at: $0.instant(1)) }.first
        var filter = range
        if let edge { filter.add(isForward ? "l.number <= ?" : "l.number >= ?", .integer(edge.number)) }
        // Leaves are written by ActTransaction alone, whose members stand in one order without spaces.
        if let kind = query.kind {
            let beginning = "{\"act\":\"\(kind)"
            let length = SQLValue.integer(Int64(beginning.unicodeScalars.count + 1))
            let cut = "substr(CAST(l.data AS TEXT), 1, ?)"
            filter.add("\(cut) IN (?, ?)", length, .text(beginning + " "), .text(beginning + "\""))
        }
        if let user = query.userID {
            filter.add("instr(CAST(l.data AS TEXT), ?) > 0", .text("\"actor\":\"user \(user)\""))
        }
        let limit = min(max(1, query.limit), largest)
        var rows = try connection.query(
            "SELECT l.number, l.data, l.created_at FROM audit_leaves l\(filter.clause) ORDER BY l.number\(direction) LIMIT ?",
            values: filter.values + [.integer(Int64(limit + 1))]
        ) { act(number: $0.int64(0), json: $0.blob(1), at: $0.instant(2)) }
        let isFull = rows.count > limit
        if isFull { rows.removeLast() }
        let end = isFull ? rows.last?.number : edge?.number
        if isForward {
            rows.reverse()
            return ActSlice(acts: rows, older: rows.last?.number ?? start, newer: end, scannedThrough: nil)
        }
        return ActSlice(
            acts: rows,
            older: end,
            newer: start == nil ? nil : rows.first?.number ?? start,
            scannedThrough: isFull ? nil : edge?.at
        )
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
