public import GatewayCore
public import GatewayPrimitives

/// Reads the chunks of a streamed chat completion.
public struct OpenAIChatStreamDecoder {
    public init(
        parser: JSONParser, wantsTyped: Bool, provider: ProviderKind = .openAI,
        deployment: String = ""
    ) {}
    /// Takes the data of one event, which must stay in place until ``next()`` has returned `nil`.
    public mutating func begin(_ json: ByteView) throws(GatewayError) {}
    public mutating func next() -> ReplyEvent? { nil }
    public mutating func end() throws(GatewayError) -> ReplyFinished { ReplyFinished() }
}
public struct OpenAIChatReplyDecoder {
    public init(
        parser: JSONParser, wantsTyped: Bool, provider: ProviderKind = .openAI,
        deployment: String = ""
    ) {}
    public mutating func begin(_ json: ByteView) throws(GatewayError) {}
    public mutating func next() -> ReplyEvent? { nil }
    public mutating func end() throws(GatewayError) -> ReplyFinished { ReplyFinished() }
}
public struct OpenAIEmbeddingsReplyDecoder {
    public init(
        parser: JSONParser, wantsTyped: Bool, provider: ProviderKind = .openAI,
        deployment: String = ""
    ) {}
    public mutating func begin(_ json: ByteView) throws(GatewayError) {}
    public mutating func next() -> ReplyEvent? { nil }
    public mutating func end() throws(GatewayError) -> ReplyFinished { ReplyFinished() }
}
