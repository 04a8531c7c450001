public import GatewayCore
public import GatewayPrimitives

/// Reads a whole reply of Ollama's.
public struct OllamaReplyDecoder: WholeReplyDecoding {
    private var state: OllamaReplyState

    /// A decoder of one reply. Errors name the provider and the deployment.
    /// - Parameter dialect: `ollamaChat`, or `ollamaGenerate` for the answer to a prompt.
    public init(
        parser: JSONParser, dialect: Dialect = .ollamaChat, provider: ProviderKind = .ollama,
        deployment: String = ""
    ) {
        state = OllamaReplyState(
            parser: parser, dialect: dialect, provider: provider, deployment: deployment)
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) { try state.take(json) }

    public mutating func next() -> ReplyEvent? { state.next() }

    public mutating func end() throws(GatewayError) -> ReplyFinished { try state.finished() }

    public var usageSoFar: Usage? { state.told }
}

/// Reads the lines of a stream of Ollama's, one after another. It is whole when a line has said
/// that it is done, which is the last.
public struct OllamaStreamDecoder: StreamReplyDecoding {
    public static var endMarker: StaticString { "a line with `done`" }

    private var state: OllamaReplyState

    /// A decoder of one stream; see ``OllamaReplyDecoder``.
    public init(
        parser: JSONParser, dialect: Dialect = .ollamaChat, provider: ProviderKind = .ollama,
        deployment: String = ""
    ) {
        state = OllamaReplyState(
            parser: parser, dialect: dialect, provider: provider, deployment: deployment)
    }

    public mutating func take(_ event: SSEEvent) throws(GatewayError) -> Bool {
        // Nothing is expected behind the last line; what comes there is of no reply.
        if state.isDone { return false }
        try state.take(event.data)
        return true
    }

    public mutating func next() -> ReplyEvent? { state.next() }

    public mutating func end() throws(GatewayError) -> ReplyFinished { try state.finished() }

    public var usageSoFar: Usage? { state.told }

    public var isComplete: Bool { state.isDone }
}

/// Reads the vectors of a reply of Ollama's: `{"embeddings":[[...]]}`.
public struct OllamaEmbeddingsDecoder: WholeReplyDecoding {
    private var vectors: VectorReply
    private let faults: OpenAIFaults

    /// A decoder of one reply. Errors name the provider and the deployment.
    public init(
        parser: JSONParser, provider: ProviderKind = .ollama, deployment: String = ""
    ) {
        faults = OpenAIFaults(provider: provider, deployment: deployment)
        vectors = VectorReply(parser: parser, dialect: .ollamaEmbeddings) { $0 }
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try vectors.read(json, faults)
        if let error = root[member: "error"], !error.isNull { throw faults.reported(in: root) }
        guard vectors.take(root[member: "embeddings"]) else {
            throw faults.malformed("it has no `embeddings` of numbers")
        }
        vectors.usage = OllamaUsage.read(root)
    }

    public mutating func next() -> ReplyEvent? { vectors.next() }

    public mutating func end() throws(GatewayError) -> ReplyFinished {
        ReplyFinished(usage: vectors.usage)
    }
}
