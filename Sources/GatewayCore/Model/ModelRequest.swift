/// What a client asks a model for: one word, since it is handed through all stages of a call and is
/// in the frames of those that wait.
public indirect enum ModelRequest: Sendable {
    case chat(ChatRequest)
    case embeddings(EmbeddingRequest)
    case relay(RelayRequest)

    /// The model it names.
    public var model: String {
        switch self {
        case .chat(let request): request.model
        case .embeddings(let request): request.model
        case .relay(let request): request.model
        }
    }
}

extension ModelRequest {
    /// How many tokens its input has.
    public var inputTokens: InputTokens {
        switch self {
        case .chat(let request):
            InputTokens(
                textBytes: request.textBytes, messages: max(1, request.extent.messages),
                otherBytes: request.extent.otherBytes, media: request.extent.media,
                mediaBytes: request.extent.mediaBytes)
        case .embeddings(let request):
            InputTokens(
                textBytes: request.textBytes, messages: request.inputCount, otherBytes: 0, media: 0,
                mediaBytes: 0)
        case .relay(let request):
            InputTokens(
                textBytes: request.textBytes, messages: request.inputCount,
                otherBytes: request.extent.otherBytes, media: request.extent.media,
                mediaBytes: request.extent.mediaBytes)
        }
    }

    /// Whether it costs nothing, whatever the price of its model: nothing is generated.
    var isFree: Bool {
        if case .relay(let request) = self { request.operation == .tokenCount } else { false }
    }

    /// How many answers it asks for; an embedding has no output tokens.
    var choiceCount: Int {
        if case .chat(let request) = self { max(1, request.choiceCount) } else { 0 }
    }

    /// Output tokens of one answer that the client allows; `nil` without a bound of its own.
    var outputTokensAsked: Int64? {
        if case .chat(let request) = self { request.maxOutputTokens.map(Int64.init) } else { 0 }
    }

    /// What the client calls it, so that a repeat is not charged again.
    public var identity: RequestIdentity? {
        get {
            switch self {
            case .chat(let request): request.identity
            case .embeddings(let request): request.identity
            case .relay(let request): request.identity
            }
        }
        set {
            switch self {
            case .chat(var request):
                request.identity = newValue
                self = .chat(request)
            case .embeddings(var request):
                request.identity = newValue
                self = .embeddings(request)
            case .relay(var request):
                request.identity = newValue
                self = .relay(request)
            }
        }
    }

    /// Whether a bound on output that a budget does not cover may be lowered to what it covers.
    var clampsToBudget: Bool {
        if case .chat(let request) = self { request.clampsToBudget } else { false }
    }

    /// Whom the client says it acts for. Empty when it does not say.
    public var endUser: String {
        switch self {
        case .chat(let request): request.endUser
        case .embeddings(let request): request.endUser
        case .relay(let request): request.endUser
        }
    }

    /// Labels for reports and budgets.
    public var tags: [String] {
        switch self {
        case .chat(let request): request.tags
        case .embeddings(let request): request.tags
        case .relay(let request): request.tags
        }
    }

    /// What its client marks it with, for reports.
    var labels: [String: String] {
        switch self {
        case .chat(let request): request.labels
        case .embeddings(let request): request.labels
        case .relay: [:]
        }
    }
}

/// A request exactly as its client wrote it, with the places that the gateway may change.
///
/// It goes upstream as it came, but for those places, if the upstream speaks the same dialect.
public struct RawRequest: Sendable {
    public let dialect: Dialect
    /// The whole JSON object.
    public let json: [UInt8]
    /// Where the value of each top-level member begins and ends that the gateway may replace.
    public let members: [Member]
    /// Where the prompt is in ``json``; `nil` where that is not known.
    public let prompt: Range<Int>?
    /// Header fields that belong to the request in its dialect, and go with it to an upstream of
    /// the same.
    public let headers: [Header]

    /// A header field; its name is in lower case.
    public struct Header: Sendable {
        public let name: StaticString
        public let value: String

