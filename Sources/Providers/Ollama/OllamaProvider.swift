import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls Ollama. One instance a loop.
public final class OllamaProvider: Provider {
    private let client: HTTPClient
    private let clock: any Clock
    private let limits: ProviderLimits
    /// Decoding never waits, so all streams of the loop can use one parser in turn.
    private let parser = JSONParser()
    private var targets: DeploymentTargets<OllamaTarget>

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        self.client = client
        self.clock = clock
        self.limits = limits
        targets = try DeploymentTargets(deployments, of: .ollama, limits: limits)
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try targets.target(of: deployment)
        var body = ByteQueue()
        let path = try write(request, for: deployment, target, relay, into: &body)
        let exchange = client.exchange(to: target.origin)
        defer { exchange.close() }
        let reply = UpstreamReply(
            exchange: exchange, deployment: deployment, relay: relay, limits: limits)
        guard try await reply.open(path, target.headers.make(), &body) else {
            throw await reply.readError { body, retryAfter in
                OpenAIErrorReader(parser: parser).classify(
                    status: exchange.status, body: body, retryAfter: retryAfter,
                    provider: deployment.provider, deployment: deployment.id,
                    now: clock.wallNow())
            }
        }
        switch request {
        case .chat(let chat):
            let dialect = chat.ollamaDialect
            if chat.isStream {
                try await reply.relayLines(
                    OllamaStreamDecoder(
                        parser: parser, dialect: dialect, deployment: deployment.id))
            } else {
                try await reply.relayWhole(
                    OllamaReplyDecoder(
                        parser: parser, dialect: dialect, deployment: deployment.id))
            }
        case .embeddings, .relay:
            try await reply.relayWhole(
                OllamaEmbeddingsDecoder(parser: parser, deployment: deployment.id))
        }
    }

    /// Writes the body of a request; returns the path that it is for.
    private func write(
        _ request: ModelRequest, for deployment: Deployment, _ target: OllamaTarget,
        _ relay: Relay, into body: inout ByteQueue
    ) throws(GatewayError) -> ByteView {
        let writer = OllamaRequestWriter(
            model: deployment.upstreamModel, outputTokensMax: relay.outputTokensMax,
            dropsUnsupported: deployment.traits.dropsUnsupportedParams,
            defaults: OllamaDefaults(
                keepAliveJSON: deployment.options.keepAliveJSON,
                contextTokens: deployment.options.contextTokens))
        switch request {
        case .chat(let chat):
            relay.noteDropped(try writer.write(chat, with: parser, into: &body))
            return chat.ollamaDialect == .ollamaChat
                ? target.chatPath.view : target.generatePath.view
        case .embeddings(let embeddings):
            relay.noteDropped(
                try writer.writeEmbeddings(embeddings, with: parser, into: &body))
            return target.embedPath.view
        case .relay(let relayed): throw .notOffered(relayed.operation, by: deployment)
        }
    }
}

extension ChatRequest {
    /// What it is sent in: a prompt of Ollama's own clients stays one, all else is a chat.
    fileprivate var ollamaDialect: Dialect {
        if case .raw(let raw) = body, raw.dialect == .ollamaGenerate { return .ollamaGenerate }
        return .ollamaChat
    }
}

/// Where one deployment's requests go, and what goes with them; made once.
final class OllamaTarget: DeploymentTarget {
    let origin: Origin
    let chatPath: HeldBytes
    let generatePath: HeldBytes
    let embedPath: HeldBytes
    let headers: TargetHeaders

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security,
            isHeldToEgress: deployment.isStored)
        origin = address.origin
        var base = address.basePath
        // As some write it.
        if base.hasSuffix("/api") { base.removeLast("/api".count) }
        chatPath = HeldBytes(base + "/api/chat")
        generatePath = HeldBytes(base + "/api/generate")
        embedPath = HeldBytes(base + "/api/embed")
        headers = TargetHeaders.bearing(deployment)
    }
}
