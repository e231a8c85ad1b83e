import Domain
import Foundation
import Synchronization

@testable import Admin
@testable import Storage

/// The catalogue's stores on a database of their own, with one row of each kind, and no DNS.
final class CatalogStage: Sendable {
    static let key = "upstream-canary-key-wxyz"

    /// Each route, the least role that may use it, and what it answers then, as ``target(of:)`` has it.
    static let routes: [(method: String, path: String, least: Role?, body: String?, status: Int)] = [
        ("GET", "/api/admin/providers", .auditor, nil, 200),
        ("POST", "/api/admin/providers", .admin, #"{"name":"n","base_url":"https://n.example/v1"}"#, 201),
        ("GET", "/api/admin/providers/{id}", .auditor, nil, 200),
        (
            "PUT", "/api/admin/providers/{id}", .admin,
            #"{"name":"n","dialect":"openai","base_url":"https://n.example","is_active":true}"#, 200
        ),
        ("PATCH", "/api/admin/providers/{id}", .admin, #"{"name":"n"}"#, 200),
        ("DELETE", "/api/admin/providers/{id}", .admin, nil, 204),
        ("POST", "/api/admin/providers/{id}/test", .admin, nil, 200),
        ("POST", "/api/admin/providers/{id}/sync-models", .admin, nil, 200),
        ("GET", "/api/admin/models", .auditor, nil, 200),
        ("POST", "/api/admin/models", .admin, #"{"name":"n","provider":1,"context_length":10}"#, 201),
        ("GET", "/api/admin/models/{id}", .auditor, nil, 200),
        (
            "PUT", "/api/admin/models/{id}", .admin,
            #"{"name":"n","provider":1,"upstream_model":"u","display_name":"N","description":"","capabilities":[],"context_length":9,"max_output_tokens":9,"default_output_tokens":9,"prompt_overhead_tokens":0,"is_active":true}"#,
            200
        ),
        ("PATCH", "/api/admin/models/{id}", .admin, #"{"input_price_per_1k":"0.1"}"#, 200),
        ("DELETE", "/api/admin/models/{id}", .admin, nil, 204),
        ("GET", "/api/admin/prices", .auditor, nil, 200),
        (
            "POST", "/api/admin/prices", .admin,
            #"{"model":1,"input_price_per_1k":"0.1","output_price_per_1k":"0.2"}"#, 201
        ),
        ("GET", "/api/admin/prices/{id}", .auditor, nil, 200),
        ("DELETE", "/api/admin/prices/{id}", .admin, nil, 204),
        ("POST", "/api/admin/prices/import", .admin, #"{"table":{}}"#, 200),
        ("GET", "/api/admin/model-groups", .auditor, nil, 200),
        ("POST", "/api/admin/model-groups", .admin, #"{"name":"n","models":[1]}"#, 201),
        ("GET", "/api/admin/model-groups/{id}", .auditor, nil, 200),
        (
            "PUT", "/api/admin/model-groups/{id}", .admin,
            #"{"name":"n","description":"","price_multiplier":"1.0","models":[],"is_active":true}"#, 200
        ),
        ("PATCH", "/api/admin/model-groups/{id}", .admin, #"{"price_multiplier":"0.5"}"#, 200),
        ("DELETE", "/api/admin/model-groups/{id}", .admin, nil, 204),
    ]

    /// An empty database: made once, since each test has one.
    private static let template = Result {
        let path = NSTemporaryDirectory() + "tokenaudit-catalog-\(UUID().uuidString).sqlite"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let database = try SQLiteDatabase(path: path)
        try Migrations.run(on: database, additiveOnly: true, now: AdministrationStage.start)
        try database.checkpoint(truncating: true)
        try database.close()
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    let desk: CatalogDesk
    private let folder: String
    private let database: SQLiteDatabase
    private let clock: FakeClock
    private let resolver: SilentResolver
    private let rows = Mutex<[String: Int64]>([:])

    init(clock: FakeClock) throws {
        self.clock = clock
        folder = NSTemporaryDirectory() + "tokenaudit-catalog-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.template.get().write(to: URL(fileURLWithPath: folder + "/books.sqlite"))
        database = try SQLiteDatabase(path: folder + "/books.sqlite")
        let control = ControlDesk(writer: database, reader: database) { clock.now }
        let resolver = SilentResolver()
        self.resolver = resolver
        desk = CatalogDesk(
            providers: ProviderStore(desk: control, vault: Vault(master: .random())),
            models: ModelStore(desk: control),
            prices: PriceStore(desk: control),
            groups: GroupStore(desk: control),
            client: ProviderClient(
                client: PinnedClient(allowsPrivate: false) { host, _ in
                    resolver.note(host)
                    return []
                }
            )
        )
    }

    deinit {
        try? database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Names that DNS was asked for, before anything would have been sent.
    var lookups: [String] { resolver.hosts }

    /// Leaves of acts so far.
    var leaves: Int {
        get throws {
            try database.read { try $0.query("SELECT COUNT(*) FROM audit_leaves") { Int($0.int64(0)) } }.first ?? 0
        }
    }

    /// The id of a row for this route to work on, made when it is first asked for; nil for other resources.
    func target(of path: String) async throws -> Int64? {
        let kinds = ["providers", "models", "prices", "model-groups"]
        guard let kind = kinds.first(where: { path.hasPrefix("/api/admin/\($0)") }) else { return nil }
        let provider = try await row("providers") { try await makeProvider() }
        if kind == "providers" { return provider }
        let model = try await row("models") { try await makeModel(ProviderID(provider)) }
        return switch kind {
        case "models": model
        case "prices": try await row(kind) { try await makePrice(ModelID(model)) }
        default: try await row(kind) { try await makeGroup(ModelID(model)) }
        }
    }

    private func row(_ kind: String, made make: () async throws -> Int64) async throws -> Int64 {
        if let id = rows.withLock({ $0[kind] }) { return id }
        let id = try await make()
        rows.withLock { $0[kind] = id }
        return id
    }

    private func makeProvider() async throws -> Int64 {
        try await desk.providers.create(
            NewProvider(
                name: "main",
                dialect: .openai,
                baseURL: try BaseURL(parsing: "https://api.example.com/v1"),
                credential: Credential(Self.key),
                isActive: true
            ),
            by: .command("test")
        ).id.rawValue
    }

    private func makeModel(_ provider: ProviderID) async throws -> Int64 {
        try await desk.models.create(
            NewModel(
                details: ModelDetails(name: "m", contextLength: 4_096, maxOutputTokens: 1_024),
                provider: provider,
                upstreamModel: "m-up",
                rates: Self.rates(150_000, 600_000),
                costRates: nil
            ),
            by: .command("test")
        ).id.rawValue
    }

    private func makePrice(_ model: ModelID) async throws -> Int64 {
        let tomorrow = Instant(microseconds: clock.now.microseconds + 86_400_000_000)
        let price = try await desk.prices.create(
            of: model,
            Self.rates(1, 2),
            effectiveFrom: tomorrow,
            by: .command("test")
        )
        return price.version.id.rawValue
    }

    private func makeGroup(_ model: ModelID) async throws -> Int64 {
        try await desk.groups.create(
            NewGroup(name: "default", description: "", multiplier: .one, isActive: true, models: [model]),
            by: .command("test")
        ).id.rawValue
    }

    static func rates(_ input: Int64, _ output: Int64) -> Rates {
        var rates = Rates()
        rates[.input] = input
        rates[.output] = output
        return rates
    }
}

/// Knows no name, and remembers which it was asked for.
private final class SilentResolver: Sendable {
    private let asked = Mutex<[String]>([])

    var hosts: [String] { asked.withLock { $0 } }

    func note(_ host: String) { asked.withLock { $0.append(host) } }
}
