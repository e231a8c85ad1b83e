import Domain
import Glibc
import Synchronization

/// The spool with what is in it: settlements that the database does not have yet.
///
/// The writer tells it of every commit; so that this costs nothing while the spool is empty, it looks at a count first.
/// A settlement that is being spooled for being late while it commits is decided by sequentially consistent order: the
/// writer marks the record, then reads the count; the keeper raises the count, then reads the mark.
final class SpoolKeeper: Sendable {
    private struct Kept {
        let settlement: Settlement
        /// The writer has given it up; false while it is only late.
        var waits: Bool
    }

    private struct Box: ~Copyable {
        var spool: Spool?
        var kept: [CallID: Kept] = [:]

        init(spool: consuming Spool) { self.spool = consume spool }
    }

    private let path: String
    private let box: Mutex<Box>
    private let count = Atomic(0)

    init(path: String) throws(StorageError) {
        self.path = path
        box = Mutex(Box(spool: try Spool(path: path)))
    }

    /// Makes settlements durable that the writer has given up; they wait here for the database even if that fails.
    /// - Returns: true once they are on disk; false if the spool did not take all of them.
    func keep(givenUp settlements: [Settlement]) -> Bool {
        box.withLock { box in
            var records: [[UInt8]] = []
            for settlement in settlements {
                let id = settlement.call.id
                // A late one is on disk already.
                if box.kept[id] == nil { records.append(Self.record(of: settlement)) }
                box.kept[id] = Kept(settlement: settlement, waits: true)
            }
            count.store(box.kept.count, ordering: .sequentiallyConsistent)
            return box.spool?.append(records) ?? false
        }
    }

    /// Makes a settlement durable that the writer still has. - Returns: false if the spool did not take it.
    func keep(late pending: PendingSettlement) -> Bool {
        box.withLock { box in
            let id = pending.settlement.call.id
            if box.kept[id] != nil { return true }
            count.store(box.kept.count + 1, ordering: .sequentiallyConsistent)
            guard !pending.isCommitted, box.spool?.append([Self.record(of: pending.settlement)]) == true else {
                count.store(box.kept.count, ordering: .sequentiallyConsistent)
                return pending.isCommitted
            }
            box.kept[id] = Kept(settlement: pending.settlement, waits: false)
            return true
        }
    }

    /// The database (or the quarantine) has these. When it has all, the spool is emptied.
    func committed(_ work: ArraySlice<JournalWork>) {
        guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
        box.withLock { box in
            for case .settle(let pending) in work { box.kept[pending.settlement.call.id] = nil }
            count.store(box.kept.count, ordering: .sequentiallyConsistent)
            if box.kept.isEmpty { _ = box.spool?.clear() }
        }
    }

    /// What the writer has given up, oldest call first.
    var waiting: [Settlement] {
        guard count.load(ordering: .sequentiallyConsistent) > 0 else { return [] }
        return box.withLock { box in box.kept.values.filter(\.waits).map(\.settlement) }
            .sorted { $0.call.id < $1.call.id }
    }

    /// Ends the spool: the file goes if nothing is in it, else it stays for the next start. Idempotent.
    func close() {
        box.withLock { box in
            guard box.spool != nil else { return }
            if box.kept.isEmpty { unlink(path) }
            box.spool = nil
        }
    }

    /// At most ``Spool/recordRoom`` bytes, as was reserved at the admission: what only informs is left out to fit.
    private static func record(of settlement: Settlement) -> [UInt8] {
        let whole = SettlementCoding.encode(settlement)
        if whole.count <= Spool.recordRoom - Spool.frameBytes { return whole }
        return SettlementCoding.encode(settlement, isBrief: true)
    }
}
