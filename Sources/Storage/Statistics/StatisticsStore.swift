package import Domain

/// Statistics from the roll-ups, each ask in one snapshot.
package struct StatisticsStore: Statistics {
    private let desk: ControlDesk

    package init(desk: ControlDesk) { self.desk = desk }

    package func answer(
        _ questions: [StatisticsQuestion]
    ) async throws(StatisticsError) -> [StatisticsAnswer] {
        try await reading { [clock = desk.clock] connection in
            try questions.map { try StatisticsReader.answer($0, now: clock(), connection) }
        }
    }

    package func names(
        of ids: [Int64],
        in dimension: UsageDimension
    ) async throws(StatisticsError) -> [Int64: String] {
        try await reading { try DimensionNames.read(ids, in: dimension, $0) }
    }

    private func reading<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws(StatisticsError) -> Value {
        let result: Result<Value, StatisticsError>
        do {
            result = try await desk.read { connection in
                do { return .success(try body(connection)) } catch let error as StatisticsError {
                    return .failure(error)
                }
            }
        } catch { throw .unavailable("\(error)") }
        return try result.get()
    }
}
