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
        var isOnDisk: Bool
    }

    private struct Box: ~Copyable {
        var spool: Spool?
        var kept: [CallID: Kept] = [:]

        init(spool: consuming Spool) { self.spool = consume spool }
    }

    private let path: String
    private let box: Mutex<Box>
    private let count = Atomic(0)
    private let appended = Atomic(0)

    init(path: String) throws(StorageError) {
        self.path = path
        box = Mutex(Box(spool: try Spool(path: path)))
    }

    /// Records appended since the spool was empty: their room is not free for others.
    var usedRecords: Int { appended.load(ordering: .relaxed) }

    /// Makes settlements durable that the writer has given up; they wait here for the database even if that fails.
    /// - Returns: true once they are on disk; false if the spool did not take all of them.
    func keep(givenUp settlements: [Settlement]) -> Bool {
        box.withLock { box in
            for settlement in settlements {
                // A late one is on disk already.
                let isOnDisk = box.kept[settlement.call.id]?.isOnDisk ?? false
                box.kept[settlement.call.id] = Kept(settlement: settlement, waits: true, isOnDisk: isOnDisk)
            }
            count.store(box.kept.count, ordering: .sequentiallyConsistent)
            return append(settlements.map(\.call.id), &box)
        }
    }

    /// Tries again to make durable what waits here and is not on disk.
    func persist() {
        guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
        box.withLock { box in
            _ = append(box.kept.values.filter { !$0.isOnDisk }.map(\.settlement.call.id), &box)
        }
    }

    /// - Returns: true once all of them are on disk.
    private func append(_ ids: [CallID], _ box: inout Box) -> Bool {
        let missing = ids.filter { box.kept[$0]?.isOnDisk == false }
        let records = missing.compactMap { box.kept[$0].map { Self.record(of: $0.settlement) } }
        guard box.spool?.append(records) ?? records.isEmpty else { return false }
        appended.add(records.count, ordering: .relaxed)
        for id in missing { box.kept[id]?.isOnDisk = true }
        return true
    }

    /// Makes a settlement durable that the writer still has. - Returns: false if the spool did not take it.
    func keep(late pending: PendingSettlement) -> Bool {
        box.withLock { box in
            let id = pending.settlement.call.id
            if let kept = box.kept[id] { return kept.isOnDisk }
            count.store(box.kept.count + 1, ordering: .sequentiallyConsistent)
            guard !pending.isCommitted, box.spool?.append([Self.record(of: pending.settlement)]) == true else {
                count.store(box.kept.count, ordering: .sequentiallyConsistent)
                return pending.isCommitted
            }
            box.kept[id] = Kept(settlement: pending.settlement, waits: false, isOnDisk: true)
            appended.add(1, ordering: .relaxed)
            return true
        }
    }

    /// The database (or the quarantine) has these. When it has all, the spool is emptied.
    func committed(_ work: ArraySlice<JournalWork>) {
        guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
        box.withLock { box in
            for case .settle(let pending) in work { box.kept[pending.settlement.call.id] = nil }
            count.store(box.kept.count, ordering: .sequentiallyConsistent)
            if box.kept.isEmpty, box.spool?.clear() == true { appended.store(0, ordering: .relaxed) }
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
