import GatewayPrimitives
import Transport

/// What the gateway serves over plain HTTP: every path, its method, and what answers it.
enum Endpoint: Equatable {
    case chatCompletions
    case completions
    case responses
    case embeddings
    case moderations
    case rerank
    /// Anthropic's.
    case messages
    case messagesCount
    /// LiteLLM's.
    case tokenCounter
    /// Ollama's.
    case ollamaChat
    case ollamaGenerate
    case ollamaEmbed
    /// The older one, of a prompt at a time.
    case ollamaEmbeddings
    case ollamaTags
    case ollamaRunning
    case ollamaShow
    case ollamaVersion
    case models
    /// One model, by its name, which may contain slashes and percent-encoded bytes.
    case model
    case liveness
    case readiness
    case metrics
    /// What vendors have and the gateway has not.
    case absent

    /// Finds the endpoint of a path. Vendors' paths are served with `/v1` before them and without,
    /// as LiteLLM does.
    static func match(_ path: ByteView) -> Endpoint? {
        let path = path.hasPrefix("/v1/") ? path.dropping(first: 3) : path
        // The longest common case first.
        if path.equals("/chat/completions") { return .chatCompletions }
        if path.equals("/messages") { return .messages }
        if path.equals("/embeddings") { return .embeddings }
        if path.equals("/responses") { return .responses }
        if path.equals("/completions") { return .completions }
        if path.equals("/moderations") { return .moderations }
        if path.equals("/rerank") || path.equals("/v2/rerank") { return .rerank }
        if path.equals("/messages/count_tokens") { return .messagesCount }
        if path.equals("/utils/token_counter") { return .tokenCounter }
        if path.hasPrefix("/api/") { return ollama(path.dropping(first: 4)) }
        if path.equals("/models") { return .models }
        if path.hasPrefix(modelPrefix), path.count > modelPrefix.utf8CodeUnitCount { return .model }
        if path.equals("/health/liveliness") || path.equals("/health/liveness") { return .liveness }
        if path.equals("/health/readiness") { return .readiness }
        if path.equals("/metrics") { return .metrics }
        return absentPaths.contains { path.isUnder($0) } ? .absent : nil
    }

    private static func ollama(_ path: ByteView) -> Endpoint? {
        if path.equals("/chat") { return .ollamaChat }
        if path.equals("/generate") { return .ollamaGenerate }
        if path.equals("/embed") { return .ollamaEmbed }
        if path.equals("/embeddings") { return .ollamaEmbeddings }
        if path.equals("/tags") { return .ollamaTags }
        if path.equals("/ps") { return .ollamaRunning }
        if path.equals("/show") { return .ollamaShow }
        return path.equals("/version") ? .ollamaVersion : nil
    }

    static let modelPrefix: StaticString = "/models/"
    private static let absentPaths: [StaticString] = [
        "/images", "/audio", "/files", "/uploads", "/batches", "/realtime", "/fine_tuning",
        "/vector_stores", "/assistants", "/threads", "/videos", "/messages/batches",
    ]

    /// The methods it takes, as the value of an `allow` field; `nil` for what is absent.
    var allowed: StaticString? {
        switch self {
        case .chatCompletions, .completions, .responses, .embeddings, .moderations, .rerank,
            .messages, .messagesCount, .tokenCounter, .ollamaChat, .ollamaGenerate, .ollamaEmbed,
            .ollamaEmbeddings, .ollamaShow:
            "POST"
        case .ollamaTags, .ollamaRunning, .ollamaVersion, .models, .model, .liveness, .readiness,
            .metrics:
            "GET, HEAD"
        case .absent: nil
        }
    }

    func allows(_ method: HTTPMethod) -> Bool {
        guard let allowed else { return true }
        return ByteView(allowed).equals("POST")
            ? method == .post : method == .get || method == .head
    }

    /// Whether its clients know Anthropic's errors.
    var isAnthropic: Bool { self == .messages || self == .messagesCount }

    /// Whether its clients know Ollama's errors.
    var isOllamas: Bool {
        switch self {
        case .ollamaChat, .ollamaGenerate, .ollamaEmbed, .ollamaEmbeddings, .ollamaTags,
            .ollamaRunning, .ollamaShow, .ollamaVersion:
            true
        default: false
        }
    }
}

extension ByteView {
    /// Whether a path is one, or one below it.
    fileprivate func isUnder(_ prefix: StaticString) -> Bool {
        guard hasPrefix(prefix) else { return false }
        let length = prefix.utf8CodeUnitCount
        return count == length || self[length] == UInt8(ascii: "/")
    }
}
