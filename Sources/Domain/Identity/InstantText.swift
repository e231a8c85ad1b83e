extension Instant: CustomStringConvertible {
    /// ISO 8601 in UTC; six decimals only where there is a fraction: `2026-07-24T09:30:00Z`.
    package var description: String {
        let (seconds, micros) = microseconds.flooredDivision(by: 1_000_000)
        let (days, secondOfDay) = seconds.flooredDivision(by: 86_400)
        let civil = CivilDate(daysSince1970: days)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let date = "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
        let time =
            "\(padded(secondOfDay / 3_600, 2)):\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2))"
        return micros == 0 ? "\(date)T\(time)Z" : "\(date)T\(time).\(padded(micros, 6))Z"
    }

    /// Reads `2026-07-24T09:30:00Z`, with up to six decimals and `Z` or an offset such as `+02:00`; the years 1970 to
    /// 9999. A date without a time zone is nobody's instant and gives nil.
    package init?(parsing text: some StringProtocol) {
        var reader = DigitReader(Array(text.utf8))
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2), reader.skip("T") || reader.skip("t"), let hour = reader.number(2),
            reader.skip(":"),
            let minute = reader.number(2), reader.skip(":"), let second = reader.number(2)
        else { return nil }
        var micros: Int64 = 0
        if reader.skip(".") {
            guard let fraction = reader.fraction() else { return nil }
            micros = fraction
        }
        var offsetMinutes: Int64 = 0
        if !(reader.skip("Z") || reader.skip("z")) {
            let isEast = reader.skip("+")
            guard isEast || reader.skip("-"), let hours = reader.number(2), reader.skip(":"),
                let minutes = reader.number(2), hours <= 14, minutes <= 59
            else { return nil }
            offsetMinutes = (isEast ? 1 : -1) * (hours * 60 + minutes)
        }
        guard reader.isAtEnd, year >= 1_970, let date = CivilDate(year: year, month: month, day: day), hour <= 23,
            minute <= 59, second <= 59
        else { return nil }
        let seconds = date.daysSince1970 * 86_400 + hour * 3_600 + minute * 60 + second
        self.init(microseconds: (seconds - offsetMinutes * 60) * 1_000_000 + micros)
    }
}

/// Fixed-width ASCII numbers, one after the other.
private struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// One to six decimals, as microseconds.
    mutating func fraction() -> Int64? {
        guard var value = digit() else { return nil }
        var count = 1
        while count < 6, let digit = digit() {
            value = value * 10 + digit
            count += 1
        }
        while count < 6 {
            value *= 10
            count += 1
        }
        return value
    }

    private mutating func digit() -> Int64? {
        guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else {
            return nil
        }
        position += 1
        return Int64(bytes[position - 1] - UInt8(ascii: "0"))
    }
}
