import GatewayCore
import GatewayPrimitives
import Testing

@testable import Gateway

/// Vocabularies that count the tokens of models.
struct TokenizersSectionTests {
    private static let file: String = {
        var text = ByteQueue()
        for byte in UInt8.min...UInt8.max {
            [byte].withUnsafeBytes { Base64.append($0, into: &text) }
            text.append(text: " \(byte)\n")
        }
        return text.view.string
    }()

    private func load(_ tokenizers: String) -> LoadedConfiguration {
        ConfigSample.load(
            files: [
                "main.yaml": """
                model_list:
                  - model_name: fast
                    litellm_params:
                      {model: openai/gpt-4o-mini, api_base: 'https://h/v1', api_key: k}
                  - model_name: other
                    litellm_params: {model: openai/llama, api_base: 'https://h/v1', api_key: k}
                gateway_settings: {tokenizers: [\(tokenizers)]}
                """,
                "v.tiktoken": Self.file, "bad.tiktoken": "YQ== 0\n",
            ])
    }

    /// By the upstream's name or the client's, whole or its beginning.
    @Test(arguments: ["gpt-4o*", "gpt-4o-mini", "fast", "fa*"])
    func aModelIsCountedByTheFirstThatFits(name: String) {
        let loaded = load("{file: v.tiktoken, encoding: o200k_base, models: ['\(name)']}")
        #expect(loaded.refusals == [])
        #expect(loaded.settings.deployments.map { $0.tokenizer != nil } == [true, false])
        #expect(loaded.settings.deployments.first?.tokenizer?.source == "v.tiktoken o200k_base")
    }

    @Test(arguments: [
        ("{file: none.tiktoken, encoding: o200k_base, models: [m]}", "none.tiktoken"),
        ("{file: bad.tiktoken, encoding: o200k_base, models: [m]}", "byte 0 is no token"),
        ("{file: v.tiktoken, encoding: p50k, models: [m]}", "cl100k_base or o200k_base"),
        ("{file: v.tiktoken, encoding: o200k_base}", "needs a file, an encoding and models"),
        ("{encoding: o200k_base, models: [m]}", "needs a file, an encoding and models"),
        ("{file: v.tiktoken, models: [m], encoding: o200k_base, extra: 1}", "extra"),
    ])
    func whatCannotBeUsedIsRefused(entry: String, what: String) {
        let refusals = load(entry).refusals
        #expect(refusals.contains { $0.contains(what) }, "\(refusals)")
    }
}
