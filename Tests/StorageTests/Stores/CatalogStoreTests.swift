import Domain
import Testing

@testable import Storage

@Suite("the catalogue's stores", .everyEngine, .namesEngine) struct CatalogStoreTests {
    /// The control plane's stores for the catalogue, on a database as ``ControlStage`` has it.
    private struct Stage {
        let control: ControlStage
        let providers: ProviderStore
        let models: ModelStore
        let prices: PriceStore
        let groups: GroupStore

        init(vault: Vault? = nil) throws {
            control = try ControlStage()
            let stage = control.stage
            let desk = ControlDesk(writer: stage.database, reader: stage.database) { [clock = stage.clock] in
                clock.now()
            }
            providers = ProviderStore(desk: desk, vault: vault ?? stage.vault)
            models = ModelStore(desk: desk)
            prices = PriceStore(desk: desk)
            groups = GroupStore(desk: desk)
        }

        func remove() { control.remove() }

        func provider(_ name: String = "main", key: String? = "upstream-canary-key-wxyz") async throws -> ProviderRecord
        {
            try await providers.create(
                NewProvider(
                    name: name,
                    dialect: .openai,
                    baseURL: try BaseURL(parsing: "https://\(name).example.com/v1"),
                    credential: key.map { Credential($0) },
                    isActive: true
                ),
                by: ControlStage.root
            )
        }

        func model(_ name: String = "m", provider: ProviderID, rates: Rates? = rates(1, 2)) async throws -> ModelRecord
        {
            try await models.create(
                NewModel(
                    details: ModelDetails(name: name, contextLength: 4_096, maxOutputTokens: 1_024),
                    provider: provider,
                    upstreamModel: name + "-up",
                    rates: rates,
                    costRates: nil
                ),
                by: ControlStage.root
            )
        }
    }

    private static func rates(_ input: Int64, _ output: Int64) -> Rates {
        var rates = Rates()
        rates[.input] = input
        rates[.output] = output
        return rates
    }

    private static func change(_ picos: [TokenClass: Int64?], isWhole: Bool = false) -> RatesChange {
        var change = RatesChange()
        change.picos = picos
        change.isWhole = isWhole
        return change
    }

    // MARK: Providers

    @Test("a provider's key is sealed, shown by its end, and cleared by another address")
    func addresses() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let made = try await stage.provider()
        #expect(made.credential == .set(hint: "••••wxyz"))
        let (upstream, routes) = try await stage.providers.upstream(made.id)
        #expect(upstream.credential?.secret == "upstream-canary-key-wxyz" && routes.isEmpty)
        #expect(try !stage.control.stage.fileText().contains("upstream-canary-key"))

