import Domain
import Hummingbird

/// What OpenAI's usage and costs API is asked: buckets from `start_time`, a page at a time.
struct OrganizationQuery {
    enum Width: String {
        case hour = "1h"
        case day = "1d"

        var microseconds: Int64 { self == .hour ? 3_600_000_000 : 86_400_000_000 }
    }

    let width: Width
    /// Of this page.
    let range: Range<Instant>
    /// Where the next page begins; nil after the last.
    let next: Instant?
    let groupBy: String?
    /// Names and values of those filters that were given.
    let filters: [(name: String, values: [String])]

    /// - Parameters:
    ///   - widths: those that are answered, with how many buckets a page has and may have; the first is the default.
    ///   - groupings: what may be grouped by.
    ///   - filters: the filters that there are.
    /// - Throws: 400 naming the parameter.
    init(
        _ request: Request,
        widths: [(width: Width, usual: Int64, most: Int64)],
        groupings: [String],
        filters names: [String],
        now: Instant
    ) throws(ControlError) {
        // Clients write `group_by[]`, most of them with the brackets encoded.
        let parameters = (request.uri.query ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: FormText.decoded(parts[0]), value: FormText.decoded(parts.count > 1 ? parts[1] : ""))
        }
        func values(_ name: String) -> [String] {
            parameters.filter { $0.name == name || $0.name == name + "[]" }.compactMap(\.value)
        }
        func seconds(_ name: String) throws(ControlError) -> Instant? {
            guard let text = values(name).first else { return nil }
            guard let seconds = PositiveNumber.read(text), seconds < 4_102_444_800 else {
                throw .badParameter(name, "'\(name)' must be a time in seconds since 1970.")
            }
            return Instant(microseconds: seconds * 1_000_000)
        }
        let allowed = widths.map(\.width.rawValue)
        let asked = values("bucket_width").first ?? Width.day.rawValue
        guard let width = widths.first(where: { $0.width.rawValue == asked }) else {
            throw .badParameter(
                "bucket_width",
                "'bucket_width' must be one of \(allowed.joined(separator: ", ")) here."
            )
        }
        self.width = width.width
        var limit = width.usual
        if let text = values("limit").first {
            guard let number = PositiveNumber.read(text), number <= width.most else {
                throw .badParameter("limit", "'limit' must be from 1 to \(width.most).")
            }
            limit = number
        }
        guard let start = try seconds("start_time") else {
            throw .badParameter("start_time", "'start_time' is required.")
        }
        let end = try seconds("end_time") ?? now
        guard start < end else { throw .badParameter("end_time", "'end_time' must come after 'start_time'.") }
        var first = Self.floor(start, self.width)
        if let page = values("page").first {
            guard page.hasPrefix("page_"), let at = PositiveNumber.read(page.dropFirst(5)), at < 4_102_444_800 else {
                throw .badParameter("page", "'page' must be the next_page of an answer.")
            }
            first = max(first, Self.floor(Instant(microseconds: at * 1_000_000), self.width))
        }
        let length = self.width.microseconds
        let last = Self.floor(Instant(microseconds: end.microseconds + length - 1), self.width)
        let pageEnd = min(last, Instant(microseconds: first.microseconds + limit * length))
        guard first < pageEnd else { throw .badParameter("page", "There is no such page.") }
        range = first..<pageEnd
        next = pageEnd < last ? pageEnd : nil
        let groups = values("group_by")
        guard groups.count <= 1, groups.allSatisfy(groupings.contains) else {
            throw .badParameter("group_by", "'group_by' must be one of \(groupings.joined(separator: ", ")) here.")
        }
        groupBy = groups.first
        for name in ["project_ids", "user_ids", "api_key_ids", "models", "batch"]
        where !names.contains(name) && !values(name).isEmpty {
            throw .badParameter(name, "'\(name)' is no filter here.")
        }
        filters = names.map { ($0, values($0)) }.filter { !$0.values.isEmpty }
    }

    private static func floor(_ instant: Instant, _ width: Width) -> Instant {
        let count = instant.microseconds.flooredDivision(by: width.microseconds).quotient
        return Instant(microseconds: count * width.microseconds)
    }
}
