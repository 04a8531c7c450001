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
        }
    }
}
