public import GatewayCore
public import GatewayPrimitives

/// Writes a streamed chat completion, as SSE events, from typed events.
public struct OpenAIReplyWriter {
    public init(id: String, created: Int64, model: String) {}
    /// Appends `data: {chunk}` and an empty line; nothing for an event that says nothing.
    public mutating func writeChunk(_ event: ReplyEvent, into output: inout ByteQueue) {}
    /// Appends a chunk with the finish reason of each choice, and one with the usage if wanted.
    public mutating func writeFinishChunks(
        _ finished: ReplyFinished, wantsUsage: Bool, into output: inout ByteQueue
    ) {}
    /// Appends a chunk that is JSON already.
    public static func writeEvent(json: ByteView, into output: inout ByteQueue) {}
    /// Appends the end marker `data: [DONE]`.
    public static func writeDone(into output: inout ByteQueue) {}
}
public struct OpenAIChatCollector: ~Copyable {
    public init(id: String, created: Int64, model: String, bytesMax: Int = 1 << 26) {}
    public mutating func add(_ event: ReplyEvent) throws(GatewayError) {}
    public mutating func write(_ finished: ReplyFinished, into output: inout ByteQueue) {}
}
public struct OpenAIEmbeddingsCollector: ~Copyable {
    public enum Encoding: Sendable { case float, base64 }
    public init(model: String, encoding: Encoding, bytesMax: Int = 1 << 26) {}
    public mutating func add(_ event: ReplyEvent) throws(GatewayError) {}
    public mutating func write(_ finished: ReplyFinished, into output: inout ByteQueue) {}
}
