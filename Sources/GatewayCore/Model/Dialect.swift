/// A vendor's way of writing requests and replies as JSON.
public enum Dialect: UInt8, Sendable {
    /// OpenAI's chat completions.
    case openAIChat
    /// OpenAI's embeddings.
    case openAIEmbeddings
    /// Anthropic's Messages API.
    case anthropicMessages

    /// The name the public API knows it by (RoutingInfo.dialect).
    public var name: StaticString {
        switch self {
        case .openAIChat: "openai-chat"
        case .openAIEmbeddings: "openai-embeddings"
        case .anthropicMessages: "anthropic-messages"
        }
    }
}
