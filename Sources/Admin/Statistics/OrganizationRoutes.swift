import Domain
import Hummingbird

/// OpenAI's usage and costs API for programs that know it, `/v1/organization/…`: for staff's access tokens, in UTC.
///
/// All calls count as completions. Costs are what was charged here, refunds apart.
struct OrganizationRoutes: Sendable {
    static let paths = ["/organization/usage/completions", "/organization/costs"]

    /// By what usage may be grouped or filtered: OpenAI's name, the filter's name.
    private static let dimensions: [(name: String, filter: String, dimension: UsageDimension)] = [
        ("user_id", "user_ids", .user), ("api_key_id", "api_key_ids", .key), ("model", "models", .model),
    ]

    let administration: Administration

    private var statistics: any Statistics { administration.statistics }

    func add(to group: RouterGroup<ControlPlane.Context>) {
        let gate = Guard(administration: administration)
        group.get("organization/usage/completions") { request, _ in
            _ = try await gate.caller(of: request, atLeast: .auditor)
            return try await answering { try await completions(request) }
        }
        group.get("organization/costs") { request, _ in
            _ = try await gate.caller(of: request, atLeast: .auditor)
            return try await answering { try await costs(request) }
        }
    }

    private func completions(_ request: Request) async throws -> Response {
        let query = try OrganizationQuery(
            request,
            widths: [(.day, 7, 31), (.hour, 24, 168)],
            groupings: Self.dimensions.map(\.name),
            filters: Self.dimensions.map(\.filter),
            now: administration.now()
        )
        let grouping = Self.dimensions.first { $0.name == query.groupBy }
        let filter = query.filters.first
        let filtered = Self.dimensions.first { $0.filter == filter?.name }
        guard query.filters.count <= 1, grouping == nil || filtered == nil || grouping?.name == filtered?.name else {
            throw ControlError.badParameter(
                query.filters.last?.name ?? "group_by",
                "Sums are kept of one of user, key and model at a time."
            )
        }
        let dimension = grouping?.dimension ?? filtered?.dimension ?? .all
        let answer = try await ask(query, dimension, ids: try await ids(filter?.values, dimension))
        let ids = Array(Set(answer.cells.keys.map(\.id)))
        let names = grouping?.dimension == .model ? try await statistics.names(of: ids, in: .model) : [:]
        return page(query, answer) { cells in
            guard let grouping else {
                let sums = cells.reduce(into: UsageSums()) { $0.add($1.sums) }
                return cells.isEmpty ? [] : [CompletionsResult(sums: sums)]
            }
            return cells.map { id, sums in
                var result = CompletionsResult(sums: sums)
                switch grouping.dimension {
                case .user: result.userID = String(id)
                case .key: result.keyID = String(id)
                default: result.model = names[id]
                }
                return result
            }
        }
    }

    private func costs(_ request: Request) async throws -> Response {
        let query = try OrganizationQuery(
            request,
            widths: [(.day, 7, 180)],
            groupings: ["line_item"],
            filters: [],
            now: administration.now()
        )
        let answer = try await ask(query, query.groupBy == nil ? .all : .model, ids: nil)
        let ids = Array(Set(answer.cells.keys.map(\.id)))
        let names = query.groupBy == nil ? [:] : try await statistics.names(of: ids, in: .model)
        return page(query, answer) { cells in
            cells.map { CostsResult(spend: $1.spend, lineItem: query.groupBy == nil ? nil : names[$0]) }
        }
    }

    // MARK: - Both

    private func answering(_ body: () async throws -> Response) async throws -> Response {
        do { return try await body() } catch let error as StatisticsError {
            let told = ControlError(error)
            guard let (name, messages) = told.fields.first, let message = messages.first else { throw told }
            // OpenAI's envelope names one parameter.
            let parameter = ["step": "bucket_width", "from": "start_time"][name] ?? name
            throw ControlError.badParameter(parameter, message)
        }
    }

    private func ask(
        _ query: OrganizationQuery,
        _ dimension: UsageDimension,
        ids: [Int64]?
    ) async throws -> StatisticsAnswer {
        try await statistics.answer([
            StatisticsQuestion(
                range: query.range,
                zone: .utc,
                step: query.width == .hour ? .hour : .day,
                dimension: dimension,
                ids: ids
            )
        ])[0]
    }

    private func ids(_ values: [String]?, _ dimension: UsageDimension) async throws -> [Int64]? {
        guard let values else { return nil }
        // What is no id is nobody's.
        if dimension == .model { return try await statistics.models(named: Array(values.prefix(200))) }
        return values.prefix(200).compactMap { PositiveNumber.read($0) }
    }

    private func page<Item: Encodable & Sendable>(
        _ query: OrganizationQuery,
        _ answer: StatisticsAnswer,
        results: ([(id: Int64, sums: UsageSums)]) -> [Item]
    ) -> Response {
        let cells = Dictionary(grouping: answer.cells, by: \.key.bucket)
        let buckets = (0..<answer.buckets.count).map { index in
            let range = answer.buckets[index]
            let found = (cells[index] ?? []).map { (id: $0.key.id, sums: $0.value) }.sorted { $0.id < $1.id }
            return OrganizationPage<Item>.Bucket(
                start: range.lowerBound.microseconds / 1_000_000,
                end: range.upperBound.microseconds / 1_000_000,
                results: results(found)
            )
        }
        return JSONAnswer.response(OrganizationPage(data: buckets, next: query.next))
    }
}
