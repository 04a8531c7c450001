import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls Ollama. One instance a loop.
public final class OllamaProvider: Provider {
    private let upstreams: HTTPUpstreams<OllamaTarget>
    private var parser: JSONParser { upstreams.parser }

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        upstreams = try HTTPUpstreams(
            deployments, of: .ollama, errors: .openAI, client: client, clock: clock, limits: limits)
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try upstreams.target(of: deployment)
        var body = ByteQueue()
        let path = try write(request, for: deployment, target, relay, into: &body)
        let reply = upstreams.reply(from: target, of: deployment, to: relay)
        defer { reply.exchange.close() }
        guard try await reply.open(path, target.headers.make(), &body) else {
            throw await upstreams.error(in: reply)
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
