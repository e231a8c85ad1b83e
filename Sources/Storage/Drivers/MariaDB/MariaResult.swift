import CMariaDB

/// A row of an answer.
struct MariaRow {
    enum Value {
        case null
        case integer(Int64)
        /// In ``bytes``.
        case bytes(Range<Int>)
    }

    var values: [Value] = []
    var bytes: [UInt8] = []
}

/// Where the library puts the columns of an answer, row by row.
final class MariaResult {
    /// Of longer values the rest is fetched once their length is known.
    private static let cell = 256

    private let handle: UnsafeMutablePointer<MYSQL_STMT>
    private let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
    private let cells: UnsafeMutableRawPointer
    private let lengths: UnsafeMutableBufferPointer<UInt>
    private let nulls: UnsafeMutableBufferPointer<my_bool>

    /// - Returns: nil where the library takes no such result.
    init?(_ handle: UnsafeMutablePointer<MYSQL_STMT>, fields: UnsafeMutablePointer<MYSQL_FIELD>, count: Int) {
        self.handle = handle
        binds = .allocate(capacity: count)
        binds.initialize(repeating: MYSQL_BIND())
        cells = .allocate(byteCount: count * Self.cell, alignment: 8)
        lengths = .allocate(capacity: count)
        lengths.initialize(repeating: 0)
        nulls = .allocate(capacity: count)
        nulls.initialize(repeating: 0)
        for column in 0..<count {
            switch fields[column].type {
            case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG:
                binds[column].buffer_type = MYSQL_TYPE_LONGLONG
            default: binds[column].buffer_type = MYSQL_TYPE_BLOB
            }
            binds[column].buffer = cells + column * Self.cell
            binds[column].buffer_length = UInt(Self.cell)
            binds[column].length = lengths.baseAddress?.advanced(by: column)
            binds[column].is_null = nulls.baseAddress?.advanced(by: column)
        }
        guard mysql_stmt_bind_result(handle, binds.baseAddress) == 0 else { return nil }
    }

    deinit {
        binds.deallocate()
        cells.deallocate()
        lengths.deallocate()
        nulls.deallocate()
    }

    /// The row that was fetched last.
    func row() -> MariaRow {
        var row = MariaRow()
        row.values.reserveCapacity(binds.count)
        for column in binds.indices {
            if nulls[column] != 0 {
                row.values.append(.null)
            } else if binds[column].buffer_type == MYSQL_TYPE_LONGLONG {
                row.values.append(.integer((cells + column * Self.cell).load(as: Int64.self)))
            } else {
                let count = Int(lengths[column])
                let start = row.bytes.count
                if count <= Self.cell {
                    row.bytes.append(
                        contentsOf: UnsafeRawBufferPointer(start: cells + column * Self.cell, count: count)
                    )
                } else {
                    row.bytes.append(contentsOf: whole(column, count: count))
                }
                row.values.append(.bytes(start..<row.bytes.count))
            }
        }
        return row
    }

    private func whole(_ column: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            var bind = MYSQL_BIND()
            bind.buffer_type = MYSQL_TYPE_BLOB
            bind.buffer = UnsafeMutableRawPointer(buffer.baseAddress)
            bind.buffer_length = UInt(count)
            used = mysql_stmt_fetch_column(handle, &bind, UInt32(column), 0) == 0 ? count : 0
        }
    }
}
