import Testing

@testable import Domain

@Suite("replicas over one database")
struct ReplicaSimulationTests {
    @Test("books agree after every commit, whatever is killed, stopped, cut off or slow")
    func conserves() throws {
        var tally: [String: Int] = [:]
        for seed in [1, 2, 20_261_124] as [UInt64] {
            var simulation = try ReplicaSimulation(seed: seed, ReplicaSettings())
            do { try simulation.run() } catch { throw BrokenBooks(description: "seed \(seed), \(error)") }
            tally.merge(simulation.tally) { $0 + $1 }
        }
        let never = Self.mustHappen.filter { tally[$0, default: 0] == 0 }
        #expect(never.isEmpty, "these never happened, so nothing is proved of them")
    }

    @Test("exactly as many of a thousand calls are admitted as there is money for")
    func exactly() throws {
        var settings = ReplicaSettings()
        settings.machines = 3
        settings.clients = 1_000
        settings.users = 1
        settings.callsFunded = 100
        settings.asks = 1_000
        settings.hasFaults = false
        settings.costsItsHold = true
        var simulation = try ReplicaSimulation(seed: 1, settings)
        try simulation.run()
        #expect(simulation.figures.admitted == 1_000 && simulation.tally["answered"] == 100)
    }

    @Test("with faults never more than that hold money or are paid", arguments: [1, 4] as [UInt64])
    func atMost(seed: UInt64) throws {
        var settings = ReplicaSettings()
        settings.machines = 3
        settings.users = 1
        settings.callsFunded = 500
        settings.costsItsHold = true
        var simulation = try ReplicaSimulation(seed: seed, settings)
        try simulation.run()
        let paid = simulation.books.rows.values.filter { $0.charge > .zero }.count
        #expect(paid <= 500)
        #expect(simulation.tally["answered", default: 0] <= paid)
    }

    private static let mustHappen = [
        "503", "answered", "came back from the dead", "closed before", "commit lost", "commit unacknowledged",
        "corrected",
        "crash", "cut", "cut off", "declared dead", "idle in a transaction", "lock timeout", "not dispatched",
        "replayed",
        "resolved", "slow log", "spooled", "stall", "voided unknown",
    ]
}
