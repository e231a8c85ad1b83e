import CMariaDB

extension StorageError {
    /// What a failed statement means, by the server's or the library's number (MariaDB 10.11, "Error Codes"). Messages that name
    /// values of rows are not kept.
    static func mariaDB(_ code: UInt32, message: String) -> StorageError {
        switch code {
        // A lock not given in time, a deadlock, a row changed since it was read, a table made since the snapshot.
        case 1205, 1213, 1020, 1412: .contended(message)
        // Cancelled, by somebody or by its own limit.
        case 1317, 1969, 3024: .busy
        // The disk; the table; errno 28 from the engine.
        case 1021, 1114: .full
        case 1026 where message.contains("28"), 1030 where message.contains("28"): .full
        case 1062: .constraint("a duplicate for \(key(in: message))")
        // NOT NULL, DEFAULT, length, range, a foreign key, CHECK: they name columns and tables.
        case 1048, 1364, 1406, 1264, 1216, 1217, 1451, 1452, 3819, 4025: .constraint(message)
        // Values that are wrong, longer than a packet, or overflow; the messages repeat them.
        case 1153, 1265, 1292, 1366, 1367, 1690, UInt32(CR_NET_PACKET_TOO_LARGE):
            .constraint("a value is refused (\(code))")
        // Read only; no more connections or memory; going down; killed; the network's; input and output.
        case 1290, 1836, 1037, 1038, 1040, 1041, 1053, 1077, 1078, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1927,
            1003, 1026, 1030:
            .io(message)
        case 2000..<3000: .io(message)
        // Not let in; not there; damaged.
        case 1044, 1045, 1049, 1130, 1142, 1227, 1698, 1034, 1035, 1194, 1195: .unusable(message)
        default: .misuse(message)
        }
    }

    /// Nothing more comes over a connection that failed so.
    static func breaksMariaDB(_ code: UInt32) -> Bool { (2000..<3000).contains(code) || [1053, 1927].contains(code) }

    /// `Duplicate entry 'a' for key 'email'`: the key's name, which the server takes from the schema.
    private static func key(in message: String) -> String {
        guard let start = message.ranges(of: "for key ").last?.upperBound else { return "a key" }
        return String(message[start...])
    }
}
