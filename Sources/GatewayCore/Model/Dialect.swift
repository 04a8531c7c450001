/// A vendor's way of writing requests and replies as JSON.
public enum Dialect: UInt8, Sendable {
    /// OpenAI's chat completions.
    case openAIChat
    /// OpenAI's older completions of a prompt.
    case openAICompletions
    /// OpenAI's responses.
    case openAIResponses
    /// OpenAI's embeddings.
    case openAIEmbeddings
    /// Anthropic's Messages API.
    case anthropicMessages
    /// OpenAI's moderations.
    case openAIModerations
    /// Cohere's and Jina's rerank, as vLLM and LiteLLM serve it.
    case rerank
    /// Gemini's `generateContent`.
    case geminiContent
    /// Gemini's `batchEmbedContents`.
    case geminiEmbeddings
    /// Ollama's `/api/chat`.
    case ollamaChat
    /// Ollama's `/api/generate`.
    case ollamaGenerate
    /// Ollama's `/api/embed`.
    case ollamaEmbeddings

    /// The name the public API knows it by (RoutingInfo.dialect).
    public var name: StaticString {
        switch self {
        case .openAIChat: "openai-chat"
        case .openAICompletions: "openai-completions"
        case .openAIResponses: "openai-responses"
        case .openAIEmbeddings: "openai-embeddings"
        case .openAIModerations: "openai-moderations"
        case .rerank: "rerank"
        case .anthropicMessages: "anthropic-messages"
        case .geminiContent: "gemini-content"
        case .geminiEmbeddings: "gemini-embeddings"
        case .ollamaChat: "ollama-chat"
        case .ollamaGenerate: "ollama-generate"
        case .ollamaEmbeddings: "ollama-embeddings"
        }
    }
}

extension Dialect {
    /// Those that an upstream may be asked for a chat in.
    public static let ofChats: [Dialect] = [
        .openAIChat, .anthropicMessages, .geminiContent, .ollamaChat,
    ]

    /// Those that an upstream may be asked for embeddings in.
    public static let ofEmbeddings: [Dialect] = [
        .openAIEmbeddings, .geminiEmbeddings, .ollamaEmbeddings,
    ]

    /// Whether it asks for an answer in Ollama's words.
    public var isOllamas: Bool { self == .ollamaChat || self == .ollamaGenerate }
}

extension ProviderKind {
    /// The vendor whose form its errors have.
    public var errorForm: ProviderKind { self == .azure ? .openAI : self }

    /// What its servers are asked in, for what OpenAI's dialect says in this one.
    public func spoken(for dialect: Dialect) -> Dialect {
        switch (self, dialect) {
        case (.anthropic, .openAIChat): .anthropicMessages
        case (.gemini, .openAIChat): .geminiContent
        case (.gemini, .openAIEmbeddings): .geminiEmbeddings
        case (.ollama, .openAIChat): .ollamaChat
        case (.ollama, .openAIEmbeddings): .ollamaEmbeddings
        default: dialect
        }
    }
}
