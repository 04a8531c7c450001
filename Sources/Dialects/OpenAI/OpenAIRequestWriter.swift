public import GatewayCore
public import GatewayPrimitives

/// Writes requests in OpenAI's dialect.
public struct OpenAIRequestWriter {
    /// Appends the body of a chat completion request for an upstream.
    ///
    /// A request in the client's own words stays as it is but for the model's name and, in a stream,
    /// `stream_options.include_usage`, which the gateway needs. Returns the names of parameters
    /// that were dropped because the dialect cannot say them; throws if they may not be dropped.
    @discardableResult
    public static func writeChat(
        _ request: ChatRequest, model upstreamModel: String, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        []
    }

    /// Appends the body of an embeddings request for an upstream. Returns what was dropped.
    @discardableResult
    public static func writeEmbeddings(
        _ request: EmbeddingRequest, model upstreamModel: String, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        []
    }
}
