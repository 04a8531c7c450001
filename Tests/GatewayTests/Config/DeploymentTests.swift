import GatewayCore
import Testing

@testable import Gateway

/// One deployment that cannot serve must not keep the others from it, and must say why.
@Suite struct DeploymentTests {
    @Test(arguments: [
        ("model: hosted_vllm/a/b, api_base: 'http://h:1/v1'", "a/b", "http://h:1/v1"),
        ("model: openai/gpt-4o, api_base: 'http://h:1', api_key: k", "gpt-4o", "http://h:1"),
        ("model: gpt-4o, api_base: 'http://h:1', api_key: k", "gpt-4o", "http://h:1"),
        ("model: openai_like/x, base_url: 'http://h:1'", "x", "http://h:1"),
        (
            "model: some/model, custom_llm_provider: openai, api_base: 'http://h:1'", "some/model",
            "http://h:1"
        ),
        (
            "model: openai/m, custom_llm_provider: openai, api_base: 'http://h:1'", "m",
            "http://h:1"
        ),
    ])
    func takesPart(params: String, upstreamModel: String, apiBase: String) {
        let loaded = ConfigSample.deployment(params)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        let deployment = loaded.settings.deployments.first
        #expect(deployment?.provider == .openAI)
        #expect(deployment?.upstreamModel == upstreamModel)
        #expect(deployment?.apiBase == apiBase)
        #expect(deployment?.id == "m-1")
    }

