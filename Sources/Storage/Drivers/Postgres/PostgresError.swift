import CPostgres

extension StorageError {
    /// What a failed statement means, by its SQLSTATE (PostgreSQL 15, appendix A). Only the primary message is kept: details
    /// name values.
    init(postgres result: OpaquePointer?) {
        let state = Self.field(result, "C")
        let message = Self.field(result, "M")
        self = Self.of(state: state, message: message.isEmpty ? "no result" : message)
    }

    static func of(state: String, message: String) -> StorageError {
        switch state {
        case "40001", "40P01", "55P03": .contended(message)
        // Cancelled; ended while it did nothing inside a transaction. Neither is committed.
        case "57014", "25P03": .busy
        case "53100": .full
        case "25006": .io(message)
        case _ where state.hasPrefix("23"): .constraint(message)
        // These messages may repeat the value.
        case _ where state.hasPrefix("22"): .constraint("a value is none of its column's (\(state))")
        case _ where ["08", "53", "57", "58"].contains(state.prefix(2)): .io(message)
        case _ where state.hasPrefix("XX"): .unusable(message)
        default: .misuse(message)
        }
    }

    private static func field(_ result: OpaquePointer?, _ code: Unicode.Scalar) -> String {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) } ?? ""
    }
}
