import Domain

/// Why the signer signs nothing until somebody has looked: the books are not what was signed.
enum AuditHalt: Error, Hashable, CustomStringConvertible {
    /// The file outside has a newer checkpoint than the database.
    case isBehind(size: UInt64, signed: UInt64)
    /// The tree's root is not the one that was signed at this size.
    case contradicts(size: UInt64)
    /// The file outside ends with a checkpoint of a log that is not in the database.
    case isAnotherLog(origin: String)
    case isAnotherKey(origin: String)
    case isDamaged(String)
    case leavesMissing(replica: ReplicaID, expected: Int64, found: Int64)
    case leafMalformed(replica: ReplicaID, number: Int64)

    var description: String {
        switch self {
        case .isBehind(let size, let signed):
            "the database has \(size) leaves and its last external checkpoint \(signed): it is an older copy"
        case .contradicts(let size): "the tree is not the one that was signed at \(size) leaves"
        case .isAnotherLog(let origin): "the last external checkpoint is of another log, \(origin)"
        case .isAnotherKey(let origin): "the checkpoints of \(origin) were signed with another key"
        case .isDamaged(let cause): cause
        case .leavesMissing(let replica, let expected, let found):
            "leaves of replica \(replica) are missing: \(found) follows where \(expected) should"
        case .leafMalformed(let replica, let number): "leaf \(replica)/\(number) holds other than it says"
        }
    }
}
