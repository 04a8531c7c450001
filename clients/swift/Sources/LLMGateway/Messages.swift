/// The request of a completion.
public typealias ChatRequest = LLMGateway_V1_ChatRequest
/// A whole completion.
public typealias ChatCompletion = LLMGateway_V1_ChatCompletion
/// A piece of a completion that is streamed.
public typealias ChatDelta = LLMGateway_V1_ChatDelta
/// One turn of a conversation.
public typealias Message = LLMGateway_V1_Message
/// A call that a model asks for.
public typealias ToolCall = LLMGateway_V1_ToolCall
/// A function that a model may ask for.
public typealias Tool = LLMGateway_V1_Tool
/// The request of embeddings.
public typealias EmbeddingsRequest = LLMGateway_V1_GenerateEmbeddingsRequest
/// Embeddings, with what they cost.
public typealias Embeddings = LLMGateway_V1_GenerateEmbeddingsResponse
/// A model as the gateway offers it.
public typealias Model = LLMGateway_V1_Model
/// What a failed call carries.
public typealias ErrorContext = LLMGateway_V1_ErrorContext

extension ChatRequest {
    /// A request whose only turn is the user's.
    public init(model: String, _ text: String) {
        self.init(model: model, messages: [Message(.user, text)])
    }

    /// A request to continue a conversation, oldest turn first.
    public init(model: String, messages: [Message]) {
        self.init()
        self.model = model
        self.messages = messages
    }
}

extension EmbeddingsRequest {
    /// A request for an embedding of each text.
    public init(model: String, texts: [String]) {
        self.init()
        self.model = model
        inputs = texts.map { text in
            var input = LLMGateway_V1_EmbeddingInput()
            input.text = text
            return input
        }
    }
}

extension Message {
    /// A turn of text.
    public init(_ role: LLMGateway_V1_Role, _ text: String) {
        self.init()
        self.role = role
        var part = LLMGateway_V1_Part()
        part.text = text
        parts = [part]
    }

    /// What a tool answered, as the turn after the message that asked for it.
    public init(resultOf call: ToolCall, _ text: String) {
        self.init()
        role = .tool
        var result = LLMGateway_V1_ToolResultPart()
        result.text = text
        var part = LLMGateway_V1_Part()
        part.toolResult.toolCallID = call.id
        part.toolResult.parts = [result]
        parts = [part]
    }

    /// The text, without reasoning and tool calls.
    public var text: String { parts.map(\.text).joined() }

    /// The calls that the model asks for.
    public var toolCalls: [ToolCall] {
        parts.compactMap { part in
            if case .toolCall(let call) = part.content { call } else { nil }
        }
    }
}

extension ChatCompletion {
    /// The text of the first choice, without its reasoning and tool calls.
    public var text: String { choices.first?.message.text ?? "" }
}

extension LLMGateway_V1_Part {
    /// Adds a piece of this part.
    mutating func append(_ delta: ChatDelta) {
        signature += delta.signature
        switch delta.delta {
        case .text(let piece): text += piece
        case .refusal(let piece): refusal += piece
        case .reasoning(let piece):
            reasoning.text += piece.text
            reasoning.redactedData += piece.redactedData
        case .toolCall(let piece):
            toolCall.id += piece.id
            toolCall.name += piece.name
            toolCall.argumentsJson += piece.argumentsJson
        case .media, .annotation, nil: break
        }
    }
}
