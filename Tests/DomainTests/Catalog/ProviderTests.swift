import Testing

@testable import Domain

@Suite("Providers")
struct ProviderTests {
    @Test(
        "OpenAI and Azure bound a chat by max_completion_tokens, everyone else by max_tokens",
        arguments: [
            ("https://api.openai.com/v1", true), ("https://API.OpenAI.com./v1", true),
            ("https://eu.api.openai.com/v1", true), ("https://us.api.openai.com", true),
            ("https://corp.openai.azure.com/openai/v1", true),
            ("https://openai.azure.com/v1", false), ("https://api.openai.com.example/v1", false),
            ("https://notapi.openai.com/v1", false), ("https://myapi.openai.com.cn/v1", false),
            ("https://openrouter.ai/api/v1", false), ("https://api.deepseek.com", false),
            ("http://127.0.0.1:9100/v1", false), ("http://[::1]:8080/api.openai.com", false),
        ]
    )
    func outputLimit(url: String, isOpenAI: Bool) throws {
        let provider = Provider(
            id: ProviderID(1),
            name: "p",
            dialect: .openai,
            baseURL: try BaseURL(parsing: url),
            isActive: true,
            credential: nil
        )
        #expect(provider.outputLimitName(of: .chatCompletions) == (isOpenAI ? .maxCompletionTokens : .maxTokens))
        #expect(provider.outputLimitName(of: .completions) == .maxTokens)
        #expect(provider.outputLimitName(of: .embeddings) == .maxTokens)
    }
}
