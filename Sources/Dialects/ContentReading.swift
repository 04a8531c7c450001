internal import GatewayCore

/// A chat request in core types, in whatever words its client wrote it: what the writers of
/// dialects begin with.
struct ContentReading {
    var content: ChatContent
    let words: ClientWords
    /// Members that the core has no name for, by their paths in the client's words.
    var unknown: [String] = []
    /// The same where leaving them out changes no answer's meaning.
    var hints: [String] = []
    /// What of the content is not the client's but its deployment's, in OpenAI's names.
    var defaulted: Set<String> = []
    /// What the client calls each message of the content; empty where that is its place.
    var messagePaths: [String] = []

    /// - Parameter parser: the loop's, for requests in their client's own words.
    init(_ request: ChatRequest, with parser: JSONParser) throws(GatewayError) {
        switch request.body {
        case .typed(let typed):
            content = typed
            words = .contract
        case .raw(let raw) where raw.dialect == .anthropicMessages:
            self = try AnthropicContentReader(parser: parser).read(raw)
        case .raw(let raw) where raw.dialect.isOllamas:
            self = try OllamaContentReader(parser: parser).read(raw)
        case .raw(let raw) where raw.dialect == .openAIResponses:
            self = try OpenAIResponsesContentReader(parser: parser).read(raw)
        case .raw(let raw):
            let reading =
                raw.dialect == .openAICompletions
                ? try OpenAICompletionContentReader(parser: parser).read(raw)
                : try OpenAIContentReader(parser: parser).read(raw)
            content = reading.content
            words = .openAI
            unknown = reading.unknown
            hints = reading.hints
        }
        fill(from: request.defaults)
    }

    init(_ content: ChatContent, words: ClientWords) {
        self.content = content
        self.words = words
    }

    /// The effort asked for. Of a client that knows no efforts, what stands for its budget of
    /// thinking: the table that turns efforts into budgets for Anthropic's older models, read
    /// backwards.
    var effort: ReasoningEffort? {
        if words == .anthropic, content.reasoningEffort == nil,
            let budget = content.maxReasoningTokens
        {
            return budget >= 4096 ? .high : budget >= 2048 ? .medium : .low
        }
        return content.reasoningEffort
    }

    /// What the target dialect cannot say: at first, what the core cannot either.
    func unsaid(mayDrop: Bool) -> Unsaid {
        var unsaid = Unsaid(mayDrop: mayDrop || content.dropsUnsupportedParams, words: words)
        unsaid.defaulted = defaulted
        for name in hints { unsaid.drop(field: name) }
        for name in unknown { unsaid.refuse(name, openAI: name) }
        return unsaid
    }

    /// What the client calls a message, for errors.
    func path(ofMessage index: Int) -> String {
        if messagePaths.indices.contains(index) { return messagePaths[index] }
        return words == .contract ? "chat.messages[\(index)]" : "messages[\(index)]"
    }
}
