public import GatewayCore
public import GatewayPrimitives

/// Reads the body of LiteLLM's `POST /utils/token_counter`: a model, and a prompt or messages.
public struct TokenCounterRequestReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// Reads a whole body, as the chat or the completion whose tokens are wanted.
    public func read(_ body: ByteView) throws(GatewayError) -> ChatRequest {
        let root = try RequestFields.parse(body, with: parser)
        let hasPrompt = root[member: "prompt"].map { !$0.isNull } ?? false
        let hasMessages = root[member: "messages"].map { !$0.isNull } ?? false
        if hasMessages { return try OpenAIChatRequestReader(parser: parser).read(body) }
        guard hasPrompt else {
            throw RequestFields.invalid(
                "`messages` or `prompt` is required.",
                [FieldViolation(field: "messages", message: "is required, or `prompt`")])
        }
        return try OpenAICompletionRequestReader(parser: parser).read(body)
    }
}
