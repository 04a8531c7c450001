public import GatewayCore
public import GatewayPrimitives

/// Reads a whole reply of Gemini's.
public struct GeminiReplyDecoder: WholeReplyDecoding {
    private var state: GeminiReplyState

    /// A decoder of one reply. Errors name the provider and the deployment.
    public init(
        parser: JSONParser, provider: ProviderKind = .gemini, deployment: String = ""
    ) {
        state = GeminiReplyState(
            parser: parser, faults: GeminiFaults(provider: provider, deployment: deployment))
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) { try state.take(json) }

    public mutating func next() -> ReplyEvent? { state.next() }

    public mutating func end() throws(GatewayError) -> ReplyFinished { try state.finished() }
}

/// Reads the pieces of a stream of Gemini's, one after another. Nothing marks its end: it is
/// complete where the response ends and every candidate has said how it ended.
public struct GeminiStreamDecoder: StreamReplyDecoding {
    public static var endMarker: StaticString { "a finishReason" }

    private var state: GeminiReplyState

    /// A decoder of one stream. Errors name the provider and the deployment.
    public init(
        parser: JSONParser, provider: ProviderKind = .gemini, deployment: String = ""
    ) {
        state = GeminiReplyState(
            parser: parser, faults: GeminiFaults(provider: provider, deployment: deployment))
    }

    public mutating func take(_ event: SSEEvent) throws(GatewayError) -> Bool {
        try state.take(event.data)
        return true
    }

    public mutating func next() -> ReplyEvent? { state.next() }

    public mutating func end() throws(GatewayError) -> ReplyFinished { try state.finished() }

    public var isComplete: Bool { state.isComplete }

    public var usageSoFar: Usage? { state.usage }
}
