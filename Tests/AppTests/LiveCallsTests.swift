import Domain
import Foundation
import HTTPTypes
import Logging
import NIOCore
import Testing

@testable import Admin

@Suite("live calls", .serialized) struct LiveCallsTests {
    /// A stage whose calls are followed.
    private struct LiveStage {
        let books: BooksStage
        let live: LiveCalls
        let reading: Task<Void, Never>

        init(_ set: (inout LiveBoard.Limits) -> Void = { _ in }) async throws {
            books = try await BooksStage()
            for role in [Role.user, .auditor] { _ = try await books.quota(of: role) }
            var limits = LiveBoard.Limits()
            set(&limits)
            live = LiveCalls(
                log: books.administration.calls,
                sessions: books.administration.sessions,
                limits: limits,
                interval: .milliseconds(2)
            ) { [clock = books.clock] in clock.now }
            reading = Task { [live, logger = books.log.logger] in await live.run(logger: logger) }
        }

        /// Listens with a session of its own.
        func listen(_ role: Role, as reader: CallReader) async throws -> (
            events: AsyncStream<ByteBuffer>.Iterator, session: SessionID
        ) {
            let sessions = books.administration.sessions
            let login = try #require(try await sessions.login(email: AdministrationStage.email(role)))
            let digest = try #require(TokenDigest((0..<32).map { _ in UInt8.random(in: 0...255) }))
            let standing = try await sessions.open(
                of: login,
                refresh: digest,
                expiresAt: Instant(microseconds: books.clock.now.microseconds + 60_000_000),
                address: "192.0.2.1",
                userAgent: "agent"
            )
            let caller = Caller(user: login.userID, session: standing.id, role: role, isByCookie: false)
            var filter = LiveFilter()
            if reader == .owner { filter.userID = login.userID }
            let least: Role = reader == .owner ? .user : .auditor
            let stream = try live.listen(LiveListener(caller, atLeast: least, as: reader, filter: filter))
            return (stream.makeAsyncIterator(), standing.id)
        }

        func end() async {
            live.stop()
            reading.cancel()
            await reading.value
        }
    }

    /// The next chunk that is no comment; nil at the end.
    private static func next(_ events: inout AsyncStream<ByteBuffer>.Iterator) async -> String? {
        while let chunk = await events.next() {
            let text = String(buffer: chunk)
            if !text.hasPrefix(":") { return text }
        }
        return nil
    }

    /// The first chunk.
    private static func first(_ events: inout AsyncStream<ByteBuffer>.Iterator) async -> String? {
        await events.next().map { String(buffer: $0) }
    }

