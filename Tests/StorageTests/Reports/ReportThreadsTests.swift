import Dispatch
import Domain
import Testing

@testable import Storage

@Suite("reports")
struct ReportThreadsTests {
    @Test("take no more than their threads and queue, whatever is asked; the data plane reads on")
    func bounded() async throws {
        let books = try Books(grants: [Money(picoDollars: 1_000)])
        let storage = try books.open()
        let reports = StorageReports.threads()
        let gate = DispatchSemaphore(value: 0)
        let (database, asked) = (storage.reports, 300)
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<asked {
                group.addTask {
                    do {
                        return try await reports.run {
                            try database.read { connection in
                                gate.wait()
                                gate.signal()
                                return try connection.query("SELECT COUNT(*) FROM quota_grants") { $0.int64(0) } == [1]
                                    ? "read" : "wrong"
                            }
                        }
                    } catch { return "\(error)" }
                }
            }
            // Those that find no room answer at once; the others wait for the gate.
            var outcomes: [String: Int] = [:]
            for _ in 0..<(asked - 256) { outcomes[await group.next() ?? "", default: 0] += 1 }
            let rows = try? storage.database.read { try $0.query("SELECT COUNT(*) FROM users") { $0.int64(0) } }
            #expect(rows == [1])
            gate.signal()
            for await outcome in group { outcomes[outcome, default: 0] += 1 }
            return outcomes
        }
        #expect(outcomes == ["read": 256, "\(StorageError.busy)": asked - 256])
        try await storage.close()
    }
}
