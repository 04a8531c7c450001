import GatewayPrimitives
import Transport

/// What the gateway serves over plain HTTP: every path, its method, and what answers it.
enum Endpoint: Equatable {
    case chatCompletions
    case embeddings
    /// Anthropic's.
    case messages
    case models
    /// One model, by its name, which may contain slashes and percent-encoded bytes.
    case model
    case liveness
    case readiness
    case metrics

    /// Finds the endpoint of a path. Vendors' paths are served with `/v1` before them and without,
    /// as LiteLLM does.
    static func match(_ path: ByteView) -> Endpoint? {
        let path = path.hasPrefix("/v1/") ? path.dropping(first: 3) : path
        // The longest common case first.
        if path.equals("/chat/completions") { return .chatCompletions }
        if path.equals("/embeddings") { return .embeddings }
        if path.equals("/messages") { return .messages }
        if path.equals("/models") { return .models }
        if path.hasPrefix(modelPrefix), path.count > modelPrefix.utf8CodeUnitCount { return .model }
        if path.equals("/health/liveliness") || path.equals("/health/liveness") { return .liveness }
        if path.equals("/health/readiness") { return .readiness }
        if path.equals("/metrics") { return .metrics }
        return nil
    }

    static let modelPrefix: StaticString = "/models/"

    /// The methods it takes, as the value of an `allow` field.
    var allowed: StaticString {
        switch self {
        case .chatCompletions, .embeddings, .messages: "POST"
        case .models, .model, .liveness, .readiness, .metrics: "GET, HEAD"
        }
    }

    func allows(_ method: HTTPMethod) -> Bool {
        switch self {
        case .chatCompletions, .embeddings, .messages: method == .post
        case .models, .model, .liveness, .readiness, .metrics: method == .get || method == .head
        }
    }
}
