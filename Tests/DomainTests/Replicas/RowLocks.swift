import Domain

/// The locks of the shared database: a row has one holder, the others wait in the order in which they came.
struct RowLocks {
    /// Sorted as every transaction of the ledger locks: replicas, calls, grants, each by id.
    enum Row: Hashable, Comparable {
        case replica(Int)
        case call(CallID)
        case grant(GrantID)
    }

    private struct Lock {
        var holder: Int
        var waiting: [Int] = []
    }

    private var locks: [Row: Lock] = [:]
    private var heldRows: [Int: [Row]] = [:]
    private var awaitedRow: [Int: Row] = [:]

    /// False: the transaction waits for the row and has it once somebody's ``release(_:)`` says so.
    mutating func acquire(_ row: Row, by transaction: Int) -> Bool {
        guard locks[row] != nil else {
            locks[row] = Lock(holder: transaction)
            heldRows[transaction, default: []].append(row)
            return true
        }
        locks[row]?.waiting.append(transaction)
        awaitedRow[transaction] = row
        return false
    }

    func isWaiting(_ transaction: Int) -> Bool { awaitedRow[transaction] != nil }

    /// Gives up whatever the transaction has and waits for. Returns those that have the row now that they waited for.
    mutating func release(_ transaction: Int) -> [Int] {
        if let row = awaitedRow.removeValue(forKey: transaction) {
            locks[row]?.waiting.removeAll { $0 == transaction }
        }
        var next: [Int] = []
        for row in heldRows.removeValue(forKey: transaction) ?? [] {
            guard var lock = locks[row], !lock.waiting.isEmpty else {
                locks[row] = nil
                continue
            }
            lock.holder = lock.waiting.removeFirst()
            locks[row] = lock
            awaitedRow[lock.holder] = nil
            heldRows[lock.holder, default: []].append(row)
            next.append(lock.holder)
        }
        return next
    }
}
