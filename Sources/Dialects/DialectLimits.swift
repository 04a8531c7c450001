/// Every bound of this room that no configuration sets.
public enum DialectLimits {
    /// Field violations told of one request; more would not be read.
    static let violationsMax = 16
    /// The longest name or value of a client that a message repeats.
    static let quotedBytesMax = 64
    /// Choices of one reply: `n` of a request, and indexes of an upstream.
    static let choicesMax = 128
    /// Tool calls of one choice.
    static let toolCallsMax = 1024
    /// Inputs of one request for embeddings, as OpenAI has it.
    static let embeddingInputsMax = 2048
    /// Output tokens asked of an Anthropic upstream where neither client, gateway nor the table of
    /// prices names a bound: the dialect needs one, and every model allows as many.
    static let anthropicOutputTokensDefault = 4096
    /// The longest text of an upstream's error that is passed on.
    static let upstreamMessageBytesMax = 2048
    /// The input of a block that the core has no name for.
    static let otherBlockBytesMax = 4 * 1024 * 1024
    /// The longest text of a stream that is remembered, to know the next by it.
    static let repeatedTextBytesMax = 1024
    /// Texts of a stream in a row that may differ from what is remembered; then nothing is.
    static let repeatedMissesMax = 8
    /// The longest value of an SSE `event` or `id` field that is kept.
    static let eventFieldBytesMax = 1024
}
