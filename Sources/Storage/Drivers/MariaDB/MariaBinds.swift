import CMariaDB

extension BoundRows {
    /// Lends what the library binds: a column at a time, its values side by side.
    func withBinds<Value>(_ body: (UnsafeMutablePointer<MYSQL_BIND>?) -> Value) -> Value {
        guard width > 0 else { return body(nil) }
        // Column by column.
        var integers = [Int64](repeating: 0, count: width * rows)
        var lengths = [UInt](repeating: 0, count: width * rows)
        var starts = [UnsafeMutableRawPointer?](repeating: nil, count: width * rows)
        var indicators = [CChar](repeating: 0, count: width * rows)
        var binds = [MYSQL_BIND](repeating: MYSQL_BIND(), count: width)
        return bytes.withUnsafeBytes { bytes in
            let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? Self.empty)
            for column in 0..<width {
                for row in 0..<rows {
                    let (from, to) = (row * width + column, column * rows + row)
                    switch kinds[from] {
                    case .null: indicators[to] = CChar(STMT_INDICATOR_NULL.rawValue)
                    case .integer: integers[to] = numbers[from]
                    case .text, .blob:
                        starts[to] = base + Int(numbers[from])
                        lengths[to] = UInt(counts[from])
                    }
                }
            }
            return integers.withUnsafeMutableBufferPointer { integers in
                lengths.withUnsafeMutableBufferPointer { lengths in
                    starts.withUnsafeMutableBufferPointer { starts in
                        indicators.withUnsafeMutableBufferPointer { indicators in
                            for column in 0..<width {
                                let first = column * rows
                                let kind = kind(of: column)
                                binds[column].length = lengths.baseAddress?.advanced(by: first)
                                switch kind {
                                case .null where rows == 1: binds[column].buffer_type = MYSQL_TYPE_NULL
                                case .null, .integer:
                                    binds[column].buffer_type = MYSQL_TYPE_LONGLONG
                                    binds[column].buffer = UnsafeMutableRawPointer(
                                        integers.baseAddress?.advanced(by: first)
                                    )
                                case .text, .blob:
                                    binds[column].buffer_type = kind == .text ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB
                                    binds[column].buffer =
                                        rows == 1
                                        ? starts[first]
                                        : UnsafeMutableRawPointer(starts.baseAddress?.advanced(by: first))
                                    binds[column].buffer_length = lengths[first]
                                }
                                if rows > 1 { binds[column].u.indicator = indicators.baseAddress?.advanced(by: first) }
                            }
                            return binds.withUnsafeMutableBufferPointer { body($0.baseAddress) }
                        }
                    }
                }
            }
        }
    }

    /// Where no bytes are; an empty value has a place too.
    private nonisolated(unsafe) static let empty = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )
}
