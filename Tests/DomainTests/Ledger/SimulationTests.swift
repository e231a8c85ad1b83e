import Testing

@testable import Domain

@Suite("The ledger under simulation")
struct SimulationTests {
    @Test("conserves every lane after every step", arguments: [1, 2, 3, 20_260_101] as [UInt64])
    func conserves(seed: UInt64) throws {
        var simulation = try Simulation(seed: seed)
        try simulation.run(steps: 20_000)
        let never = Self.mustHappen.filter { simulation.tally[$0, default: 0] == 0 }
        #expect(never.isEmpty, "these never happened, so nothing is proved of them")
    }

    private static let mustHappen = [
        "held", "clamped", "spans grants", "insufficientQuota", "heldByRunningCalls", "keyLimitReached", "commit lost",
        "rows lost", "admission unacknowledged", "voided unknown", "late spool", "crash", "void", "chargeHold",
        "chargeInput", "repeated", "closed before", "orphan", "orphan at a loss", "corrected up", "corrected down",
        "confirmed", "corrected after a refund", "carried over", "correction at a loss", "refund", "refund refused",
        "topUp", "reduction", "forfeited at its end",
        "deactivation", "expiry", "renewed", "edit refused",
    ]
}
