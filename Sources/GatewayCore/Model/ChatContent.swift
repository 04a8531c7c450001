/// A chat request in core types: what every dialect says in its own way.
public struct ChatContent: Sendable {
    public var messages: [Message]
    public var tools: [Tool] = []
    public var toolChoice: ToolChoice?
    public var parallelToolCalls: Bool?
    public var responseFormat: ResponseFormat = .text
    public var sampling = SamplingParams()
    public var reasoningEffort: ReasoningEffort?
    public var maxReasoningTokens: Int?
    public var includeReasoning = false
    public var verbosity: Verbosity?
    /// How many of the most likely tokens to report; absent means no likelihoods.
    public var topLogprobs: Int?
    /// Empty means none, here and for all texts below.
    public var predictedOutput = ""
    public var promptCacheKey = ""
    public var serviceTier = ""
    public var store: Bool?
    public var endUser = ""
    public var metadata: [(key: String, value: String)] = []
    public var wantsAudio = false
    public var audioVoice = ""
    public var audioMimeType = ""
    /// A JSON object merged into the upstream request.
    public var extraBodyJSON = ""
    /// The dialect that ``extraBodyJSON`` and tools of the vendor's own are written in.
    public var jsonDialect = Dialect.openAIChat
    /// The tools up to which the upstream is asked to cache its state, by their places.
    public var toolBreakpoints: [Int: CacheBreakpoint] = [:]
    /// Drop what the deployment does not support instead of refusing the request.
    public var dropsUnsupportedParams = false

    public init(messages: [Message]) { self.messages = messages }
}

/// One turn of a conversation.
public struct Message: Sendable {
    public var role: Role
    public var parts: [Part]
    /// Distinguishes speakers of one role. Empty means none.
    public var name: String
    /// A JSON object of fields that the core has no name for. Empty means none.
    public var providerFieldsJSON: String
    /// The dialect of the upstream that wrote the message; `nil` for that of any.
    public var dialect: Dialect?
    /// What stands beside the parts' content, by their places.
    public var marks: [Int: PartMarks] = [:]

    public enum Role: String, Sendable {
        case system
        case developer
        case user
        case assistant
        case tool
    }

    public init(role: Role, parts: [Part], name: String = "", providerFieldsJSON: String = "") {
        self.role = role
        self.parts = parts
        self.name = name
        self.providerFieldsJSON = providerFieldsJSON
    }
}

/// A part of a message.
public enum Part: Sendable {
    case text(String)
    case media(Media)
    case toolCall(ToolCall)
    case toolResult(ToolResult)
    case reasoning(Reasoning)
    case refusal(String)
    /// A part of a kind that the core has no name for, as a JSON object.
    case other(json: String)
}

/// What stands beside the content of a part.
public struct PartMarks: Sendable {
    /// The proof of the upstream that wrote it; reasoning has its own. Empty means none.
    public var signature = ""
    /// Asks the upstream to cache its state up to and including the part.
    public var cacheBreakpoint: CacheBreakpoint?
    /// Whether it has annotations, which no dialect takes back.
    public var hasAnnotations = false
    /// Whether it has fields that the core has no name for.
    public var hasProviderFields = false

    public init() {}
}

/// Asks the upstream to cache its state up to some place.
public struct CacheBreakpoint: Sendable {
    /// How long; `nil` for the upstream's own time.
    public var seconds: Int64?

    public init(seconds: Int64? = nil) { self.seconds = seconds }
}

/// What a model thought in an earlier turn.
public struct Reasoning: Sendable {
    /// Empty where the upstream withheld it.
    public var text: String
    /// The proof of the upstream that wrote it. Empty means none.
    public var signature: String
    /// What the upstream sent in place of text that it withheld. Empty means none.
    public var redactedData: String

    public init(_ text: String, signature: String = "", redactedData: String = "") {
        self.text = text
        self.signature = signature
        self.redactedData = redactedData
    }
}

/// A picture, sound or document.
public struct Media: Sendable {
    public var source: Source
    public var mimeType: String
    public var detail: Detail?
    /// Empty means none.
    public var fileName: String

    public enum Source: Sendable {
        case inline([UInt8])
        case uri(String)
        case fileID(String)
    }

    public enum Detail: String, Sendable {
        case low
        case high
    }

    public init(source: Source, mimeType: String, detail: Detail? = nil, fileName: String = "") {
        self.source = source
        self.mimeType = mimeType
        self.detail = detail
        self.fileName = fileName
    }
}

/// A call the model asked for.
public struct ToolCall: Sendable {
    public var id: String
    public var name: String
    public var argumentsJSON: String

    public init(id: String, name: String, argumentsJSON: String) {
        self.id = id
        self.name = name
        self.argumentsJSON = argumentsJSON
    }
}

/// The result of a call. Its parts are texts and media.
public struct ToolResult: Sendable {
    public var toolCallID: String
    public var parts: [Part]
    public var isError: Bool

    public init(toolCallID: String, parts: [Part], isError: Bool = false) {
        self.toolCallID = toolCallID
        self.parts = parts
        self.isError = isError
    }
}

/// A function the model may ask the client to call, or a tool built into the upstream.
public enum Tool: Sendable {
    case function(name: String, description: String, parametersJSON: String, strict: Bool?)
    case provider(json: String)
}

/// Whether and what the model must call.
public enum ToolChoice: Sendable {
    case mode(Mode)
    case tool(name: String)
    case allowed(mode: Mode, names: [String])

    public enum Mode: String, Sendable {
        case auto
        case none
        case required
    }
}

/// The shape the output must have.
public enum ResponseFormat: Sendable {
    case text
    case jsonObject
    case jsonSchema(name: String, description: String, schemaJSON: String, strict: Bool?)
}

/// How tokens are drawn.
public struct SamplingParams: Sendable {
    public var temperature: Double?
    public var topP: Double?
    public var topK: Int?
    public var frequencyPenalty: Double?
    public var presencePenalty: Double?
    public var seed: Int64?
    public var stopSequences: [String] = []
    public var logitBias: [(token: Int32, bias: Double)] = []

    public init() {}
}

/// A coarse level of reasoning.
public enum ReasoningEffort: String, Sendable {
    case none
    case minimal
    case low
    case medium
    case high
}

/// How long an answer is.
public enum Verbosity: String, Sendable {
    case low
    case medium
    case high
}
