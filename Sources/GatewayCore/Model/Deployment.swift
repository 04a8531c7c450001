/// One configured way to reach a model.
public final class Deployment: Sendable {
    /// Its position among all deployments: dense, so that per-loop state is an array.
    public let index: Int
    /// What logs, headers and RoutingInfo call it.
    public let id: String
    /// The model name that clients ask for.
    public let model: String
    /// Who serves it.
    public let provider: ProviderKind
    /// The upstream's own name for the model.
    public let upstreamModel: String
    /// Where the upstream is, such as `http://127.0.0.1:8000/v1`. Empty for built-in providers.
    public let apiBase: String
    /// What the upstream takes as the gateway's credential.
    public let apiKey: Secret?
    /// Headers sent upstream in addition.
    public let extraHeaders: [(name: String, value: String)]
    /// Its share of the model's traffic against its siblings'.
    public let weight: Double
    /// What it is for; `nil` when it may serve anything.
    public let mode: Mode?
    public let timeouts: AttemptTimeouts
    /// How the upstream is called over TLS.
    public let security: UpstreamSecurity
    /// What everybody together may use it for.
    public let standing: Standing
    /// What its tokens cost; `nil` when that is not known.
    public let price: Price?
    /// The vendor as the configuration names it, such as `hosted_vllm`; empty when it does not.
    public let vendor: String
    /// Counts tokens as its model does; `nil` where no vocabulary is known.
    public let tokenizer: Tokenizer?
    /// Whether it was made over the API, and not by the configuration: then its address is held to
    /// the egress rule.
    public let isStored: Bool
    /// What it says for requests that do not; `nil` for nothing.
    public let defaults: RequestDefaults?
    /// What only its vendor knows.
    public let options: VendorOptions
    /// What routing knows of it.
    public let traits: DeploymentTraits
    /// What has been seen of it.
    public let health: DeploymentHealth
    /// Tells it from its siblings where requests choose by hash.
    let affinitySeed: UInt64

    /// The limits of ``standing``.
    public var limits: LimitSet { standing.limits }

    /// What a deployment is for, as LiteLLM's `model_info.mode`.
    public enum Mode: String, Sendable {
        case chat
        case embedding
        /// OpenAI's older completions of a prompt.
        case completion
        case moderation
        case rerank

        /// Whether a deployment serves it only where its configuration says so.
        var mustBeNamed: Bool { self == .moderation || self == .rerank }
    }

    public init(
        index: Int, id: String, model: String, provider: ProviderKind, upstreamModel: String,
        apiBase: String, apiKey: Secret?, extraHeaders: [(name: String, value: String)] = [],
        weight: Double = 1, mode: Mode? = nil, timeouts: AttemptTimeouts,
        security: UpstreamSecurity = UpstreamSecurity(), limits: LimitSet = LimitSet(),
        price: Price? = nil, vendor: String = "", tokenizer: Tokenizer? = nil,
        options: VendorOptions = VendorOptions(), traits: DeploymentTraits = DeploymentTraits(),
        defaults: RequestDefaults? = nil, isStored: Bool = false
    ) {
        self.defaults = defaults
        self.index = index
        self.id = id
        self.model = model
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.apiBase = apiBase
        self.apiKey = apiKey
        self.extraHeaders = extraHeaders
        self.weight = weight
        self.mode = mode
        self.timeouts = timeouts
        self.security = security
        standing = Standing(Subject(.deployment, id), name: id, limits: limits)
        self.price = price
        self.vendor = vendor
        self.tokenizer = tokenizer
        self.options = options
        self.traits = traits
        self.isStored = isStored
        health = DeploymentHealth()
        affinitySeed = AffinityHash.hash(id.utf8)
    }

    /// A deployment like another but for what is given: one of the names that a wildcard stands
    /// for, or the same under a new index.
    init(
        _ other: Deployment, index: Int? = nil, model: String? = nil, upstreamModel: String? = nil,
        price: Price? = nil, health: DeploymentHealth? = nil
    ) {
        self.index = index ?? other.index
        id = other.id
        self.model = model ?? other.model
        provider = other.provider
        self.upstreamModel = upstreamModel ?? other.upstreamModel
        apiBase = other.apiBase
        apiKey = other.apiKey
        extraHeaders = other.extraHeaders
        weight = other.weight
        mode = other.mode
        timeouts = other.timeouts
        security = other.security
        standing = other.standing
        self.price = price ?? other.price
        vendor = other.vendor
        tokenizer = other.tokenizer
        options = other.options
        defaults = other.defaults
        traits = other.traits
        isStored = other.isStored
        self.health = health ?? other.health
        affinitySeed = other.affinitySeed
    }

    /// Whether another was configured in the same way.
    func isConfigured(as other: Deployment) -> Bool {
        id == other.id && model == other.model && provider == other.provider
            && upstreamModel == other.upstreamModel && apiBase == other.apiBase
            && apiKey?.reveal() == other.apiKey?.reveal()
            && extraHeaders.elementsEqual(other.extraHeaders, by: ==)
            && weight == other.weight && mode == other.mode && timeouts == other.timeouts
            && security == other.security && limits == other.limits && price == other.price
            && vendor == other.vendor && options == other.options && traits == other.traits
            && tokenizer?.source == other.tokenizer?.source
            && isStored == other.isStored && defaults == other.defaults
    }
}

/// What a deployment's configuration says that only its vendor knows.
public struct VendorOptions: Equatable, Sendable {
    /// The version of Azure's API; empty for the one that is known here.
    public var apiVersion = ""
    /// Whether the credential is a token of the directory's, and no key of the resource's (Azure).
    public var sendsToken = false
    /// Whether it offers OpenAI's `/responses`, so that requests for responses are passed to it as
    /// they are, and not translated into chats (OpenAI, Azure).
    public var offersResponses = false
    /// How long a model stays loaded, as JSON (Ollama); empty for the server's own.
    public var keepAliveJSON = ""
    /// The length of the context that a model is loaded with (Ollama); `nil` for the server's own.
    public var contextTokens: Int?

    public init() {}
}

/// A vendor or server kind that the gateway can call.
public enum ProviderKind: String, CaseIterable, Sendable {
    /// OpenAI, vLLM, llama.cpp and whatever else speaks OpenAI's dialect.
    case openAI = "openai"
    /// Anthropic, and whatever else speaks its Messages API.
    case anthropic
    /// Google's Gemini API.
    case gemini
    /// Ollama's own API.
    case ollama
    /// OpenAI's dialect at Azure's addresses.
    case azure
    /// Answers from a script, without a network.
    case scripted
}

/// The bounds of one attempt.
public struct AttemptTimeouts: Equatable, Sendable {
    /// From the start of the attempt to the upstream's first content event, of streams.
    public var firstToken: Duration
    /// From one event to the next.
    public var betweenTokens: Duration
    /// The whole attempt.
    public var attempt: Duration

    public init(firstToken: Duration, betweenTokens: Duration, attempt: Duration) {
        self.firstToken = firstToken
        self.betweenTokens = betweenTokens
        self.attempt = attempt
    }
}

/// A text that must not reach logs, errors or metrics: it prints as asterisks.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: String

    public init(_ value: String) { self.value = value }

    /// The text itself, for the one place that sends it.
    public func reveal() -> String { value }

    public var description: String { "***" }
    public var debugDescription: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
