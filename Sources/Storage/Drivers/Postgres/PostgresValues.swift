import CPostgres

/// Parameters as PostgreSQL reads them in binary: those of one row, or an array of each column of many.
struct PostgresValues {
    private var bytes: [UInt8] = []
    /// Where each parameter lies in the bytes; a count below 0: null.
    private var places: [(offset: Int, count: Int)] = []

    init(row rows: BoundRows) {
        places.reserveCapacity(rows.width)
        bytes.reserveCapacity(rows.width * 8 + rows.bytes.count)
        for column in 0..<rows.width {
            let start = bytes.count
            let isNull = rows.kinds[column] == .null
            append(rows, at: column)
            places.append((start, isNull ? -1 : bytes.count - start))
        }
    }

    /// - Parameter types: of a column's values.
    init(columns rows: BoundRows, _ types: [UInt32]) {
        places.reserveCapacity(rows.width)
        bytes.reserveCapacity(rows.width * (20 + rows.rows * 12) + rows.bytes.count)
        for column in 0..<rows.width {
            let start = bytes.count
            let cells = stride(from: column, to: rows.kinds.count, by: rows.width)
            // One dimension; whether there are nulls; the type; how many; counted from 1.
            append(UInt32(1))
            append(UInt32(cells.contains { rows.kinds[$0] == .null } ? 1 : 0))
            append(types[column])
            append(UInt32(clamping: rows.rows))
            append(UInt32(1))
            for cell in cells {
                switch rows.kinds[cell] {
                case .null: append(UInt32.max)
                case .integer: append(UInt32(8))
                case .text, .blob: append(UInt32(clamping: rows.counts[cell]))
                }
                append(rows, at: cell)
            }
            places.append((start, bytes.count - start))
        }
    }

    private mutating func append(_ rows: BoundRows, at cell: Int) {
        switch rows.kinds[cell] {
        case .null: break
        case .integer: append(rows.numbers[cell])
        case .text, .blob:
            let start = Int(rows.numbers[cell])
            bytes.append(contentsOf: rows.bytes[start..<start + rows.counts[cell]])
        }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Sends an execution of the plan of a name. - Returns: false if the connection is lost.
    func send(to plan: String, _ handle: OpaquePointer) -> Bool {
        let count = places.count
        return bytes.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    for (index, place) in places.enumerated() {
                        let isNull = place.count < 0
                        // An empty value has a place too, or it would be null.
                        let start = (bytes.baseAddress ?? Self.empty).advanced(by: isNull ? 0 : place.offset)
                        pointers[index] = isNull ? nil : start.assumingMemoryBound(to: CChar.self)
                        numbers[index] = Int32(clamping: max(0, place.count))
                        numbers[count + index] = 1
                    }
                    return PQsendQueryPrepared(
                        handle,
                        plan,
                        Int32(count),
                        pointers.baseAddress,
                        numbers.baseAddress,
                        numbers.baseAddress?.advanced(by: count),
                        1
                    ) == 1
                }
            }
        }
    }

    private nonisolated(unsafe) static let empty = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )
}
