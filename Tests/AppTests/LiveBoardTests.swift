import Domain
import Testing

@testable import Admin

@Suite("who listens to calls") struct LiveBoardTests {
    private static func glance(_ number: UInt64, _ hasEnded: Bool, user: Int64 = 1, model: Int64 = 1) -> CallGlance {
        CallGlance(
            id: CallID(high: 1, low: number),
            hasEnded: hasEnded,
            userID: UserID(user),
            keyID: APIKeyID(2),
            modelID: ModelID(model),
            providerID: ProviderID(3),
            groupID: ModelGroupID(4)
        )
    }

    private static func listener(
        _ user: Int64 = 1,
        session: Int64 = 1,
        as reader: CallReader = .owner,
        model: Int64? = nil
    ) -> LiveListener {
        var filter = LiveFilter(modelID: model.map { ModelID($0) })
        if reader == .owner { filter.userID = UserID(user) }
        let role: Role = reader == .owner ? .user : .auditor
        let caller = Caller(user: UserID(user), session: SessionID(session), role: role, isByCookie: false)
        return LiveListener(caller, atLeast: role, as: reader, filter: filter)
    }

    /// One with a listener.
    private static func board(
        _ limits: LiveBoard.Limits = LiveBoard.Limits(),
        with listener: LiveListener = listener()
    ) -> (LiveBoard, LiveBoard.ID) {
        var board = LiveBoard(limits)
        guard let id = board.add(listener) else { preconditionFailure("there is room for one") }
        return (board, id)
    }

    @Test(
        "a filter passes what has all that it names",
        arguments: [
            ("nothing", LiveFilter(), true), ("the user", LiveFilter(userID: UserID(1)), true),
            ("another user", LiveFilter(userID: UserID(2)), false), ("the key", LiveFilter(keyID: APIKeyID(2)), true),
            ("another key", LiveFilter(keyID: APIKeyID(1)), false),
            ("another model", LiveFilter(modelID: ModelID(2)), false),
            ("another provider", LiveFilter(providerID: ProviderID(1)), false),
            ("another group", LiveFilter(groupID: ModelGroupID(1)), false),
            ("the user, another model", LiveFilter(userID: UserID(1), modelID: ModelID(2)), false),
        ]
    )
    func filters(name: String, filter: LiveFilter, passes: Bool) {
        #expect(filter.matches(Self.glance(1, true)) == passes, "\(name)")
    }

    @Test("endings go before beginnings and newer before older where there are too many; others' are never told")
    func selection() {
        let glances =
            (1...3).map { Self.glance($0, false) } + (4...6).map { Self.glance($0, true) }
            + (7...9).map { Self.glance($0, true, user: 2) }
        for (most, told, skipped) in [
            (9, [1, 2, 3, 4, 5, 6], 0), (6, [1, 2, 3, 4, 5, 6], 0), (4, [3, 4, 5, 6], 0), (3, [4, 5, 6], 0),
            (2, [5, 6], 1), (0, [], 3),
        ] as [(Int, [UInt64], Int64)] {
            let found = Self.listener().selection(of: glances, most: most)
            #expect(found.calls.map(\.low) == told && found.skipped == skipped, "\(most)")
        }
    }

    @Test("what is told is whole events; what is missing is counted, and what others do is told to auditors alone")
    func parcels() throws {
        let glances = [Self.glance(1, false), Self.glance(2, true), Self.glance(3, true)]
        let texts = [CallID(high: 1, low: 1): "{1}", CallID(high: 1, low: 2): "{2}"]
        func parcel(_ listener: LiveListener, unread: Int64 = 0, most: Int = 9) -> LiveParcel? {
            LiveParcel(to: listener, glances, texts: texts, unread: unread, most: most)
        }
        func event(_ number: UInt64) -> String {
            "id: \(CallID(high: 1, low: number))\nevent: request\ndata: {\(number)}\n\n"
        }
        func skipped(_ count: Int64, _ isExact: Bool) -> String {
            "event: skipped\ndata: {\"count\":\(count),\"is_exact\":\(isExact)}\n\n"
        }
        // The third could not be read: too many were wanted.
        #expect(parcel(Self.listener())?.text == event(1) + event(2) + skipped(1, true))
        #expect(parcel(Self.listener(2)) == nil)
        #expect(parcel(Self.listener(), most: 1)?.text == skipped(2, true))
        #expect(parcel(Self.listener(2), unread: 40)?.text == skipped(0, false))
        #expect(parcel(Self.listener(as: .auditor), unread: 40)?.text == event(1) + event(2) + skipped(41, true))
        let filtered = Self.listener(as: .auditor, model: 9)
        #expect(parcel(filtered, unread: 40)?.text == skipped(0, false))
        // What is lost with a parcel is told with the next one.
        var (board, id) = Self.board()
        let lost = try #require(parcel(Self.listener()))
        let isCut = board.refused(lost, by: id)
        #expect(lost.ended == 2 && !isCut)
        #expect(parcel(try #require(board.listeners[id]))?.text == event(1) + event(2) + skipped(3, true))
        board.delivered(to: id)
        #expect(board.listeners[id]?.skipped == 0)
    }