        public init(_ name: StaticString, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A top-level member of the object.
    public struct Member: Sendable {
        public let name: Name
        /// The value's bytes in ``RawRequest/json``.
        public let value: Range<Int>

        public init(name: Name, value: Range<Int>) {
            self.name = name
            self.value = value
        }
    }

    /// The members the gateway may replace.
    public enum Name: Sendable {
        case model
        case streamOptions
        /// Either of the two bounds on output.
        case outputBound
        /// What Ollama's clients say besides, the bound on output among it.
        case options
        /// Said to the gateway, not to an upstream: it is left out.
        case ours
    }

    public init(
        dialect: Dialect, json: [UInt8], members: [Member], prompt: Range<Int>? = nil,
        headers: [Header] = []
    ) {
        self.dialect = dialect
        self.json = json
        self.members = members
        self.prompt = prompt
        self.headers = headers
    }
}

/// What to generate.
public struct ChatRequest: Sendable {
    /// A model name or alias.
    public var model: String
    /// Whether the client wants it piece by piece.
    public var isStream: Bool
    /// Whether a streaming client asked to be told the usage.
    public var wantsUsage: Bool
    /// How many alternatives; one unless asked for more.
    public var choiceCount: Int
    /// Upper bound on generated tokens, if the client gave one.
    public var maxOutputTokens: Int?
    /// The UTF-8 bytes of all texts of the conversation: an upper bound of their tokens.
    public var textBytes: Int
    /// What else there is besides texts, for the bound of the input.
    public var extent = Extent()
    /// Whom the client says it acts for. Empty when it does not say.
    public var endUser = ""
    /// Labels for reports and budgets.
    public var tags: [String] = []
    /// What its client marks it with, for reports. Never sent upstream.
    public var labels: [String: String] = [:]
    /// What it says about its routing; `nil` for nothing.
    public var routing: RequestRouting?
    /// What the client calls it, so that a repeat is not charged again.
    public var identity: RequestIdentity?
    /// What the deployment that it goes to says for it; `nil` for nothing.
    public var defaults: RequestDefaults?
    /// Whether ``maxOutputTokens`` is the deployment's.
    public var isBoundByDefault = false
    /// Whether ``maxOutputTokens`` may be lowered to what a budget covers.
    public var clampsToBudget = false
    /// What it says.
    public var body: Body

    /// What a request says, in one of two forms.
    public enum Body: Sendable {
        /// As its client wrote it.
        case raw(RawRequest)
        /// In core types; apart, since a request is part of the frames of every suspended call.
        indirect case typed(ChatContent)
    }

    /// The size of what is no text.
    public struct Extent: Equatable, Sendable {
        public var messages = 0
        /// Whether tools are offered, or were called in the conversation.
        public var usesTools = false
        /// Bytes of what else it says: tools, the schema of the answer, names, a client's own JSON.
        public var otherBytes = 0
        /// Pictures, sounds and files.
        public var media = 0
        /// Their bytes, as far as they are in the request.
        public var mediaBytes = 0

        public init() {}
    }

    public init(
        model: String, isStream: Bool, wantsUsage: Bool, choiceCount: Int = 1,
        maxOutputTokens: Int? = nil, textBytes: Int = 0, body: Body
    ) {
        self.model = model
        self.isStream = isStream
        self.wantsUsage = wantsUsage
        self.choiceCount = choiceCount
        self.maxOutputTokens = maxOutputTokens
        self.textBytes = textBytes
        self.body = body
    }
}

/// What to embed.
public struct EmbeddingRequest: Sendable {
    public var model: String
    /// How many inputs there are.
    public var inputCount: Int
    /// The UTF-8 bytes of all inputs.
    public var textBytes: Int
    /// Whom the client says it acts for. Empty when it does not say.
    public var endUser = ""
    /// Labels for reports and budgets.
    public var tags: [String] = []
    /// What its client marks it with, for reports. Never sent upstream.
    public var labels: [String: String] = [:]
    /// What it says about its routing; `nil` for nothing.
    public var routing: RequestRouting?
    /// What the client calls it, so that a repeat is not charged again.
    public var identity: RequestIdentity?
    /// Length of each vector; `nil` means the model's own.
    public var dimensionCount: Int?
    public var body: Body

    /// What a request says, in one of two forms.
    public enum Body: Sendable {
        /// As its client wrote it.
        case raw(RawRequest)
        /// In core types.
        indirect case typed(EmbeddingContent)
    }

    public init(
        model: String, inputCount: Int, textBytes: Int, dimensionCount: Int? = nil, body: Body
    ) {
        self.model = model
        self.inputCount = inputCount
        self.textBytes = textBytes
        self.dimensionCount = dimensionCount
        self.body = body
    }
}
