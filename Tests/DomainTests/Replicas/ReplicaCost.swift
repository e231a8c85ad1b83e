import Foundation
import Testing

@testable import Domain

/// What many replicas reach over one database, by the assumptions of ``ReplicaSettings``, for one account and for many.
/// Prints a table, so it runs only where asked for: `TOKENAUDIT_COST=1 swift test --filter ReplicaCost`. The figures are of
/// simulated time and do not depend on the build.
@Suite("what replicas reach", .enabled(if: ProcessInfo.processInfo.environment["TOKENAUDIT_COST"] == "1"), .serialized)
struct ReplicaCost {
    private struct Case {
        let users: Int64
        let machines: Int
        let cores: Int
        let flush: Int64
        let batch: Int
        let clients: Int
    }

    /// One machine with everything on it; then what a hundred thousand calls a second take.
    private static let cases = [
        Case(users: 1, machines: 2, cores: 2, flush: 250, batch: 128, clients: 2_000),
        Case(users: 1, machines: 2, cores: 2, flush: 250, batch: 32, clients: 2_000),
        Case(users: 10_000, machines: 2, cores: 2, flush: 250, batch: 128, clients: 2_000),
        Case(users: 10_000, machines: 2, cores: 2, flush: 250, batch: 32, clients: 2_000),
        Case(users: 200_000, machines: 2, cores: 2, flush: 250, batch: 128, clients: 2_000),
        Case(users: 1, machines: 16, cores: 16, flush: 500, batch: 128, clients: 4_000),
        Case(users: 200_000, machines: 16, cores: 16, flush: 500, batch: 128, clients: 12_000),
        Case(users: 200_000, machines: 16, cores: 16, flush: 500, batch: 32, clients: 12_000),
        Case(users: 200_000, machines: 16, cores: 16, flush: 2_000, batch: 32, clients: 12_000),
    ]

    @Test("calls a second for one account and for many, by replicas and the database's cores")
    func reached() throws {
        print(
            "accounts  replicas  cores  flush ms  batch ≤   calls/s  batch  cores busy  flushes/s  hold p50/p99 ms  bill p50/p99 ms"
        )
        for each in Self.cases {
            var settings = ReplicaSettings()
            settings.machines = each.machines
            settings.clients = each.clients
            settings.users = each.users
            settings.callsFunded = 100_000_000
            settings.seconds = 1
            settings.hasFaults = false
            settings.cores = each.cores
            settings.flush = each.flush
            settings.largestBatch = each.batch
            settings.upstream = 50_000...100_000
            settings.pause = 100...2_000
            settings.longestQueue = 100_000
            var simulation = try ReplicaSimulation(seed: 1, settings)
            try simulation.run()
            print(Self.row(simulation.figures, settings))
        }
    }

    private static func row(_ figures: ReplicaFigures, _ settings: ReplicaSettings) -> String {
        let seconds = Double(settings.seconds)
        func milliseconds(_ waits: [Int64]) -> String {
            let values = [0.5, 0.99].map { Double(ReplicaFigures.quantile($0, of: waits)) / 1_000 }
            return String(format: "%.1f / %.1f", values[0], values[1])
        }
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return [
            padded("\(settings.users)", 8), padded("\(settings.machines)", 10), padded("\(settings.cores)", 7),
            padded(String(format: "%.2f", Double(settings.flush) / 1_000), 10), padded("\(settings.largestBatch)", 9),
            padded("\(Int(Double(figures.ended) / seconds))", 10),
            padded("\(figures.admitted / max(1, figures.admitBatches))", 7),
            padded(String(format: "%.1f", Double(figures.coreMicroseconds) / seconds / 1e6), 12),
            padded("\(Int(Double(figures.flushes) / seconds))", 11), padded(milliseconds(figures.admitWaits), 17),
            padded(milliseconds(figures.settleWaits), 17),
        ].joined()
    }
}
