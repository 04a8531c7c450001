public import GatewayPrimitives

/// One step of a model's reply. A reply is one `started`, any number of `delta` or `embedding`,
/// then one `finished`; a whole answer is the same events in quick succession.
///
/// Views in an event belong to the provider and are valid until the function that was given the
/// event returns; none of those functions waits. What needs them longer copies them.
public struct ReplyEvent {
    public var body: Body
    /// The upstream's own bytes for it.
    public var raw: RawForm

    public enum Body {
        /// The upstream has accepted the request and begun to answer.
        case started(ReplyStarted)
        /// The next piece of one choice.
        case delta(ChatDelta)
        /// The vector of one input.
        case embedding(EmbeddingVector)
        /// The reply is complete.
        case finished(ReplyFinished)
    }

    public init(_ body: Body, raw: RawForm = .none) {
        self.body = body
        self.raw = raw
    }
}

/// An event in the words of the upstream that sent it.
public enum RawForm {
    /// It has none: a door writes it from its typed value.
    case none
    /// The JSON of this event, and of those after it that are ``covered(_:)``. `isUsageReport`
    /// marks one that says nothing but the usage, which a client sees only if it asked for it.
    case json(ByteView, Dialect, isUsageReport: Bool)
    /// The name and the JSON of a server-sent event, for dialects whose events have names.
    case event(name: ByteView, json: ByteView, Dialect)
    /// The raw form of an earlier event says this too.
    case covered(Dialect)
}

/// The head of a reply.
public struct ReplyStarted {
    /// The upstream's id of the reply. Empty when it gave none.
    public var upstreamID: ByteView
    /// The upstream's name of the model. Empty when it gave none.
    public var upstreamModel: ByteView

    public init(upstreamID: ByteView = .empty, upstreamModel: ByteView = .empty) {
        self.upstreamID = upstreamID
        self.upstreamModel = upstreamModel
    }
}

/// The next piece of one part of one choice. Pieces of one part come in order and are concatenated.
public struct ChatDelta {
    public var choiceIndex: Int
    /// The part of the choice's message this belongs to.
    public var partIndex: Int
    public var content: Content
    /// The upstream's proof that it wrote the part, once, whole. Empty means none.
    public var signature: ByteView = .empty
    /// Whether the part's signature is in this piece or comes in a later one.
    public var isSigned = false
    public var logprobs: [TokenLogprob] = []
    public var refusalLogprobs: [TokenLogprob] = []
    /// A JSON object of fields that the core has no name for. Empty means none.
    public var providerFieldsJSON: ByteView = .empty

    public enum Content {
        /// Only other fields are set.
        case none
        case text(ByteView)
        case reasoning(ByteView)
        /// What the upstream sends, whole, in place of reasoning that it withholds. Opaque.
        case redactedReasoning(ByteView)
        case refusal(ByteView)
        /// `id` and `name` only in a call's first piece.
        case toolCall(id: ByteView, name: ByteView, argumentsJSON: ByteView)

        /// Whether it is what the model thought.
        public var isReasoning: Bool {
            switch self {
            case .reasoning, .redactedReasoning: true
            case .none, .text, .refusal, .toolCall: false
            }
        }
    }

    public init(choiceIndex: Int = 0, partIndex: Int = 0, content: Content) {
        self.choiceIndex = choiceIndex
        self.partIndex = partIndex
        self.content = content
    }

    /// How many bytes the model wrote.
    public var contentBytes: Int {
        switch content {
        case .none, .redactedReasoning: 0
        case .text(let text), .reasoning(let text), .refusal(let text): text.count
        case .toolCall(_, let name, let arguments): name.count + arguments.count
        }
    }

    /// Takes reasoning out, for a client that does not want it; what goes along stays.
    public mutating func withholdReasoning() {
        switch content {
        case .reasoning, .redactedReasoning:
            content = .none
            signature = .empty
        case .none, .text, .refusal, .toolCall: break
        }
    }

    /// How many bytes it takes to keep all that it says.
    public var keptBytes: Int {
        var count = contentBytes + signature.count + providerFieldsJSON.count
        switch content {
        case .redactedReasoning(let data): count += data.count
        case .toolCall(let id, _, _): count += id.count
        case .none, .text, .reasoning, .refusal: break
        }
        return count
    }
}

/// The likelihood of one token.
public struct TokenLogprob: Sendable {
    public var token: String
    /// The token's bytes, if the upstream gave them.
    public var tokenBytes: [UInt8]?
    public var logprob: Double
    /// The most likely tokens at this position; their own candidates are empty.
    public var candidates: [TokenLogprob]

    public init(
        token: String, tokenBytes: [UInt8]?, logprob: Double, candidates: [TokenLogprob] = []
    ) {
        self.token = token
        self.tokenBytes = tokenBytes
        self.logprob = logprob
        self.candidates = candidates
    }
}

/// One embedding.
public struct EmbeddingVector: Sendable {
    /// The input it is for, from zero.
    public var index: Int
    public var values: [Float]

    public init(index: Int, values: [Float]) {
        self.index = index
        self.values = values
    }
}

/// The end of a reply.
public struct ReplyFinished: Sendable {
    /// How each choice ended, by index.
    public var outcomes: [ChoiceOutcome]
    /// What the upstream said it used; `nil` when it did not say.
    public var usage: Usage?
    /// The class of service that the upstream reported.
    public var serviceTier: String?
    /// A JSON object of fields of the whole reply that the core has no name for. Empty means none.
    public var providerFieldsJSON: String
    /// The gateway ended the answer, not the upstream: what a door relayed as it came has no end
    /// of its own.
    public var isCut = false

    public init(
        outcomes: [ChoiceOutcome] = [], usage: Usage? = nil, serviceTier: String? = nil,
        providerFieldsJSON: String = ""
    ) {
        self.outcomes = outcomes
        self.usage = usage
        self.serviceTier = serviceTier
        self.providerFieldsJSON = providerFieldsJSON
    }
}

/// How one choice ended.
public struct ChoiceOutcome: Sendable {
    public var choiceIndex: Int
    public var reason: FinishReason
    public var cause: FinishCause
    /// The stop sequence that ended it, if the upstream said which.
    public var stopSequence: String

    public init(
        choiceIndex: Int, reason: FinishReason, cause: FinishCause, stopSequence: String = ""
    ) {
        self.choiceIndex = choiceIndex
        self.reason = reason
        self.cause = cause
        self.stopSequence = stopSequence
    }
}

/// Why generation of a choice ended.
public enum FinishReason: String, Sendable {
    case unknown
    case stop
    case length
    case toolCalls = "tool_calls"
    case contentFilter = "content_filter"
    case refusal
}

/// What ended generation of a choice.
public enum FinishCause: String, Sendable {
    case unknown
    case model
    case maxTokens = "max_tokens"
    case stopSequence = "stop_sequence"
    case budget
    case deadline
    case contextWindow = "context_window"
}
