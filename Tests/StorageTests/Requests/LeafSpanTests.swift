import Testing

@testable import Storage

@Suite("how many leaves are read") struct LeafSpanTests {
    @Test(
        "the newest bills that fit, one row at least; what is passed over is counted",
        arguments: [
            ("nothing", [], 7, 10, nil, 0, 0), ("all fit", [(10, 3), (7, 3)], 7, 10, 7, 6, 0),
            ("the newest fit", [(20, 4), (10, 10), (7, 3)], 7, 10, 20, 4, 13),
            ("one row of more than fit", [(7, 50)], 7, 10, 7, 50, 0), ("no room", [(9, 1), (7, 2)], 7, 0, nil, 0, 3),
            ("more rows than were read", [(30, 2), (28, 2)], 7, 10, 28, 4, 21),
            // Acts are no calls.
            ("acts between", [(10, 2), (-9, 1), (8, 1), (-7, 1)], 7, 10, 8, 3, 0),
            ("nothing but acts", [(-8, 1), (-7, 1)], 7, 10, nil, 0, 0),
        ] as [(String, [(Int64, Int64)], Int64, Int64, Int64?, Int64, Int64)]
    )
    func newest(
        name: String,
        rows: [(Int64, Int64)],
        since start: Int64,
        most: Int64,
        first: Int64?,
        count: Int64,
        unread: Int64
    ) {
        let spans = rows.map { LeafSpan(first: abs($0.0), count: $0.1, isBills: $0.0 > 0) }
        let range = LeafSpan.newest(spans, since: start, most: most)
        #expect(range == (first, count, unread), "\(name)")
    }
}
