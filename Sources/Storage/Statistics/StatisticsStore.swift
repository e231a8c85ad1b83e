package import Domain

/// Statistics from the roll-ups, each ask in one snapshot.
package struct StatisticsStore: Statistics {
    private let desk: ControlDesk
    private let zones: any TimeZones

    package init(desk: ControlDesk, zones: any TimeZones) {
        self.desk = desk
        self.zones = zones
    }

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

    package func models(named names: [String]) async throws(StatisticsError) -> [Int64] {
        try await reading { try DimensionNames.models(named: names, $0) }
    }

    package func keys(of user: UserID) async throws(StatisticsError) -> [Int64] {
        try await reading { try DimensionNames.keys(of: user, $0) }
    }

    package func flow(_ question: FlowQuestion) async throws(StatisticsError) -> FlowAnswer {
        try await reading { [clock = desk.clock] in try FlowReader.answer(question, now: clock(), $0) }
    }

    package func zone(named name: String) async throws(StatisticsError) -> Zone {
        try await reading { [zones] _ in
            guard let zone = zones.zone(named: name) else { throw StatisticsError.unknownZone }
            return zone
        }
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
