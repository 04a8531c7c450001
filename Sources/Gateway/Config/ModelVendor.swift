import GatewayCore

/// Who serves a model, by the prefix of its name in `litellm_params.model`.
struct ModelVendor: Equatable {
    /// As the file names it, such as `hosted_vllm`.
    let name: String
    /// What calls it; `nil` when nothing here can yet.
    let kind: ProviderKind?
    /// The upstream's own name for the model.
    let upstreamModel: String
    /// Where it is unless `api_base` says; `nil` when that must.
    let defaultBase: String?

    /// What the environment calls a vendor's credential, the first that is set; none for vendors
    /// that have none there.
    var keyVariables: [String] {
        switch name {
        case "openai": ["OPENAI_API_KEY"]
        case "anthropic": ["ANTHROPIC_API_KEY"]
        case "gemini": ["GEMINI_API_KEY", "GOOGLE_API_KEY"]
        case "azure": ["AZURE_API_KEY", "AZURE_OPENAI_API_KEY"]
        case "ollama", "ollama_chat": ["OLLAMA_API_KEY"]
        default: []
        }
    }

    /// Whether a server at an address answers nothing without a credential.
    func mustHaveKey(at address: String) -> Bool {
        switch kind {
        case .azure: true
        case .ollama: false
        default: address == defaultBase
        }
    }

    /// What it calls a vendor's address, the first that is set.
    var baseVariables: [String] {
        switch name {
        case "openai": ["OPENAI_BASE_URL", "OPENAI_API_BASE"]
        case "anthropic": ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"]
        case "gemini": ["GEMINI_API_BASE"]
        case "azure": ["AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"]
        case "ollama", "ollama_chat": ["OLLAMA_API_BASE"]
        default: []
        }
    }

    /// Vendors that speak OpenAI's dialect at an address of their own.
    private static let speakingOpenAI: Set<String> = [
        "hosted_vllm", "openai_like", "custom_openai", "litellm_proxy", "lm_studio", "llamafile",
    ]
    /// Beginnings of names that LiteLLM takes for OpenAI's without a prefix.
    private static let namesOfOpenAI = [
        "gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "ft:gpt-",
    ]

    /// - Parameters:
    ///   - model: such as `openai/gpt-4o`.
    ///   - vendor: `custom_llm_provider`, which wins over a prefix.
    init(model: String, vendor: String?) {
        let parts = model.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = parts.count == 2 ? String(parts[0]) : nil
        let name = vendor ?? prefix ?? Self.guess(model)
        self.name = name
        upstreamModel = prefix == name ? String(parts[1]) : model
        switch name {
        case "openai":
            kind = .openAI
            defaultBase = "https://api.openai.com/v1"
        case "anthropic":
            kind = .anthropic
            defaultBase = "https://api.anthropic.com"
        case "gemini":
            kind = .gemini
            defaultBase = "https://generativelanguage.googleapis.com"
        case "ollama", "ollama_chat":
            kind = .ollama
            defaultBase = "http://127.0.0.1:11434"
        case "azure":
            kind = .azure
            defaultBase = nil
        case "scripted":
            kind = .scripted
            defaultBase = ""
        default:
            kind = Self.speakingOpenAI.contains(name) ? .openAI : nil
            defaultBase = nil
        }
    }

    private static func guess(_ model: String) -> String {
        if namesOfOpenAI.contains(where: model.hasPrefix) { return "openai" }
        return model.hasPrefix("claude") ? "anthropic" : ""
    }
}