    @Test("a reader that takes nothing for long is cut, and one that takes something is not")
    func slow() throws {
        var limits = LiveBoard.Limits()
        limits.refusals = 3
        var (board, id) = Self.board(limits)
        let glances = [Self.glance(1, true)]
        func refuse() throws -> Bool {
            let listener = try #require(board.listeners[id])
            let parcel = try #require(LiveParcel(to: listener, glances, texts: [:], unread: 0, most: 9))
            return board.refused(parcel, by: id)
        }
        var told = [try refuse(), try refuse()]
        #expect(board.listeners[id]?.skipped == 2)
        board.delivered(to: id)
        told += [try refuse(), try refuse(), try refuse()]
        #expect(told == [false, false, false, false, true])
    }

    @Test("so many listen at once, of a user and of all")
    func limits() throws {
        var limits = LiveBoard.Limits()
        (limits.listeners, limits.ofUser) = (3, 2)
        var board = LiveBoard(limits)
        let first = board.add(Self.listener(1))
        let others = [
            board.add(Self.listener(1)), board.add(Self.listener(1)), board.add(Self.listener(2, session: 2)),
            board.add(Self.listener(3)),
        ]
        #expect(others.map { $0 != nil } == [true, false, true, false])
        #expect(board.sessions == [SessionID(1), SessionID(2)])
        board.remove(try #require(first))
        let next = board.add(Self.listener(1))
        #expect(next != nil && next != first)
    }

    @Test(
        "whose session has ended, is another's, has expired or has too low a role now listens no more",
        arguments: [
            (1, Role.auditor, 10, true), (1, .superAdmin, 10, true), (1, .user, 10, false), (2, .auditor, 10, false),
            (1, .auditor, 5, false), (nil, .auditor, 10, false),
        ] as [(Int64?, Role, Int64, Bool)]
    )
    func sessions(user: Int64?, role: Role, expiry: Int64, stays: Bool) throws {
        let (board, id) = Self.board(with: Self.listener(as: .auditor))
        let session = SessionID(1)
        let standing = user.map {
            SessionStanding(
                id: session,
                userID: UserID($0),
                role: role,
                expiresAt: Instant(microseconds: expiry)
            )
        }
        let found = standing.map { [session: $0] } ?? [:]
        #expect(board.ended(found, at: Instant(microseconds: 5)) == (stays ? [] : [id]))
    }

    @Test("whoever has heard nothing for a while hears that the stream lives")
    func keepAlive() throws {
        var limits = LiveBoard.Limits()
        limits.keepAliveSeconds = 3
        var (board, quiet) = Self.board(limits)
        let added = board.add(Self.listener())
        let busy = try #require(added)
        var told: [[Int]] = []
        for _ in 0..<6 {
            told.append(board.secondPassed())
            for id in told.last ?? [] { board.sent(to: id) }
            board.delivered(to: busy)
        }
        #expect(told == [[], [], [quiet], [], [], [quiet]])
    }

    @Test("no more is read than the bound, the newest of what anybody is to be told")
    func chosen() {
        var limits = LiveBoard.Limits()
        (limits.calls, limits.reads) = (2, 3)
        var board = LiveBoard(limits)
        let glances =
            (1...4).map { Self.glance($0, true, user: 1) } + (5...8).map { Self.glance($0, true, user: 2) }
        #expect(board.chosen(of: glances).isEmpty)
        _ = board.add(Self.listener(1))
        #expect(board.chosen(of: glances).map(\.low) == [3, 4])
        _ = board.add(Self.listener(2))
        #expect(board.chosen(of: glances).map(\.low) == [4, 7, 8])
    }
}