    @Test("a listener gets rows as its list has them, one's own or everybody's; what ended before is no news")
    func rows() async throws {
        let stage = try await LiveStage()
        _ = try await stage.books.call(of: .user, charge: 1_000_000, random: 1)
        var (own, _) = try await stage.listen(.user, as: .owner)
        var (all, _) = try await stage.listen(.auditor, as: .auditor)
        #expect(await Self.first(&own) == LiveParcel.greeting)
        #expect(await Self.first(&all) == LiveParcel.greeting)
        stage.books.clock.advance(seconds: 1)
        let theirs = try await stage.books.call(of: .auditor, charge: 1_000_000, random: 2)
        // The auditor has heard of it, so the user would have too.
        var heard = ""
        while !heard.contains("\"state\":\"captured\"") { heard += try #require(await Self.next(&all)) }
        #expect(heard.contains("id: \(theirs)\nevent: request\n") && heard.contains("provider_cost"))
        let mine = try await stage.books.call(of: .user, charge: 2_000_000, random: 3)
        heard = ""
        while !heard.contains("\"state\":\"captured\"") { heard += try #require(await Self.next(&own)) }
        #expect(!heard.contains(theirs.description) && !heard.contains("provider"))
        let token = try await stage.books.access(.user)
        let list = try await stage.books.ask("GET", "/api/me/requests/", token: token)
        let row = try #require((list.json["results"] as? [[String: Any]])?.first)
        #expect(row["request_id"] as? String == mine.description)
        let data = try #require(heard.split(separator: "data: ").last?.split(separator: "\n").first)
        let told = try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any]
        #expect(NSDictionary(dictionary: try #require(told)) == NSDictionary(dictionary: row))
        await stage.end()
    }

    @Test("a logout ends the stream, and that one alone; so does what the database says of the role")
    func logout() async throws {
        let stage = try await LiveStage()
        var (first, session) = try await stage.listen(.user, as: .owner)
        var (other, _) = try await stage.listen(.user, as: .owner)
        var (auditor, _) = try await stage.listen(.auditor, as: .auditor)
        #expect(await Self.first(&first) == LiveParcel.greeting)
        try await stage.books.administration.sessions.close(session)
        #expect(await Self.next(&first) == nil)
        #expect(await Self.first(&other) == LiveParcel.greeting)
        #expect(await Self.first(&auditor) == LiveParcel.greeting)
        var changes = AccountChanges()
        changes.role = .user
        let id = UserID(stage.books.id(.auditor))
        _ = try await stage.books.administration.accounts.update(id, changes, if: .none, by: .command("test"))
        #expect(await Self.next(&auditor) == nil)
        _ = try await stage.books.call(of: .user, charge: 1_000_000, random: 1)
        #expect(await Self.next(&other)?.contains("event: request") == true)
        await stage.end()
    }

    @Test("whoever goes makes room; at a stop all end, and nobody comes")
    func rooms() async throws {
        let stage = try await LiveStage { ($0.listeners, $0.ofUser) = (2, 1) }
        do {
            var (events, _) = try await stage.listen(.user, as: .owner)
            #expect(await Self.first(&events) == LiveParcel.greeting)
            await #expect(throws: LiveCalls.Refusal.tooMany) { try await stage.listen(.user, as: .owner) }
        }
        var (events, _) = try await stage.listen(.user, as: .owner)
        var (others, _) = try await stage.listen(.auditor, as: .auditor)
        await #expect(throws: LiveCalls.Refusal.tooMany) { try await stage.listen(.admin, as: .auditor) }
        #expect(await Self.first(&events) == LiveParcel.greeting)
        #expect(await Self.first(&others) == LiveParcel.greeting)
        await stage.end()
        #expect(await Self.next(&events) == nil)
        #expect(await Self.next(&others) == nil)
        await #expect(throws: LiveCalls.Refusal.stopped) { try await stage.listen(.user, as: .owner) }
    }

    @Test("too many streams are 429 with a time to come again")
    func routes() async throws {
        let books = try await BooksStage()
        let token = try await books.access(.auditor)
        let answer = try await books.ask("GET", "/api/admin/requests/live/?user=3&model=1", token: token)
        #expect(answer.status == 200 && answer.headers[.contentType] == "text/event-stream")
        #expect(answer.headers.contains { $0.name.canonicalName == "x-accel-buffering" && $0.value == "no" })
        for query in ["user=0", "model=x", "state=open", "cursor=1"] {
            #expect(try await books.ask("GET", "/api/admin/requests/live/?\(query)", token: token).status == 400)
        }
        #expect(try await books.ask("GET", "/api/me/requests/live/?user=1", token: token).status == 400)
        let caller = Caller(user: UserID(books.id(.auditor)), session: SessionID(1), role: .auditor, isByCookie: false)
        let live = books.administration.live
        // Those of the answers above have gone.
        let streams = try (0..<LiveBoard.Limits().ofUser).map { _ in
            try live.listen(LiveListener(caller, atLeast: .user, as: .owner, filter: LiveFilter()))
        }
        let refused = try await books.ask("GET", "/api/me/requests/live/", token: token)
        #expect(refused.status == 429 && refused.headers[.retryAfter] == "5", "\(refused.text)")
        withExtendedLifetime(streams) {}
        live.stop()
        #expect(try await books.ask("GET", "/api/me/requests/live/", token: token).status == 503)
    }
}
