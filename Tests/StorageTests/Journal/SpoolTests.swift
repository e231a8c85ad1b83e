import Domain
import Foundation
import Testing

@testable import Storage

@Suite("the spool")
struct SpoolTests {
    private func path() -> String { NSTemporaryDirectory() + "tokenaudit-spool-\(UUID().uuidString)" }

    private func replayed(_ path: String) throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        guard case .taken = try Spool.replay(path: path, { found = $0 }) else {
            Issue.record("locked")
            return []
        }
        return found
    }

    /// Leaves a spool behind as a process that died.
    private func write(_ batches: [[[UInt8]]], to path: String, clearingAfter cleared: Int? = nil) throws {
        var spool = try Spool(path: path)
        for (index, batch) in batches.enumerated() {
            let isDurable = spool.append(batch)
            #expect(isDurable)
            if index == cleared {
                let isClear = spool.clear()
                #expect(isClear)
            }
        }
    }

    private let records: [[UInt8]] = [[1, 2, 3], Array(repeating: 9, count: 500), [0], Array(0...255)]

    @Test("records come back in order, once; then the file is gone")
    func replay() throws {
        let path = path()
        try write([Array(records.prefix(2)), [], Array(records.suffix(2))], to: path)
        #expect(try replayed(path) == records)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try replayed(path) == [])
    }

    @Test("what was cleared does not come back", arguments: [0, 1])
    func clear(after index: Int) throws {
        let path = path()
        try write([Array(records.prefix(3)), [records[3]], [records[0]]], to: path, clearingAfter: index)
        #expect(try replayed(path) == (index == 0 ? [records[3], records[0]] : [records[0]]))
    }

    @Test("clearing that fails half way hides nothing that is appended later", arguments: 0..<3)
    func halfCleared(syncs: Int) throws {
        let folder = NSTemporaryDirectory() + "tokenaudit-spool-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let disk = Disk(under: folder)
        defer { disk.remove() }
        let path = folder + "/a.spool-1"
        do {
            var spool = try Spool(path: path)
            var isDurable = spool.append(Array(records.prefix(3)))
            #expect(isDurable)
            disk.set(.init(syncsBeforeError: syncs))
            let isClear = spool.clear()
            #expect(isClear == (syncs == 2))
            isDurable = spool.append([records[3]])
            // A disk that takes nothing makes nothing durable.
            #expect(!isDurable)
            disk.set(.init())
            isDurable = spool.append([records[0]])
            #expect(isDurable)
        }
        #expect(try replayed(path).last == records[0])
    }

    @Test("a file that is there is never opened for writing: it may hold somebody's bills")
    func existing() throws {
        let path = path()
        try write([records], to: path)
        #expect(throws: StorageError.busy) { _ = try Spool(path: path) }
        #expect(try replayed(path) == records)
    }

    @Test("spools are found beside their database, and nothing else is")
    func found() throws {
        let folder = NSTemporaryDirectory() + "tokenaudit-spool-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["a.spool-3", "a.spool-12", "a.spool-", "a.spool-x", "a.spool--1", "b.spool-4", "a.spool-5.old"] {
            #expect(FileManager.default.createFile(atPath: folder + "/" + name, contents: nil))
        }
        #expect(
            Spool.all(of: folder + "/a") == [
                ReplicaID(3): folder + "/a.spool-3", ReplicaID(12): folder + "/a.spool-12",
            ]
        )
        #expect(Spool.all(of: folder + "/none") == [:])
        #expect(Spool.all(of: folder + "/no/such") == [:])
    }

    @Test("what the disk refused is kept, said to be lost, and made durable once it can be")
    func refusedByDisk() throws {
        let folder = NSTemporaryDirectory() + "tokenaudit-spool-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let disk = Disk(under: folder)
        defer { disk.remove() }
        let path = folder + "/a.spool-1"
        let hold = Hold(
            groupID: Books.group,
            multiplier: .one,
            amount: Money(picoDollars: 10),
            outputLimit: 1,
            isClamped: false,
            parts: [HoldPart(lane: .grant(GrantID(1)), amount: Money(picoDollars: 10))]
        )
        let settlement = Books.settlement(1, hold: hold, charge: Money(picoDollars: 5))
        do {
            let keeper = try SpoolKeeper(path: path)
            disk.set(.init(syncsBeforeError: 0))
            #expect(!keeper.keep(givenUp: [settlement]))
            // Asked again it is no more durable than before.
            #expect(!keeper.keep(givenUp: [settlement]))
            #expect(!keeper.keep(late: PendingSettlement(settlement)))
            #expect(keeper.waiting.count == 1 && keeper.usedRecords == 0)
            disk.set(.init())
            keeper.persist()
            #expect(keeper.usedRecords == 1)
            #expect(keeper.keep(givenUp: [settlement]) && keeper.usedRecords == 1)
            keeper.close()
        }
        #expect(try replayed(path).last == SettlementCoding.encode(settlement))
    }

    @Test("a record torn or changed at any byte ends the reading; those before it stand")
    func torn() throws {
        let length = 12 + records[1].count
        for at in stride(from: 0, to: length, by: 7) {
            for cuts in [true, false] {
                let path = path()
                try write([[records[0], records[1]]], to: path)
                let handle = try #require(FileHandle(forUpdatingAtPath: path))
                let offset = UInt64(12 + records[0].count + at)
                if cuts {
                    try handle.truncate(atOffset: offset)
                } else {
                    try handle.seek(toOffset: offset)
                    let byte = try #require(try handle.read(upToCount: 1)?.first)
                    try handle.seek(toOffset: offset)
                    try handle.write(contentsOf: Data([byte ^ 0x55]))
                }
                try handle.close()
                #expect(try replayed(path) == [records[0]], "at \(at)")
            }
        }
    }

    @Test("a spool in use is left alone")
    func locked() throws {
        let path = path()
        let spool = try Spool(path: path)
        #expect(try Spool.replay(path: path) { _ in Issue.record("read") } == .isLocked)
        #expect(throws: StorageError.busy) { _ = try Spool(path: path) }
        withExtendedLifetime(spool) {}
        try FileManager.default.removeItem(atPath: path)
    }

    @Test("it is preallocated, takes what was reserved, and refuses what does not fit")
    func capacity() throws {
        let path = path()
        var spool = try Spool(path: path)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(size == Spool.capacity)
        let record = [UInt8](repeating: 7, count: Spool.recordRoom - Spool.frameBytes)
        let most = Spool.capacityRecords
        let isDurable = spool.append(Array(repeating: record, count: most))
        #expect(isDurable)
        let overflows = spool.append([record])
        #expect(!overflows)
        let isClear = spool.clear()
        #expect(isClear)
        let fitsAgain = spool.append([record])
        #expect(fitsAgain)
        try FileManager.default.removeItem(atPath: path)
    }

    @Test("a settlement comes back as it went in; briefly, without what only informs")
    func coding() throws {
        var usage = Usage()
        usage.set(.input, to: 12, .reported)
        usage.set(.cacheRead, to: 3, .derived)
        usage.set(.output, to: 4, .estimated)
        let hold = Hold(
            groupID: ModelGroupID(3),
            multiplier: try Multiplier(basisPoints: 12_345),
            amount: Money(picoDollars: 77),
            outputLimit: 9,
            isClamped: true,
            parts: [
                HoldPart(lane: .grant(GrantID(5)), amount: Money(picoDollars: 77)),
                HoldPart(lane: .key(APIKeyID(6)), amount: Money(picoDollars: 77)),
            ]
        )
        let settlement = Settlement(
            call: Books.call(4),
            hold: hold,
            result: CallResult(
                outcome: .captured,
                usage: usage,
                charge: Money(picoDollars: 70),
                cost: Money(picoDollars: 60),
                excess: Money(picoDollars: 1),
                flags: [.estimated, .clientGone],
                statusCode: 200,
                endedAt: Instant(microseconds: 99),
                durationMilliseconds: 5,
                firstByteMilliseconds: nil,
                rawUsage: Array("{}".utf8)
            )
        )
        for isBrief in [false, true] {
            let bytes = SettlementCoding.encode(settlement, isBrief: isBrief)
            let back = try #require(SettlementCoding.decode(bytes))
            #expect(back.hold == settlement.hold)
            #expect(back.call.id == settlement.call.id && back.call.startedAt == settlement.call.startedAt)
            #expect(back.call.userAgent == (isBrief ? "" : settlement.call.userAgent))
            #expect(back.result.usage == usage && back.result.charge == settlement.result.charge)
            #expect(back.result.rawUsage == (isBrief ? nil : settlement.result.rawUsage))
            #expect(back.result.flags == settlement.result.flags && back.result.firstByteMilliseconds == nil)
            // No prefix of it is a settlement, and none traps.
            for count in 0..<bytes.count { #expect(SettlementCoding.decode(Array(bytes.prefix(count))) == nil) }
        }
    }

    @Test("a settlement with a long answer of its upstream still fits its reserved room")
    func room() {
        let call = Books.call(1)
        let long = Settlement(
            call: CallIntent(
                id: call.id,
                userID: call.userID,
                keyID: call.keyID,
                modelID: call.modelID,
                routeID: call.routeID,
                providerID: call.providerID,
                priceVersionID: call.priceVersionID,
                endpoint: call.endpoint,
                isStreamed: true,
                estimatedInputTokens: .max,
                estimatedInputPrice: Money(picoDollars: .max),
                startedAt: call.startedAt,
                clientAddress: String(repeating: "f", count: 45),
                userAgent: String(repeating: "a", count: 60_000),
                clientRequestID: String(repeating: "b", count: 60_000)
            ),
            hold: Hold(
                groupID: Books.group,
                multiplier: .one,
                amount: Money(picoDollars: 60),
                outputLimit: 1,
                isClamped: false,
                parts: (0..<60).map { HoldPart(lane: .grant(GrantID($0)), amount: Money(picoDollars: 1)) }
            ),
            result: Books.settlement(
                1,
                hold: Hold(
                    groupID: Books.group,
                    multiplier: .one,
                    amount: .zero,
                    outputLimit: 1,
                    isClamped: false,
                    parts: []
                ),
                charge: .zero
            ).result
        )
        #expect(SettlementCoding.encode(long).count > Spool.recordRoom)
        #expect(SettlementCoding.encode(long, isBrief: true).count + Spool.frameBytes <= Spool.recordRoom)
    }
}
