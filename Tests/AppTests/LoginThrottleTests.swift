import Testing

@testable import Admin

@Suite("login throttle") struct LoginThrottleTests {
    /// One step: who tries when, how that ends, and how long the throttle has them wait.
    struct Step {
        enum End { case fails, succeeds, isAbandoned }

        let at: Double
        let email: String
        let network: String
        let end: End
        let wait: Int64?

        init(_ at: Double, _ email: String, _ network: String, _ end: End, wait: Int64? = nil) {
            self.at = at
            self.email = email
            self.network = network
            self.end = end
            self.wait = wait
        }
    }

    static func failures(_ count: Int, at: Double = 0, _ email: String = "a", _ network: String = "1") -> [Step] {
        (0..<count).map { _ in Step(at, email, network, .fails) }
    }

    @Test(
        "waits",
        arguments: [
            ("five failures cost nothing, the sixth has to wait", failures(5) + [Step(0, "a", "1", .fails, wait: 1)]),
            (
                "each failure after that doubles the wait; one refused does not",
                failures(5) + [
                    Step(0.5, "a", "1", .fails, wait: 1), Step(1, "a", "1", .fails), Step(1, "a", "1", .fails, wait: 2),
                    Step(3, "a", "1", .fails), Step(3, "a", "1", .fails, wait: 4), Step(6.2, "a", "1", .fails, wait: 1),
                ]
            ),
            (
                "another network, and another email, are not made to wait",
                failures(5) + [
                    Step(0, "a", "1", .fails, wait: 1), Step(0, "a", "2", .fails), Step(0, "b", "1", .fails),
                ]
            ),
            ("a success clears", failures(4) + [Step(0, "a", "1", .succeeds)] + failures(5)),
            (
                "what came to no answer does not count",
                failures(4) + (0..<9).map { _ in Step(0, "a", "1", .isAbandoned) } + failures(1)
            ),
            ("an hour's quiet clears", failures(5) + [Step(3_600, "a", "1", .fails)] + failures(4, at: 3_600)),
            (
                "fifty failures of a network have it wait to the end of its ten minutes, whoever it asks for",
                (0..<50).map { Step(0, "user \($0)", "1", .fails) } + [
                    Step(1, "new", "1", .fails, wait: 599), Step(1, "new", "2", .fails),
                    Step(600, "new", "1", .fails),
                ]
            ),
            (
                "a good account does not pay for a spray",
                (0..<49).map { Step(0, "user \($0)", "1", .fails) } + [
                    Step(0, "mine", "1", .succeeds), Step(0, "x", "1", .fails), Step(0, "y", "1", .fails, wait: 600),
                ]
            ),
        ]
    )
    func waits(name: String, steps: [Step]) {
        var throttle = LoginThrottle()
        for (index, step) in steps.enumerated() {
            let wait = throttle.begin(email: step.email, network: step.network, now: .seconds(step.at))
            #expect(wait == step.wait, "\(name), step \(index)")
            guard wait == nil else { continue }
            switch step.end {
            case .fails: break
            case .succeeds: throttle.succeeded(email: step.email, network: step.network)
            case .isAbandoned: throttle.abandoned(email: step.email, network: step.network)
            }
        }
    }

    @Test("the wait grows to a quarter of an hour and no further")
    func delays() {
        #expect((0...4).map(LoginThrottle.delaySeconds(after:)) == [0, 0, 0, 0, 0])
        #expect(
            [5, 6, 10, 14, 15, 16, 1_000, Int.max].map(LoginThrottle.delaySeconds(after:)) == [
                1, 2, 32, 512, 900, 900, 900, 900,
            ]
        )
    }

    @Test("its memory has an end, and keeps the newest")
    func memory() {
        var throttle = LoginThrottle()
        for index in 0..<25_000 {
            _ = throttle.begin(email: "user \(index)", network: "\(index)", now: .milliseconds(index))
            #expect(throttle.count <= LoginThrottle.largestCount)
        }
        for _ in 0..<4 { #expect(throttle.begin(email: "user 24999", network: "24999", now: .seconds(25)) == nil) }
        #expect(throttle.begin(email: "user 24999", network: "24999", now: .seconds(25)) == 1)
    }
}
