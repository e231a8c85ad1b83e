import Dispatch
import Domain
import Foundation
import Testing

@testable import Storage

@Suite("kept bodies", .everyEngine, .namesEngine, .timeLimit(.minutes(5)))
struct BodyArchiveTests {
    private static let admin = Actor.user(UserID(1), .admin)

    @Test("come back as they were, to who may see them, each look a leaf; the file has nothing in clear")
    func roundTrip() async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let id = stage.id(1)
        try stage.book(id)
        let text = String(repeating: "CANARY of a prompt. ", count: 500)
        await stage.keep([stage.captured(id, request: text, answer: "CANARY of an answer"), stage.captured(id)])
        let body = try await stage.store.view(id, of: BodyStage.owner, by: .user(BodyStage.owner, .user))
        #expect(body.request == BodyStage.body(text) && body.answer == BodyStage.body("CANARY of an answer"))
        #expect(body.standing == (await stage.store.standing(of: id)))
        #expect(
            try stage.leaves().last
                == #"{"act":"body viewed","row":0,"fields":["\#(id)"],"actor":"user 4","at":"\#(stage.stage.clock.now())"}"#
        )
        let figures = try await stage.store.figures()
        #expect(figures.calls == 1 && figures.dropped == 0 && figures.waiting == 0 && figures.fileBytes > 0)
        #expect(figures.storedBytes < 500 && figures.oldest == id.time)
        let count = try stage.leaves().count
        await #expect(throws: DeskError.notFound) { try await stage.store.view(id, of: UserID(9), by: Self.admin) }
        #expect(try stage.leaves().count == count)
        stage.archive.file.close()
        for name in try FileManager.default.contentsOfDirectory(atPath: stage.folder) {
            let file = try #require(FileManager.default.contents(atPath: stage.folder + "/" + name))
            #expect(file.range(of: Data("CANARY".utf8)) == nil && file.range(of: Data("user".utf8)) == nil, "\(name)")
        }
    }

    @Test("why there is nothing is told: not captured, expired, erased, no such call")
    func absences() async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let (old, bare, erased) = (stage.id(1), stage.id(2), stage.id(3))
        for id in [old, bare, erased] { try stage.book(id) }
        await stage.keep([stage.captured(old), stage.captured(erased)])
        await #expect(throws: DeskError.absent(.notCaptured)) {
            try await stage.store.view(bare, of: nil, by: Self.admin)
        }
        await #expect(throws: DeskError.absent(.notCaptured)) { try await stage.store.erase(bare, by: Self.admin) }
        await #expect(throws: DeskError.notFound) { try await stage.store.view(stage.id(4), of: nil, by: Self.admin) }
        try await stage.store.erase(erased, by: Self.admin)
        #expect(try stage.leaves().last?.contains(#""act":"body erased","row":0,"fields":["\#(erased)"]"#) == true)
        await #expect(throws: DeskError.absent(.erased)) { try await stage.store.view(erased, of: nil, by: Self.admin) }
        await #expect(throws: DeskError.absent(.erased)) { try await stage.store.erase(erased, by: Self.admin) }
        #expect(await stage.store.standing(of: erased) == nil)
        #expect(try await stage.store.figures().calls == 1)
        // Over before anybody takes it away.
        stage.stage.clock.advance(seconds: 30 * BodyStage.day + 1)
        await #expect(throws: DeskError.absent(.expired)) { try await stage.store.view(old, of: nil, by: Self.admin) }
        #expect(await stage.store.standing(of: old) == nil)
    }

    @Test("an erasure leaves no byte of what was sealed in the file")
    func erasure() async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let id = stage.id(1)
        try stage.book(id)
        // Nothing that can be made smaller.
        let noise = CapturedBody(bytes: SecureRandom.bytes(20_000), wholeBytes: 20_000, isTruncated: false)
        await stage.keep([
            CapturedCall(id: id, capture: .full, isStreamed: false) { (noise, noise) }
        ])
        let sealed = try stage.archive.file.read { connection in
            try connection.query("SELECT request_data FROM api_request_bodies") { $0.blob(0) }
        }
        let piece = Data(try #require(sealed?.first)[10_000..<10_064])
        func files() throws -> Data {
            try FileManager.default.contentsOfDirectory(atPath: stage.folder).reduce(into: Data()) { all, name in
                all += FileManager.default.contents(atPath: stage.folder + "/" + name) ?? Data()
            }
        }
        #expect(try files().range(of: piece) != nil)
        try await stage.store.erase(id, by: Self.admin)
        #expect(try files().range(of: piece) == nil)
    }

    @Test("too many that wait are dropped and counted; those that wait are written")
    func crowded() async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let (isReading, reading) = AsyncStream<Void>.makeStream()
        let mayRead = DispatchSemaphore(value: 0)
        let slow = CapturedCall(id: stage.id(0), capture: .full, isStreamed: false) {
            reading.yield()
            mayRead.wait()
            return (BodyStage.body("a"), BodyStage.body("b"))
        }
        stage.archive.sink.keep(slow)
        for await _ in isReading { break }
        let more = BodyWriter.waitingLimit + 10
        for number in 1...more { stage.archive.sink.keep(stage.captured(stage.id(UInt64(number)))) }
        let crowd = stage.archive.writer.figures
        #expect(crowd.dropped == 10 && crowd.waiting == Int64(BodyWriter.waitingLimit) + 1)
        mayRead.signal()
        await stage.archive.writer.settled()
        let figures = try await stage.store.figures()
        #expect(figures.calls == Int64(BodyWriter.waitingLimit) + 1 && figures.dropped == 10 && figures.waiting == 0)
    }

    @Test("a disk that is full from the n-th write on costs bodies and nothing else, and they are kept again after it")
    func full() async throws {
        for writes in 0..<40 {
            let stage = try BodyStage()
            let disk = Disk(under: stage.folder)
            defer {
                disk.remove()
                stage.remove()
            }
            disk.set(.init(writesBeforeFull: writes))
            await stage.keep([stage.captured(stage.id(1))])
            let isFull = disk.failures > 0
            disk.set(.init())
            await stage.keep([stage.captured(stage.id(2))])
            let figures = try await stage.store.figures()
            #expect(figures.calls + figures.dropped == 2 && figures.calls >= 1, "after \(writes) writes")
            if !isFull { return }
        }
        Issue.record("the run is longer than the test goes")
    }

    @Test("a file that is none is told and left alone; bodies are kept once it is out of the way")
    func damagedFile() async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let path = stage.archive.file.path
        let garbage = Data("no database at all, and longer than a header of SQLite's would have to be".utf8)
        #expect(FileManager.default.createFile(atPath: path, contents: garbage))
        await stage.keep([stage.captured(stage.id(1))])
        #expect(stage.archive.writer.figures.dropped == 1)
        #expect(FileManager.default.contents(atPath: path) == garbage)
        #expect(await stage.store.standing(of: stage.id(1)) == nil)
        try FileManager.default.removeItem(atPath: path)
        await stage.keep([stage.captured(stage.id(2))])
        #expect(try await stage.store.figures().calls == 1)
    }

    @Test(
        "what was changed in a row, or moved to another, is refused and never shown",
        arguments: [
            "request_data = substr(request_data, 1, 20)", "request_data = x''", "response_data = request_data",
            "request_kept = request_kept + 1", "request_kept = -1", "request_kept = 9223372036854775807",
            "key_version = key_version + 1",
            "request_data = (SELECT request_data FROM api_request_bodies WHERE id = 2)",
        ]
    )
    func damagedRow(change: String) async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let id = stage.id(1)
        try stage.book(id)
        await stage.keep([stage.captured(id), stage.captured(stage.id(2))])
        try stage.archive.file.write { _ = try $0.execute("UPDATE api_request_bodies SET \(change) WHERE id = 1") }
        await #expect(throws: DeskError.conflict(.unreadable)) {
            try await stage.store.view(id, of: nil, by: Self.admin)
        }
    }

    @Test("under another master key nothing opens, nothing is kept, and calls go on; with the exchanged key all opens")
    func masterKeys() async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let id = stage.id(1)
        try stage.book(id)
        await stage.keep([stage.captured(id)])
        let new = MasterKey.random()
        let wrong = stage.reopened(Vault(master: new))
        await #expect(throws: DeskError.conflict(.unreadable)) {
            try await wrong.store.view(id, of: nil, by: Self.admin)
        }
        wrong.archive.sink.keep(stage.captured(stage.id(2)))
        await wrong.archive.writer.settled()
        #expect(wrong.archive.writer.figures.dropped == 1)
        wrong.archive.file.close()
        let report = try MasterKeyRotation(
            database: stage.stage.database,
            vault: Vault(master: new, previous: stage.stage.master)
        ) { [clock = stage.stage.clock] in clock.now() }.run()
        #expect(report.rewrapped == 2 && report.failed.isEmpty, "the pepper and the day's key")
        let right = stage.reopened(Vault(master: new))
        #expect(try await right.store.view(id, of: nil, by: Self.admin).request == BodyStage.body("question"))
        right.archive.file.close()
    }

    @Test("what is over goes in small steps, gives its pages back, and its days' keys with it")
    func retention() async throws {
        let stage = try BodyStage()
        defer { stage.remove() }
        let noise = CapturedBody(bytes: SecureRandom.bytes(4_096), wholeBytes: 4_096, isTruncated: false)
        for number in 0..<100 {
            await stage.keep([
                CapturedCall(id: stage.id(UInt64(number)), capture: .full, isStreamed: false) { (noise, noise) }
            ])
        }
        stage.stage.clock.advance(seconds: 20 * BodyStage.day)
        let young = stage.id(1_000)
        try stage.book(young)
        await stage.keep([stage.captured(young)])
        func keys() throws -> Int64? {
            try stage.stage.database.read { connection in
                try connection.query("SELECT COUNT(*) FROM secrets WHERE name = 'body_key'") { $0.int64(0) }.first
            }
        }
        func pages() throws -> Int64 {
            try stage.archive.file.read { try $0.query("PRAGMA page_count") { $0.int64(0) } }?.first ?? 0
        }
        let before = try pages()
        #expect(try !stage.archive.expireStep(keptSeconds: 30 * BodyStage.day) && keys() == 2)
        stage.stage.clock.advance(seconds: 11 * BodyStage.day)
        var steps = 1
        while try stage.archive.expireStep(keptSeconds: 30 * BodyStage.day) { steps += 1 }
        #expect(steps == 4 && steps * 32 > 100)
        let figures = try await stage.store.figures()
        #expect(figures.calls == 1 && figures.oldest == young.time)
        #expect(try pages() < before / 5)
        #expect(try keys() == 1)
        #expect(try await stage.store.view(young, of: nil, by: Self.admin).answer == BodyStage.body("answer"))
    }

    @Test("texts of every length come back from being compressed, and no size is believed")
    func deflate() {
        for length in [1, 2, 100, 65_537] {
            let text = (0..<length).map { UInt8(truncatingIfNeeded: $0 / 7) }
            let small = Deflate.compress(text)
            #expect(Deflate.decompress(small, count: length) == text)
            #expect(
                Deflate.decompress(small, count: length - 1) == nil
                    && Deflate.decompress(small, count: length + 1) == nil
            )
            #expect(Deflate.decompress(Array(small.dropLast(2)), count: length) == nil)
        }
        #expect(Deflate.decompress([1, 2, 3], count: 10) == nil)
    }
}
