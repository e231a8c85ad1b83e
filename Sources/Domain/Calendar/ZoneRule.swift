/// How a zone's clock changes each year: POSIX's TZ text with RFC 9636's hours beyond a day, `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule {
    /// When in a year a change comes, by the local clock before it.
    private enum Day {
        /// 1 to 365; 29 February is never counted.
        case julian(Int64)
        /// 0 to 365.
        case ordinal(Int64)
        /// The `week`th (5: last) `weekday` (0: Sunday) of a month.
        case weekday(month: Int64, week: Int64, weekday: Int64)
    }

    private struct Summer {
        let offset: Int64
        let begins: (day: Day, second: Int64)
        let ends: (day: Day, second: Int64)
    }

    /// Seconds east of UTC.
    let standardOffset: Int64
    private let summer: Summer?

    init?(parsing text: String) {
        var reader = RuleReader(text)
        guard reader.skipName(), let west = reader.time() else { return nil }
        standardOffset = -west
        guard !reader.isAtEnd else {
            summer = nil
            return
        }
        guard reader.skipName() else { return nil }
        var offset = standardOffset + 3_600
        if !reader.isNext(",") {
            guard let west = reader.time() else { return nil }
            offset = -west
        }
        guard reader.skip(","), let begins = Self.day(&reader), reader.skip(","), let ends = Self.day(&reader),
            reader.isAtEnd
        else { return nil }
        summer = Summer(offset: offset, begins: begins, ends: ends)
    }

    private static func day(_ reader: inout RuleReader) -> (Day, Int64)? {
        let day: Day
        if reader.skip("M") {
            guard let month = reader.number(), (1...12).contains(month), reader.skip("."), let week = reader.number(),
                (1...5).contains(week), reader.skip("."), let weekday = reader.number(), (0...6).contains(weekday)
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else if reader.skip("J") {
            guard let number = reader.number(), (1...365).contains(number) else { return nil }
            day = .julian(number)
        } else {
            guard let number = reader.number(), (0...365).contains(number) else { return nil }
            day = .ordinal(number)
        }
        guard reader.skip("/") else { return (day, 7_200) }
        return reader.time().map { (day, $0) }
    }

    /// All changes of some years, in seconds since 1970, ascending.
    func changes(from first: Int64, through last: Int64) -> [(at: Int64, offset: Int64)] {
        guard let summer else { return [] }
        return (first...last).flatMap { year in
            [
                (Self.second(of: summer.begins, year: year) - standardOffset, summer.offset),
                (Self.second(of: summer.ends, year: year) - summer.offset, standardOffset),
            ]
        }.sorted { $0.0 < $1.0 }
    }

    private static func second(of moment: (day: Day, second: Int64), year: Int64) -> Int64 {
        // The years of a zone are four digits: the date exists.
        let newYear = CivilDate(year: year, month: 1, day: 1)?.daysSince1970 ?? 0
        let days: Int64
        switch moment.day {
        case .ordinal(let number): days = newYear + number
        case .julian(let number):
            let isLeap = CivilDate.days(inMonth: 2, of: year) == 29
            days = newYear + number - 1 + (isLeap && number >= 60 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1) ?? CivilDate(daysSince1970: 0)
            let firstMatch = (weekday + 6 - first.weekday).flooredDivision(by: 7).remainder
            var offset = firstMatch + (week - 1) * 7
            if offset >= CivilDate.days(inMonth: month, of: year) { offset -= 7 }
            days = first.daysSince1970 + offset
        }
        return days * 86_400 + moment.second
    }
}

private struct RuleReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    func isNext(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Letters, or anything in angle brackets.
    mutating func skipName() -> Bool {
        if skip("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        // Bit 5 tells small letters from large ones.
        let name = rest.prefix { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 }
        rest = rest[name.endIndex...]
        return !name.isEmpty
    }

    mutating func number() -> Int64? {
        let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.prefix(4)
        guard !digits.isEmpty else { return nil }
        rest = rest[digits.endIndex...]
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    /// `[+-]h[:mm[:ss]]`, in seconds.
    mutating func time() -> Int64? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hours = number(), hours <= 167 else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] as [Int64] where skip(":") {
            guard let part = number(), part < 60 else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }
}
