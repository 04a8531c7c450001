import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls what speaks OpenAI's dialect: OpenAI, vLLM, llama.cpp and their like. One instance a loop.
public final class OpenAIProvider: Provider {
    private let client: HTTPClient
    private let clock: any Clock
    private let limits: ProviderLimits
    /// Decoding never waits, so all streams of the loop can use one parser in turn.
    private let parser = JSONParser()
    private var targets: DeploymentTargets<OpenAITarget>

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        self.client = client
        self.clock = clock
        self.limits = limits
        targets = try DeploymentTargets(deployments, of: .openAI, limits: limits)
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try targets.target(of: deployment)
        var body = ByteQueue()
        let dropped: [String]
        let path: ByteView
        switch request {
        case .chat(let chat):
            dropped = try OpenAIRequestWriter.writeChat(
                chat, model: deployment.upstreamModel,
                outputTokensMax: relay.outputTokensMax,
                dropsUnsupported: deployment.traits.dropsUnsupportedParams, with: parser,
                into: &body)
            path = target.chatPath.view
        case .embeddings(let embeddings):
            dropped = try OpenAIRequestWriter.writeEmbeddings(
                embeddings, model: deployment.upstreamModel, into: &body)
            path = target.embeddingsPath.view
        }
        relay.noteDropped(dropped)

        let exchange = client.exchange(to: target.origin)
        defer { exchange.close() }
        relay.cancellation.attach(attempt: UpstreamCancellation(exchange))
        let reply = UpstreamReply(
            exchange: exchange, deployment: deployment, relay: relay, limits: limits)
        try await reply.send(
            ClientRequest(
                method: "POST", target: path, headers: target.headers.make(), body: body.view))
        // It may be long, and the answer slow.
        body.release()
        try await reply.receiveHead()
        relay.noteStatus(exchange.status)
        UpstreamLimits.note(exchange, deployment, at: clock.now())
        guard (200..<300).contains(exchange.status) else {
            throw await reply.readError { body, retryAfter in
                OpenAIErrorReader(parser: parser).classify(
                    status: exchange.status, body: body, retryAfter: retryAfter,
                    provider: deployment.provider, deployment: deployment.id,
                    now: clock.wallNow())
            }
        }
        // A client of the same dialect is sent the upstream's own words.
        let dialect = relay.rawDialect
        switch request {
        case .chat(let chat) where chat.isStream:
            try await reply.relayStream(
                OpenAIChatStreamDecoder(
                    parser: parser, wantsTyped: dialect != .openAIChat,
                    provider: deployment.provider, deployment: deployment.id))
        case .chat:
            try await reply.relayWhole(
                OpenAIChatReplyDecoder(
                    parser: parser, wantsTyped: dialect != .openAIChat,
                    provider: deployment.provider, deployment: deployment.id))
        case .embeddings:
            try await reply.relayWhole(
                OpenAIEmbeddingsReplyDecoder(
                    parser: parser, wantsTyped: dialect != .openAIEmbeddings,
                    provider: deployment.provider, deployment: deployment.id))
        }
    }
}

/// Where one deployment's requests go, and what goes with them; made once.
final class OpenAITarget: DeploymentTarget {
    let origin: Origin
    let chatPath: HeldBytes
    let embeddingsPath: HeldBytes
    let headers: TargetHeaders

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security)
        origin = address.origin
        chatPath = HeldBytes(address.basePath + "/chat/completions")
        embeddingsPath = HeldBytes(address.basePath + "/embeddings")
        var fields: [(name: StaticString, value: HeldBytes)] = []
        if let key = deployment.apiKey {
            fields.append(("authorization", HeldBytes("Bearer " + key.reveal())))
        }
        headers = TargetHeaders(fields, of: deployment)
    }
}