        // Each part of an address is the address; the same one, however written, is not another.
        let others = [
            ("https://main.example.com/v1/", true), ("https://MAIN.example.com:443/v1", true),
            ("http://main.example.com:443/v1", false), ("https://main.example.com:444/v1", false),
            ("https://main.example.com/v2", false), ("https://evil.example.com/v1", false),
        ]
        for (text, stays) in others {
            var changes = ProviderChanges()
            changes.baseURL = try BaseURL(parsing: text)
            var moved = try await stage.providers.update(made.id, changes, if: .none, by: ControlStage.root)
            #expect(moved.credential == (stays ? .set(hint: "••••wxyz") : .none), "\(text)")
            // Beside a key the new address keeps it.
            changes.baseURL = made.baseURL
            changes.credential = .set(Credential("upstream-canary-key-wxyz"))
            moved = try await stage.providers.update(made.id, changes, if: .none, by: ControlStage.root)
            #expect(moved.credential == .set(hint: "••••wxyz") && moved.baseURL == made.baseURL)
        }
        let leaves = try stage.control.leaves()
        #expect(leaves[0].contains(#""act":"provider created""#))
        #expect(leaves[1].contains(#""act":"provider updated","row":1,"fields":["base_url","api_key"]"#))
        #expect(try Set(stage.control.feed()) == ["provider 1"] && stage.control.feed().count == leaves.count)
        #expect(try stage.control.isProven())
    }

    @Test("a key sealed under another master key is told, and nothing is asked without it")
    func undecryptable() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let made = try await stage.provider()
        let desk = ControlDesk(writer: stage.control.stage.database, reader: stage.control.stage.database) {
            Instant(microseconds: 1)
        }
        let strange = ProviderStore(desk: desk, vault: Vault(master: .random()))
        #expect(try await strange.provider(made.id)?.credential == .undecryptable)
        await #expect(throws: DeskError.conflict(.undecryptable)) { _ = try await strange.upstream(made.id) }
        var changes = ProviderChanges()
        changes.credential = .set(Credential("another-canary-key-5678"))
        let given = try await strange.update(made.id, changes, if: .none, by: ControlStage.root)
        #expect(given.credential == .set(hint: "••••5678"))
        changes.credential = .clear
        #expect(try await strange.update(made.id, changes, if: .none, by: ControlStage.root).credential == .none)
    }

    @Test("names are one row's, versions are checked under the lock, and refused changes change nothing")
    func refusals() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let main = try await stage.provider()
        let other = try await stage.provider("other")
        let model = try await stage.model(provider: main.id)
        let group = try await stage.groups.create(
            NewGroup(name: "g", description: "", multiplier: .one, isActive: true, models: [model.id]),
            by: ControlStage.root
        )
        let before = try stage.control.stage.dump()
        let root = ControlStage.root
        let stale = Precondition.versions([1])
        var renaming = ProviderChanges()
        renaming.name = "main"
        var turning = ModelChanges()
        turning.provider = ProviderID(99)
        var longer = ModelChanges()
        longer.maxOutputTokens = 5_000
        var usual = ModelChanges()
        usual.defaultOutputTokens = 2_000
        var half = ModelChanges()
        half.rates = Self.change([.input: 5], isWhole: true)
        var halfCost = ModelChanges()
        halfCost.costRates = Self.change([.output: 5])
        var filling = GroupChanges()
        filling.models = [model.id, ModelID(77)]
        let attempts: [(DeskError, () async throws -> Void)] = [
            (.taken(field: "name"), { _ = try await stage.provider() }),
            (.taken(field: "name"), { _ = try await stage.providers.update(other.id, renaming, if: .none, by: root) }),
            (.stale, { _ = try await stage.providers.update(main.id, renaming, if: stale, by: root) }),
            (.notFound, { _ = try await stage.providers.update(ProviderID(9), renaming, if: .none, by: root) }),
            (.taken(field: "name"), { _ = try await stage.model(provider: main.id) }),
            (.refused(field: "provider", .unknown), { _ = try await stage.model("n", provider: ProviderID(9)) }),
            (
                .refused(field: "provider", .unknown),
                { _ = try await stage.models.update(model.id, turning, if: .none, by: root) }
            ),
            (
                .refused(field: "max_output_tokens", .aboveContext),
                { _ = try await stage.models.update(model.id, longer, if: .none, by: root) }
            ),
            (
                .refused(field: "default_output_tokens", .aboveMaximum),
                { _ = try await stage.models.update(model.id, usual, if: .none, by: root) }
            ),
            (
                .refused(field: "output_price_per_1k", .incompletePrice),
                { _ = try await stage.models.update(model.id, half, if: .none, by: root) }
            ),
            (
                .refused(field: "cost_input_price_per_1k", .incompletePrice),
                { _ = try await stage.models.update(model.id, halfCost, if: .none, by: root) }
            ),
            (.stale, { _ = try await stage.models.update(model.id, turning, if: stale, by: root) }),
            (
                .refused(field: "models", .unknown),
                { _ = try await stage.groups.update(group.id, filling, if: .none, by: root) }
            ),
            (.stale, { _ = try await stage.groups.update(group.id, filling, if: stale, by: root) }),
            (
                .refused(field: "model", .unknown),
                {
                    _ = try await stage.prices.create(of: ModelID(9), Self.rates(1, 1), effectiveFrom: nil, by: root)
                }
            ),
            (
                .refused(field: "effective_from", .past),
                {
                    let past = Instant(microseconds: model.createdAt.microseconds - 1)
                    _ = try await stage.prices.create(of: model.id, Self.rates(1, 1), effectiveFrom: past, by: root)
                }
            ),
            (.conflict(.hasBegun), { try await stage.prices.remove(PriceVersionID(1), by: root) }),
            (.notFound, { try await stage.prices.remove(PriceVersionID(9), by: root) }),
        ]
        for (expected, attempt) in attempts { await #expect(throws: expected) { try await attempt() } }
        #expect(try stage.control.stage.dump() == before)
    }

    // MARK: Models and prices

    @Test("a model's change of price, route or limit is one leaf that names it, and another version of the row")
    func models() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let main = try await stage.provider()
        let other = try await stage.provider("other")
        var model = try await stage.model(provider: main.id)
        #expect(model.price?.rates == Self.rates(1, 2) && model.firstRoute?.upstreamModel == "m-up")
        let changed: [(String, (inout ModelChanges) -> Void)] = [
            (#""price""#, { $0.rates = Self.change([.input: 5]) }),
            (#""cost""#, { $0.costRates = Self.change([.input: 1, .output: 1]) }),
            (#""route""#, { $0.provider = other.id }), (#""capabilities""#, { $0.capabilities = ["vision", "tools"] }),
            (
                #""name","is_active""#,
                {
                    $0.name = "n"; $0.isActive = false
                }
            ),
        ]
        for (fields, change) in changed {
            var changes = ModelChanges()
            change(&changes)
            let next = try await stage.models.update(
                model.id,
                changes,
                if: .versions([model.updatedAt.microseconds]),
                by: ControlStage.root
            )
            #expect(next.updatedAt > model.updatedAt, "\(fields)")
            let leaf = try #require(try stage.control.leaves().last)
            #expect(leaf.contains(#""act":"model updated","row":1,"fields":[\#(fields)]"#), "\(leaf)")
            // What is so already is no change.
            let again = try await stage.models.update(model.id, changes, if: .none, by: ControlStage.root)
            #expect(again == next)
            model = next
        }
        #expect(model.price?.rates == Self.rates(5, 2) && model.details.capabilities == ["vision", "tools"])
        #expect(model.firstRoute?.providerID == other.id && model.firstRoute?.upstreamModel == "m-up")
        #expect(model.firstRoute?.costRates == Self.rates(1, 1) && model.routes.count == 2)
        var clearing = ModelChanges()
        clearing.costRates = Self.change([.input: nil, .output: nil])
        let cleared = try await stage.models.update(model.id, clearing, if: .none, by: ControlStage.root)
        #expect(cleared.firstRoute?.costRates == nil)
        let feed = try stage.control.feed()
        #expect(feed.count == (try stage.control.leaves().count) && feed.filter { $0 == "model 1" }.count == 7)
    }

    @Test("a price to come begins by itself, can be removed until a minute before, and lets today's change pass")
    func scheduled() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let model = try await stage.model(provider: try await stage.provider().id)
        let clock = stage.control.stage.clock
        let tomorrow = stage.control.later(86_400)
        let coming = try await stage.prices.create(
            of: model.id,
            Self.rates(10, 20),
            effectiveFrom: tomorrow,
            by: ControlStage.root
        )
        #expect(!coming.isCurrent && coming.version.effectiveFrom == tomorrow)
        // A price for now goes before it, whoever gives it.
        var today = ModelChanges()
        today.rates = Self.change([.input: 3])
        let changed = try await stage.models.update(model.id, today, if: .none, by: ControlStage.root)
        #expect(changed.price?.rates == Self.rates(3, 2))
        var query = PriceQuery()
        query.model = model.id
        query.effectiveAt = tomorrow
        #expect(try await stage.prices.prices(query).items.map(\.version.id) == [coming.version.id])
        query.effectiveAt = clock.now()
        #expect(try await stage.prices.prices(query).items.map(\.version.rates) == [Self.rates(3, 2)])
        query.effectiveAt = nil
        #expect(try await stage.prices.prices(query).count == 3)

        let other = try await stage.prices.create(
            of: model.id,
            Self.rates(9, 9),
            effectiveFrom: stage.control.later(3_600),
            by: ControlStage.root
        )
        try await stage.prices.remove(other.version.id, by: ControlStage.root)
        #expect(try await stage.prices.price(other.version.id) == nil)
        #expect(try stage.control.leaves().last?.contains("price removed") == true)
        clock.advance(seconds: 86_400 - 59)
        await #expect(throws: DeskError.conflict(.hasBegun)) {
            try await stage.prices.remove(coming.version.id, by: ControlStage.root)
        }
        clock.advance(seconds: 59)
        #expect(try await stage.models.model(model.id)?.price == coming.version)
    }

    @Test("many changes at once are one version each, and the last one counts")
    func races() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let model = try await stage.model(provider: try await stage.provider().id)
        let prices = stage.prices
        try await withThrowingTaskGroup(of: Void.self) { group in
            for price in 1...20 {
                group.addTask {
                    _ = try await prices.create(
                        of: model.id,
                        Self.rates(Int64(price), 1),
                        effectiveFrom: nil,
                        by: ControlStage.root
                    )
                }
            }
            try await group.waitForAll()
        }
        var query = PriceQuery()
        query.window.limit = 100
        let all = try await prices.prices(query)
        #expect(all.count == 21 && all.items.filter(\.isCurrent).map(\.version.id) == [all.items.last?.version.id])
        let tag = Precondition.versions([try #require(try await stage.models.model(model.id)).updatedAt.microseconds])
        let models = stage.models
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 1...8 {
                group.addTask {
                    var changes = ModelChanges()
                    changes.displayName = "name \(number)"
                    return (try? await models.update(model.id, changes, if: tag, by: ControlStage.root)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(outcomes == 1, "one of those that read the same version")
    }

    @Test("an import changes only what differs, in one go")
    func imported() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let provider = try await stage.provider()
        let one = try await stage.model("one", provider: provider.id)
        let two = try await stage.model("two", provider: provider.id, rates: nil)
        let wanted = [one.id: Self.rates(1, 2), two.id: Self.rates(3, 4), ModelID(9): Self.rates(1, 1)]
        #expect(try await stage.prices.price(wanted, by: ControlStage.root) == 1)
        #expect(try await stage.prices.price(wanted, by: ControlStage.root) == 0)
        let models = try await stage.prices.pricedModels()
        #expect(models.map(\.rates) == [Self.rates(1, 2), Self.rates(3, 4)])
        #expect(models.map(\.upstreamModel) == ["one-up", "two-up"])
    }

    // MARK: Lists

    @Test("lists are searched, filtered and paged")
    func lists() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        let main = try await stage.provider()
        let other = try await stage.provider("other", key: nil)
        var ids: [ModelID] = []
        for number in 1...5 {
            let provider = number < 4 ? main.id : other.id
            ids.append(try await stage.model("model-\(number)", provider: provider).id)
        }
        let group = try await stage.groups.create(
            NewGroup(name: "g", description: "of 100%", multiplier: .one, isActive: true, models: Set(ids.prefix(2))),
            by: ControlStage.root
        )
        #expect(group.models.map(\.name) == ["model-1", "model-2"])
        func models(_ set: (inout ModelQuery) -> Void) async throws -> (Int, [String]) {
            var query = ModelQuery()
            set(&query)
            let page = try await stage.models.models(query)
            return (page.count, page.items.map(\.details.name))
        }
        #expect(try await models { $0.search = "MODEL-" }.0 == 5)
        #expect(try await models { $0.search = "%" }.0 == 0)
        #expect(try await models { $0.provider = other.id }.1 == ["model-4", "model-5"])
        #expect(try await models { $0.group = group.id }.1 == ["model-1", "model-2"])
        let second = try await models {
            $0.window.order = .name
            $0.window.isDescending = true
            $0.window.limit = 2
            $0.window.offset = 2
        }
        #expect(second == (5, ["model-3", "model-2"]))
        var providers = ProviderQuery()
        providers.search = "other.example"
        #expect(try await stage.providers.providers(providers).items.map(\.credential) == [.none])
        var groups = GroupQuery()
        groups.search = "100%"
        groups.model = ids[1]
        #expect(try await stage.groups.groups(groups).count == 1)
        var changes = GroupChanges()
        changes.models = [ids[4]]
        let changed = try await stage.groups.update(
            group.id,
            changes,
            if: .versions([group.updatedAt.microseconds]),
            by: ControlStage.root
        )
        #expect(changed.models.map(\.name) == ["model-5"] && changed.updatedAt > group.updatedAt)
        #expect(try await stage.groups.groups(groups).count == 0)
    }
}
