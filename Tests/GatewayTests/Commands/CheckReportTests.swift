import Testing

@testable import Gateway

/// What people read before they trust the gateway with their file.
@Suite struct CheckReportTests {
    private static let text = """
        model_list:
          - model_name: chat
            litellm_params: {model: hosted_vllm/llama, api_base: "http://a:8000/v1", weight: 3}
          - model_name: chat
            litellm_params: {model: openai/llama, api_base: "http://b:8000/v1", weight: 1}
          - model_name: claude
            litellm_params: {model: anthropic/claude}
        router_settings: {redis_port: 5}
        """

    @Test func printsEveryKeyAndDeployment() {
        let report = CheckReport(loaded: ConfigSample.load(Self.text), isStrict: false)
        let params = "model_list[%].litellm_params"
        func path(_ index: Int, _ key: String) -> String {
            (params.replacing("%", with: "\(index)") + "." + key)
                .padded(to: "model_list[0].litellm_params.api_base".count)
        }
        func name(_ index: Int) -> String { "model_list[\(index)].model_name".padded(to: 37) }
        #expect(
            report.lines == [
                "LINE  " + "KEY".padded(to: 37) + "  VERDICT   MEANING",
                "2     \(name(0))  honoured  the name that clients ask for",
                "3     \(path(0, "model"))  honoured  the provider and its name for the model",
                "3     \(path(0, "api_base"))  honoured  where the upstream is",
                "3     \(path(0, "weight"))  honoured  its share of the model's calls",
                "4     \(name(1))  honoured  the name that clients ask for",
                "5     \(path(1, "model"))  honoured  the provider and its name for the model",
                "5     \(path(1, "api_base"))  honoured  where the upstream is",
                "5     \(path(1, "weight"))  honoured  its share of the model's calls",
                "6     \(name(2))  honoured  the name that clients ask for",
                "7     \(path(2, "model"))  honoured  the provider and its name for the model",
                "8     " + "router_settings.redis_port".padded(to: 37)
                    + "  ignored   state shared by several gateways is not built yet",
                "",
                "MODEL   DEPLOYMENT  PROVIDER     SHARE  STATE",
                "chat    chat-1      hosted_vllm  75 %   enabled: http://a:8000/v1",
                "chat    chat-2      openai       25 %   enabled: http://b:8000/v1",
                "claude  claude-1    anthropic    -      disabled: "
                    + "it has no api_key, and ANTHROPIC_API_KEY is not set",
                "",
                "10 honoured, 1 ignored, 0 refused: the gateway starts with it",
            ])
        #expect(report.isAccepted)
    }

    @Test func strictRefusesWhatIsIgnored() {
        let report = CheckReport(loaded: ConfigSample.load(Self.text), isStrict: true)
        #expect(!report.isAccepted)
        #expect(report.lines.last?.contains("refused, since --strict") == true)
    }

    @Test func namesTheFileWhereThereAreSeveral() {
        let loaded = ConfigSample.load(files: [
            "main.yaml": "include: [b.yaml]\n", "b.yaml": ConfigSample.models,
        ])
        let lines = CheckReport(loaded: loaded, isStrict: false).lines
        #expect(lines.contains { $0.hasPrefix("main.yaml:1  include ") })
        #expect(lines.contains { $0.hasPrefix("b.yaml:2     model_list[0].model_name ") })
    }

    @Test func saysThatItDoesNotStart() {
        let report = CheckReport(loaded: ConfigSample.load("a: [\n"), isStrict: false)
        #expect(!report.isAccepted)
        #expect(
            report.lines.last == "0 honoured, 0 ignored, 1 refused: "
                + "the gateway does not start with it")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
