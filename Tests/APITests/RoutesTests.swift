import GatewayPrimitives
import Testing

@testable import API

/// Which endpoint a path leads to.
struct RoutesTests {
    @Test(arguments: [
        ("/v1/chat/completions", Endpoint.chatCompletions),
        ("/chat/completions", .chatCompletions),
        ("/v1/embeddings", .embeddings), ("/embeddings", .embeddings),
        ("/v1/completions", .completions), ("/v1/responses", .responses),
        ("/v1/moderations", .moderations), ("/rerank", .rerank), ("/v2/rerank", .rerank),
        ("/v1/messages", .messages), ("/v1/messages/count_tokens", .messagesCount),
        ("/utils/token_counter", .tokenCounter), ("/v1/images/generations", .absent),
        ("/v1/files", .absent), ("/v1/realtime", .absent), ("/v1/messages/batches", .absent),
        ("/v1/models", .models), ("/models", .models),
        ("/v1/models/m", .model), ("/models/openai/gpt-4o", .model),
        ("/health/liveliness", .liveness), ("/health/liveness", .liveness),
        ("/health/readiness", .readiness),
    ])
    func aPathLeadsToItsEndpoint(path: String, endpoint: Endpoint) {
        var bytes = ByteQueue()
        bytes.append(text: path)
        #expect(Endpoint.match(bytes.view) == endpoint)
    }

    @Test(arguments: [
        "", "/", "/v1", "/v1/", "/v1/chat", "/v1/chat/completions/", "/v2/models", "/models/",
        "/v1/models/", "/V1/models", "/v1/v1/models", "chat/completions", "/health",
        "/v1/filesystem", "/v1/responses/resp_1",
    ])
    func otherPathsLeadNowhere(path: String) {
        var bytes = ByteQueue()
        bytes.append(text: path)
        #expect(Endpoint.match(bytes.view) == nil)
    }

    /// Model names may hold what a path must escape.
    @Test(arguments: [
        ("gpt-4o", "gpt-4o"), ("a%2Fb", "a/b"), ("a/b", "a/b"), ("100%", "100%"),
        ("%zz", "%zz"), ("%e4%bd%a0", "你"), ("a%2", "a%2"),
    ])
    func modelNamesAreDecoded(encoded: String, name: String) {
        var bytes = ByteQueue()
        bytes.append(text: encoded)
        #expect(PercentText.decoded(path: bytes.view) == name)
    }
}
