import GRPCCore
public import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf

/// Connects to the gateway at `target` for the time of `body`.
///
/// - Parameters:
///   - target: `host:port`.
///   - key: The API key.
///   - security: How the connection is encrypted, such as `.tls`; without, it is in the clear.
///   - timeout: How long a call may take unless it says otherwise; `nil`: as the gateway has it.
/// - Throws: What `body` throws; calls throw ``GatewayError``.
public func withGateway<Result: Sendable>(
    _ target: String, key: String? = nil,
    security: HTTP2ClientTransport.Posix.TransportSecurity = .plaintext, timeout: Duration? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Gateway) async throws -> Result
) async throws -> Result {
    guard let colon = target.lastIndex(of: ":"),
        let port = Int(target[target.index(after: colon)...])
    else {
        throw GatewayError(code: .invalidArgument, message: "`\(target)` is not host:port.")
    }
    let transport = try HTTP2ClientTransport.Posix(
        target: .dns(host: String(target[..<colon]), port: port), transportSecurity: security)
    return try await withGRPCClient(transport: transport, isolation: isolation) { client in
        try await body(Gateway(client: client, key: key, timeout: timeout))
    }
}

/// Calls of a gateway. May be shared between tasks.
public struct Gateway: Sendable {
    private let client: GRPCClient<HTTP2ClientTransport.Posix>
    private let metadata: Metadata
    private let timeout: Duration?

    init(client: GRPCClient<HTTP2ClientTransport.Posix>, key: String?, timeout: Duration?) {
        self.client = client
        self.timeout = timeout
        metadata = key.map { ["authorization": "Bearer \($0)"] } ?? [:]
    }

    private func options(_ timeout: Duration?) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = timeout ?? self.timeout
        // The gateway bounds what it sends; a bound of gRPC's own would only get in the way.
        options.maxResponseMessageBytes = .max
        // The transport holds responses to this one.
        options.maxRequestMessageBytes = .max
        return options
    }

    /// A whole completion.
    public func chat(
        _ request: ChatRequest, timeout: Duration? = nil
    ) async throws -> ChatCompletion {
        var message = LLMGateway_V1_GenerateChatCompletionRequest()
        message.chat = request
        return try await GatewayError.translating {
            try await LLMGateway_V1_ChatService.Client(wrapping: client).generateChatCompletion(
                message, metadata: metadata, options: options(timeout)
            ).completion
        }
    }

    /// A completion piece by piece, for the time of `body`.
    public func stream<Result: Sendable>(
        _ request: ChatRequest, timeout: Duration? = nil,
        _ body: @Sendable @escaping (ChatStream) async throws -> Result
    ) async throws -> Result {
        var message = LLMGateway_V1_StreamChatCompletionRequest()
        message.chat = request
        return try await GatewayError.translating {
            try await LLMGateway_V1_ChatService.Client(wrapping: client).streamChatCompletion(
                message, metadata: metadata, options: options(timeout)
            ) { response in
                if case .failure(let error) = response.accepted, error.metNoConnection {
                    throw error
                }
                return try await body(ChatStream(response.messages))
            }
        }
    }

    /// An embedding of each input.
    public func embed(
        _ request: EmbeddingsRequest, timeout: Duration? = nil
    ) async throws -> Embeddings {
        try await GatewayError.translating {
            try await LLMGateway_V1_EmbeddingService.Client(wrapping: client).generateEmbeddings(
                request, metadata: metadata, options: options(timeout))
        }
    }

    /// The models that the key may use, by name.
    public func models(timeout: Duration? = nil) async throws -> [Model] {
        var models: [Model] = []
        var request = LLMGateway_V1_ListModelsRequest()
        repeat {
            let page = try await GatewayError.translating {
                try await LLMGateway_V1_ModelService.Client(wrapping: client).listModels(
                    request, metadata: metadata, options: options(timeout))
            }
            models += page.models
            request.pageToken = page.nextPageToken
        } while !request.pageToken.isEmpty
        return models
    }

    /// One model, by the name that requests use.
    public func model(_ name: String, timeout: Duration? = nil) async throws -> Model {
        var request = LLMGateway_V1_GetModelRequest()
        request.name = "models/\(name)"
        return try await GatewayError.translating {
            try await LLMGateway_V1_ModelService.Client(wrapping: client).getModel(
                request, metadata: metadata, options: options(timeout)
            ).model
        }
    }
}
