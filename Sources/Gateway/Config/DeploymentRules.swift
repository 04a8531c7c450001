/// What is known about the keys of an entry of `model_list`.
enum DeploymentRules {
    static let entry: [String: ConfigRule] = [
        "model_name": .honoured("the name that clients ask for"),
        "litellm_params": .section,
        "model_info": .section,
    ]

    private static let price: ConfigRule = .honoured("US dollars a token, in place of the table's")
    private static let perSecond: ConfigRule = .ignored("prices are by token here")
    private static let preset: ConfigRule = .honoured("for requests that do not say it")

    static let params: [String: ConfigRule] = [
        "model": .honoured("the provider and its name for the model"),
        "custom_llm_provider": .honoured("the provider"),
        "api_key": .honoured("the upstream's credential"),
        "api_base": .honoured("where the upstream is"),
        "base_url": .honoured("where the upstream is"),
        "extra_headers": .honoured("headers sent upstream in addition"),
        "weight": .honoured("its share of the model's calls"),
        "rpm": .honoured("its share of the model's calls, and a limit of requests"),
        "tpm": .honoured("its share of the model's calls, and a limit of tokens"),
        "timeout": .honoured("one attempt"),
        "stream_timeout": .honoured("until the first token"),
        "litellm_credential_name": .honoured("disables the deployment: not built yet"),
        "mock_response": .honoured("disables the deployment: not built yet"),
        "order": .honoured("deployments of a lower order are tried first"),
        "cooldown_time": .honoured("how long it is left alone when it fails"),
        "max_parallel_requests": .honoured("requests at once"),
        "max_retries": .ignored("set router_settings.num_retries"),
        "api_version": .honoured("the version of Azure's API"),
        "azure_ad_token": .honoured("a token of Azure's directory, in place of a key"),
        "tenant_id": .honoured("disables the deployment: not built yet"),
        "client_id": .honoured("disables the deployment: not built yet"),
        "client_secret": .honoured("disables the deployment: not built yet"),
        "keep_alive": .honoured("how long Ollama keeps the model loaded"),
        "num_ctx": .honoured("the length of the context that Ollama loads the model with"),
        "organization": .ignored("write it as extra_headers: {openai-organization: ...}"),
        "drop_params": .honoured("leaves out what it does not support, instead of refusing it"),
        "tags": .honoured("what requests choose it by"),
        "input_cost_per_token": price, "output_cost_per_token": price,
        "input_cost_per_second": perSecond, "output_cost_per_second": perSecond,
        "cache_read_input_token_cost": price, "cache_creation_input_token_cost": price,
        "cache_creation_input_token_cost_above_1hr": price,
        "output_cost_per_reasoning_token": price, "input_cost_per_audio_token": price,
        "output_cost_per_audio_token": price,
        "temperature": preset, "top_p": preset, "max_tokens": preset,
        "max_completion_tokens": preset, "stop": preset, "seed": preset, "user": preset,
        "top_k": preset, "frequency_penalty": preset, "presence_penalty": preset,
        "reasoning_effort": preset,
        "max_budget": LiteLLMSections.guarded("budgets of deployments"),
        "budget_duration": LiteLLMSections.guarded("budgets of deployments"),
        "guardrails": LiteLLMSections.guarded("guardrails"),
    ]

    static let info: [String: ConfigRule] = ChecksSection.infoRules.merging([
        "id": .honoured("what logs call the deployment"),
        "mode": .honoured("what the deployment is for"),
        "supported_endpoints": .honoured(
            "with /v1/responses in it, requests for responses are passed on as they are"),
        "blocked": .honoured("whether the deployment takes no part"),
        "input_cost_per_token": price, "output_cost_per_token": price,
        "cache_read_input_token_cost": price, "cache_creation_input_token_cost": price,
        "cache_creation_input_token_cost_above_1hr": price,
        "output_cost_per_reasoning_token": price, "input_cost_per_audio_token": price,
        "output_cost_per_audio_token": price,
        "base_model": .honoured("the model whose price in the table it has"),
        "max_tokens": .honoured("the longest answer, for what is held"),
        "max_output_tokens": .honoured("the longest answer, for what is held"),
        "max_input_tokens": .honoured("the longest request, for enable_pre_call_checks"),
        "supports_function_calling": .honoured("whether requests with tools go to it"),
        "supports_vision": .honoured("whether requests with images go to it"),
        "cooldown_time": .honoured("how long it is left alone when it fails"),
        "access_groups": .honoured("groups that keys may be allowed instead of models"),
        "team_id": LiteLLMSections.guarded("models of one team"),
        "team_public_model_name": LiteLLMSections.guarded("models of one team"),
        "allowed_fails": .honoured("failures that are let pass before it is left alone"),
        "allowed_fails_policy": .section,
    ]) { $1 }
}