    @Test(arguments: [
        ("model: anthropic/claude", "ANTHROPIC_API_KEY is not set"),
        ("model: claude-sonnet-4-6", "ANTHROPIC_API_KEY is not set"),
        ("model: bedrock/claude, api_base: 'http://h:1'", "provider `bedrock` is not built in"),
        ("model: azure/gpt-4o, api_key: k", "provider `azure` needs an api_base"),
        ("model: azure/gpt-4o, api_base: 'https://h'", "AZURE_API_KEY is not set"),
        ("model: azure/m, api_base: 'https://h', azure_ad_token: os.environ/NO", "NO is not set"),
        ("model: azure/m, api_base: 'https://h', api_key: k, tenant_id: t", "not built in"),
        ("model: openai/gpt-4o, api_key: os.environ/NOT_SET", "NOT_SET is not set"),
        ("model: openai/gpt-4o, api_base: os.environ/NOT_SET, api_key: k", "NOT_SET is not set"),
        ("model: openai/gpt-4o", "OPENAI_API_KEY is not set"),
        ("model: gemini/gemini-2.5-flash", "GEMINI_API_KEY is not set"),
        ("model: hosted_vllm/m", "needs an api_base"),
        ("model: mistral-large, api_base: 'http://h:1'", "no provider is named"),
        ("model: openai/*, api_base: 'http://h:1'", "stands for nothing"),
        ("model: openai/*-4, api_base: 'http://h:1'", "at the end of a name only"),
        ("model: openai/m, api_base: 'http://h:1', litellm_credential_name: c", "not built in"),
        (
            "model: openai/m, api_base: 'http://h:1', extra_headers: {x-a: os.environ/NOT_SET}",
            "NOT_SET is not set"
        ),
    ])
    func takesNoPartAndSaysWhy(params: String, why: String) {
        let loaded = ConfigSample.deployment(params)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.deployments.isEmpty)
        #expect(loaded.settings.configured.first?.disabledReason?.contains(why) == true)
    }

    /// Requests for responses are passed on where that is known, or said.
    @Test(arguments: [
        ("model: openai/m, api_key: k", "", true),
        ("model: openai/m, api_key: k", "[/v1/chat/completions]", false),
        ("model: openai/m, api_key: k, api_base: 'http://h:1/v1'", "", false),
        ("model: openai/m, api_base: 'http://h:1/v1'", "[/v1/responses]", true),
        ("model: azure/m, api_key: k, api_base: 'https://h/openai/v1'", "", true),
        ("model: azure/m, api_key: k, api_base: 'https://h'", "", false),
        ("model: anthropic/m, api_key: k", "[/v1/responses]", false),
    ])
    func responses(params: String, endpoints: String, isOffered: Bool) {
        let info = endpoints.isEmpty ? "" : "supported_endpoints: \(endpoints)"
        let loaded = ConfigSample.deployment(params, info: info)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.deployments.first?.options.offersResponses == isOffered)
    }

    @Test func azuresOptions() {
        let keyed = ConfigSample.deployment(
            "model: azure/m, api_base: 'https://h', api_key: k, api_version: 2025-01-01-preview"
        )
        let deployment = keyed.settings.deployments.first
        #expect(deployment?.provider == .azure)
        #expect(deployment?.options.apiVersion == "2025-01-01-preview")
        #expect(deployment?.options.sendsToken == false)
        let token = ConfigSample.deployment(
            "model: azure/gpt-4o, api_base: 'https://h', azure_ad_token: t")
        #expect(token.settings.deployments.first?.options.sendsToken == true)
        #expect(token.settings.deployments.first?.apiKey?.reveal() == "t")
    }

    @Test(arguments: [
        ("keep_alive: 5m", "\"5m\""), ("keep_alive: -1", "-1"), ("keep_alive: 1h30m", "\"1h30m\""),
        ("num_ctx: 8192", ""),
    ])
    func ollamasOptions(param: String, keepAlive: String) {
        for prefix in ["ollama", "ollama_chat"] {
            let loaded = ConfigSample.deployment("model: \(prefix)/llama3.2:1b, \(param)")
            let deployment = loaded.settings.deployments.first
            #expect(deployment?.provider == .ollama)
            #expect(deployment?.upstreamModel == "llama3.2:1b")
            #expect(deployment?.apiBase == "http://127.0.0.1:11434")
            #expect(deployment?.options.keepAliveJSON == keepAlive)
            #expect(deployment?.options.contextTokens == (keepAlive.isEmpty ? 8192 : nil))
        }
    }

    @Test(arguments: [
        ("model: openai/m, api_base: 'http://'", "api_base"),
        ("model: openai/m, api_base: 'ftp://h'", "api_base"),
        ("model: azure/m, api_base: 'https://h', api_key: k, api_version: '?x=1'", "api_version"),
        ("model: ollama/m, keep_alive: soon", "keep_alive"),
        ("model: ollama/m, num_ctx: 0", "num_ctx"),
        ("model: openai/m, api_base: 'http://h:99999'", "api_base"),
        ("model: openai/m, api_base: 'http://user:hunter2@h'", "api_base"),
        ("model: openai/m, api_base: 'http://h:1', api_key: \"hunter2\\r\\nx: y\"", "api_key"),
        (
            "model: openai/m, api_base: 'http://h:1', extra_headers: {'bad name': v}",
            "extra_headers.bad name"
        ),
        (
            "model: openai/m, api_base: 'http://h:1', extra_headers: {host: hunter2}",
            "extra_headers.host"
        ),
        (
            "model: openai/m, api_base: 'http://h:1', extra_headers: {x: \"a\\nhunter2\"}",
            "extra_headers.x"
        ),
        ("model: openai/m, api_base: 'http://h:1', max_budget: 5", "max_budget"),
        ("model: openai/m, api_base: 'http://h:1', rpm: many", "rpm"),
    ])
    func refusesWhatMakesNoSense(params: String, key: String) {
        let loaded = ConfigSample.deployment(params)
        let finding = loaded.finding("model_list[0].litellm_params.\(key)")
        #expect(finding?.verdict == .refused)
        #expect(!loaded.isAccepted)
        // What stands in the file may be a secret.
        #expect(!loaded.findings.contains { $0.text.contains("hunter2") })
    }

    /// What stands beside a deployment's address for requests that do not say it.
    @Test func defaultsOfRequests() {
        let at = "model: openai/m, api_base: 'http://h:1'"
        #expect(ConfigSample.deployment(at).settings.deployments.first?.defaults == nil)
        let loaded = ConfigSample.deployment(
            at + ", temperature: 0.5, top_p: 1, top_k: 4, frequency_penalty: -2, seed: -9, "
                + "presence_penalty: 2, stop: [a, b], max_tokens: 5, max_completion_tokens: 7, "
                + "reasoning_effort: low, user: u")
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        var sampling = SamplingParams()
        sampling.temperature = 0.5
        sampling.topP = 1
        sampling.topK = 4
        sampling.frequencyPenalty = -2
        sampling.presencePenalty = 2
        sampling.seed = -9
        sampling.stopSequences = ["a", "b"]
        #expect(
            loaded.settings.deployments.first?.defaults
                == RequestDefaults(
                    maxOutputTokens: 7, sampling: sampling, reasoningEffort: .low, endUser: "u"))
        let one = ConfigSample.deployment(at + ", stop: x").settings.deployments.first?.defaults
        #expect(one?.sampling.stopSequences == ["x"])
    }

    @Test(arguments: [
        ("temperature: 3", "temperature"), ("temperature: warm", "temperature"),
        ("top_p: 2", "top_p"), ("top_k: 0", "top_k"), ("max_tokens: 0", "max_tokens"),
        ("frequency_penalty: 3", "frequency_penalty"), ("seed: x", "seed"),
        ("reasoning_effort: huge", "reasoning_effort"), ("stop: {a: b}", "stop"),
    ])
    func defaultsThatMakeNoSense(param: String, key: String) {
        let loaded = ConfigSample.deployment("model: openai/m, api_base: 'http://h:1', \(param)")
        #expect(!loaded.isAccepted)
        #expect(loaded.finding("model_list[0].litellm_params.\(key)")?.verdict == .refused)
    }

    @Test func readsWhatADeploymentSetsForItself() throws {
        let loaded = ConfigSample.load(
            """
            model_list:
              - model_name: m
                litellm_params:
                  model: openai/x
                  api_base: http://h:1/v1
                  api_key: os.environ/UPSTREAM_KEY
                  timeout: 30
                  stream_timeout: 2.5
                  extra_headers: {X-Team: red}
                model_info: {id: mine, mode: embedding}
            """,
            environment: ["LITELLM_MASTER_KEY": ConfigSample.key, "UPSTREAM_KEY": "abc"])
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        let deployment = try #require(loaded.settings.deployments.first)
        #expect(deployment.id == "mine")
        #expect(deployment.mode == .embedding)
        #expect(deployment.apiKey?.reveal() == "abc")
        #expect(deployment.timeouts.attempt == .seconds(30))
        #expect(deployment.timeouts.firstToken == .milliseconds(2_500))
        #expect(deployment.timeouts.betweenTokens == .seconds(60))
        #expect(deployment.extraHeaders.map(\.name) == ["x-team"])
        #expect(deployment.extraHeaders.map(\.value) == ["red"])
    }

    /// LiteLLM's simple-shuffle: the first of weight, rpm and tpm that any deployment sets.
    @Test(arguments: [
        (["", "", ""], [1.0, 1, 1]),
        (["rpm: 10", "rpm: 30"], [10, 30]),
        (["rpm: 10000", ""], [10_000, 0]),
        (["weight: 1, rpm: 5", "weight: 3, rpm: 5"], [1, 3]),
        (["rpm: 7", "weight: 2"], [0, 2]),
        (["tpm: 100", "tpm: 300"], [100, 300]),
        (["weight: 0", "weight: 0"], [1, 1]),
    ])
    func sharesAsLiteLLMDoes(params: [String], weights: [Double]) {
        let entries = params.map { extra in
            "  - model_name: m\n    litellm_params: {model: openai/x, api_base: 'http://h:1'"
                + (extra.isEmpty ? "" : ", \(extra)") + "}\n"
        }
        let loaded = ConfigSample.load("model_list:\n" + entries.joined())
        #expect(loaded.settings.deployments.map(\.weight) == weights)
        #expect(loaded.settings.deployments.map(\.index) == Array(0..<params.count))
    }

    /// A disabled deployment's weight must not push the enabled ones to nothing.
    @Test func sharesAmongThoseThatTakePart() {
        let loaded = ConfigSample.load(
            """
            model_list:
              - model_name: m
                litellm_params: {model: anthropic/x, weight: 5}
              - model_name: m
                litellm_params: {model: openai/x, api_base: 'http://h:1', rpm: 3}
            """)
        #expect(loaded.settings.deployments.map(\.weight) == [3])
        #expect(loaded.settings.deployments.map(\.index) == [0])
        #expect(loaded.settings.deployments.map(\.id) == ["m-2"])
    }

    @Test func refusesTwoDeploymentsOfOneID() {
        let entry =
            "  - model_name: m\n    litellm_params: {model: scripted/demo}\n"
            + "    model_info: {id: same}\n"
        let loaded = ConfigSample.load("model_list:\n" + entry + entry)
        #expect(loaded.refusals.contains { $0.contains("two deployments have the id `same`") })
    }

    @Test func refusesAScriptThatDoesNotExist() {
        let loaded = ConfigSample.deployment("model: scripted/nothing")
        #expect(loaded.refusals.contains { $0.contains("nothing") })
    }
}
