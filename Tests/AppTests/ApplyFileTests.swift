import Domain
import Storage
import Testing

@testable import tokenaudit

@Suite("apply files") struct ApplyFileTests {
    static let example = """
        # names are the identity
        providers:
          - {name: local, dialect: openai, base_url: "http://127.0.0.1:9100/v1", api_key: {env: LOCAL_KEY}}
        models:
          - {name: smollm2, provider: local, upstream_model: smollm2, context_length: 4096, max_output_tokens: 1024,
             input_price_per_1k: "0.00015", output_price_per_1k: "0.0006", cached_input_price_per_1k: 0.000075}
        model_groups:
          - {name: default, models: [smollm2], price_multiplier: "1.0"}
        users:
          - email: Dev@Example.com
            name: Dev
            role: user
            password: {env: DEV_PASSWORD}
            api_key: generate
            quotas: [{model_group: default, total_quota: "1.00", expires_at: null}]
        """

    func state(_ yaml: String, _ environment: [String: String] = [:]) throws -> DesiredState {
        guard let root = try YAMLFile.parse(yaml, source: "a.yaml") else { return DesiredState() }
        return try ApplyFile(environment: environment).state(root)
    }

    @Test("the documented example reads as documented")
    func documented() throws {
        let state = try state(Self.example, ["LOCAL_KEY": "k-1", "DEV_PASSWORD": "correct horse"])
        let provider = try #require(state.providers.first)
        #expect(provider.name == "local" && provider.baseURL?.port == 9100 && provider.dialect == .openai)
        guard case .set(let credential) = provider.credential else { throw InputProblem(source: "", reason: "no key") }
        #expect(credential.secret == "k-1")
        let model = try #require(state.models.first)
        #expect(model.rates?[.input] == 150_000 && model.rates?[.output] == 600_000)
        #expect(model.rates?[.cacheRead] == 75_000 && model.rates?[.reasoning] == nil && model.costRates == nil)
        #expect(state.groups.first?.models == ["smollm2"] && state.groups.first?.multiplier == .one)
        let user = try #require(state.users.first)
        #expect(user.email == "dev@example.com" && user.password == "correct horse" && user.role == .user)
        let quota = try #require(user.quotas.first)
        #expect(
            quota.total == Money(picoDollars: Money.picosPerDollar) && quota.expiry == .never && quota.name == "default"
        )
    }

    @Test("rates are numbers, null or not named")
    func rates() throws {
        let state = try state(
            "users: [{email: a@b, requests_per_minute: 60, tokens_per_minute: null}]\nmodels: [{name: m, concurrent_calls: 4}]\n"
        )
        #expect(state.users.first?.rateLimit == [.requests: 60, .tokens: nil])
        #expect(state.models.first?.rateLimit == [.calls: 4])
    }

    @Test(
        "wrong files are refused with line and reason",
        arguments: [
            ("provider:\n", 1, "unknown key 'provider'"),
            ("providers:\n  - {name: a, base-url: x}\n", 2, "unknown key 'providers[0].base-url'"),
            ("providers:\n  - {base_url: \"https://x\"}\n", 2, "providers[0]: name is missing"),
            ("providers:\n  - name: a\n    base_url: ftp://x\n", 3, "providers[0].base_url: must begin with"),
            (
                "providers:\n  - name: a\n    base_url: https://u:p@x\n", 3,
                "providers[0].base_url: must not carry a user"
            ),
            (
                "providers:\n  - name: a\n    api_key: {env: NOT_THERE}\n", 3,
                "providers[0].api_key.env: the environment has no"
            ),
            ("providers:\n  - name: a\n    api_key: \"\"\n", 3, "providers[0].api_key: is empty"),
            ("providers:\n  - name: a\n    dialect: klingon\n", 3, "providers[0].dialect: must be one of openai"),
            ("providers:\n  - name: a\n  - name: a\n", 3, "provider 'a' is given twice"),
            ("models:\n  - name: m\n    input_price_per_1k: \"0.1\"\n", 2, "models[0]: output_price_per_1k is missing"),
            ("models:\n  - name: m\n    context_length: 4k\n", 3, "models[0].context_length: must be a whole number"),
            (
                "models:\n  - name: m\n    max_output_tokens: 9223372036854775808\n", 3,
                "models[0].max_output_tokens: must be"
            ),
            ("models:\n  - name: m\n    input_price_per_1k: 2\n", 3, "models[0].input_price_per_1k: is more than $1"),
            ("users:\n  - email: nobody\n", 2, "users[0].email: must be an e-mail"),
            ("users:\n  - email: a@b\n    api_key: sk-audit-short\n", 3, "users[0].api_key: must be generate"),
            ("users:\n  - email: a@b\n    password: short\n", 3, "users[0].password: must have at least 12"),
            ("users:\n  - email: a@b\n    role: god\n", 3, "users[0].role: must be one of"),
            (
                "users:\n  - email: a@b\n    quotas:\n      - {model_group: g, expires_at: 2027-01-01}\n", 4,
                "users[0].quotas[0].expires_at"
            ),
            (
                "users:\n  - email: a@b\n    requests_per_minute: 0\n", 3,
                "users[0].requests_per_minute: must be a whole"
            ),
            ("models:\n  - name: m\n    tokens_per_minute: 1.5\n", 3, "models[0].tokens_per_minute: must be a whole"),
            ("users: {email: a@b}\n", 1, "users: must be a list"),
            ("models: [1]\n", 1, "models[0]: must be a mapping"),
        ]
    )
    func refused(yaml: String, line: Int, reason: String) throws {
        do {
            _ = try state(yaml)
            Issue.record("accepted")
        } catch let problem as InputProblem {
            #expect(problem.line == line && problem.source == "a.yaml", "\(problem)")
            #expect(problem.reason.hasPrefix(reason), "\(problem)")
        }
    }

    @Test(
        "money and prices are read exactly or not at all",
        arguments: [
            "1,5", "12abc", "1e-7", "\" 1\"", "\"١\"", "-0", "-1", "0.0000000000001", "+1", ".5", "1.", "0x10", "1_000",
            "NaN", "\"\"",
            "9223373", "99999999999999999999999999999999999999999999",
        ]
    )
    func money(text: String) {
        #expect(throws: InputProblem.self) {
            try state("users:\n  - email: a@b\n    quotas: [{model_group: g, total_quota: \(text)}]\n")
        }
        #expect(throws: InputProblem.self) {
            try state("models:\n  - {name: m, output_price_per_1k: 0, input_price_per_1k: \(text)}\n")
        }
    }

    @Test("a number keeps every digit it was written with")
    func exactNumbers() throws {
        let state = try state("users:\n  - email: a@b\n    quotas: [{model_group: g, total_quota: 0.100000000001}]\n")
        #expect(state.users.first?.quotas.first?.total == Money(picoDollars: 100_000_000_001))
    }
}
