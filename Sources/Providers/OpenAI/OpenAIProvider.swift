import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls what speaks OpenAI's dialect: OpenAI, vLLM, llama.cpp and their like; or, of another kind,
/// Azure OpenAI, which differs in its addresses and credentials. One instance a loop and kind.
public final class OpenAIProvider: Provider {
    private let client: HTTPClient
    private let clock: any Clock
    private let limits: ProviderLimits
    /// Decoding never waits, so all streams of the loop can use one parser in turn.
    private let parser = JSONParser()
    private var targets: DeploymentTargets<OpenAITarget>

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        kind: ProviderKind = .openAI, limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        self.client = client
        self.clock = clock
        self.limits = limits
        targets = try DeploymentTargets(deployments, of: kind, limits: limits)
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try targets.target(of: deployment)
        var body = ByteQueue()
        let operation = try write(request, for: deployment, relay, into: &body)
        let path = target.path(operation, of: deployment)

        let exchange = client.exchange(to: target.origin)
        defer { exchange.close() }
        let reply = UpstreamReply(
            exchange: exchange, deployment: deployment, relay: relay, limits: limits)
        let isSuccess = try await reply.open(path.view, target.headers.make(), &body)
        UpstreamLimits.note(exchange, deployment, at: clock.now())
        guard isSuccess else {
            throw await reply.readError { body, retryAfter in
                OpenAIErrorReader(parser: parser).classify(
                    status: exchange.status, body: body, retryAfter: retryAfter,
                    provider: deployment.provider, deployment: deployment.id,
                    now: clock.wallNow())
            }
        }
        try await relayReply(to: request, reply, deployment, relay)
    }

    /// Writes the body of a request; returns the operation that it is for. Kept out of the frame of
    /// the attempt, which waits.
    @inline(never)
    private func write(
        _ request: ModelRequest, for deployment: Deployment, _ relay: Relay,
        into body: inout ByteQueue
    ) throws(GatewayError) -> OpenAITarget.Operation {
        let model = deployment.upstreamModel
        switch request {
        case .chat(let chat):
            if let raw = chat.completion(at: deployment) {
                OpenAIRequestWriter.writeCompletion(
                    raw, isStream: chat.isStream, model: model,
                    outputTokensMax: relay.outputTokensMax, into: &body)
                return .completions
            }
            relay.noteDropped(
                try OpenAIRequestWriter.writeChat(
                    chat, model: model, outputTokensMax: relay.outputTokensMax,
                    dropsUnsupported: deployment.traits.dropsUnsupportedParams, with: parser,
                    into: &body))
            return .chat
        case .embeddings(let embeddings):
            relay.noteDropped(
                try OpenAIRequestWriter.writeEmbeddings(
                    embeddings, model: model,
                    dropsUnsupported: deployment.traits.dropsUnsupportedParams, with: parser,
                    into: &body))
            return .embeddings
        case .relay(let relayed):
            OpenAIRequestWriter.writeRelayed(relayed.raw, model: model, into: &body)
            switch relayed.operation {
            case .moderation: return .moderations
            case .rerank: return .rerank
            case .tokenCount: throw .notOffered(relayed.operation, by: deployment)
            }
        }
    }

    private func relayStream(
        of dialect: Dialect, _ reply: UpstreamReply, _ deployment: Deployment, _ wanted: Dialect?
    ) async throws(GatewayError) {
        try await reply.relayStream(
            OpenAIChatStreamDecoder(
                parser: parser, wantsTyped: wanted != dialect, dialect: dialect,
                provider: deployment.provider, deployment: deployment.id))
    }

    private func relayWhole(
        of dialect: Dialect, _ reply: UpstreamReply, _ deployment: Deployment, _ wanted: Dialect?
    ) async throws(GatewayError) {
        try await reply.relayWhole(
            OpenAIChatReplyDecoder(
                parser: parser, wantsTyped: wanted != dialect, dialect: dialect,
                provider: deployment.provider, deployment: deployment.id))
    }

    /// Relays what the upstream answers: to a client of the same dialect in its own words.
    private func relayReply(
        to request: ModelRequest, _ reply: UpstreamReply, _ deployment: Deployment, _ relay: Relay
    ) async throws(GatewayError) {
        let (provider, id) = (deployment.provider, deployment.id)
        let wanted = relay.rawDialect
        switch request {
        case .chat(let chat):
            let isCompletion = chat.completion(at: deployment) != nil
            let dialect: Dialect = isCompletion ? .openAICompletions : .openAIChat
            if chat.isStream {
                try await relayStream(of: dialect, reply, deployment, wanted)
            } else {
                try await relayWhole(of: dialect, reply, deployment, wanted)
            }
        case .embeddings:
            try await reply.relayWhole(
                OpenAIEmbeddingsReplyDecoder(
                    parser: parser, wantsTyped: wanted != .openAIEmbeddings, provider: provider,
                    deployment: id))
        case .relay(let relayed):
            try await reply.relayWhole(
                OpenAIRelayDecoder(
                    parser: parser, dialect: relayed.raw.dialect, provider: provider,
                    deployment: id))
        }
    }
}

extension ChatRequest {
    /// A prompt's completion that the deployment takes as such.
    fileprivate func completion(at deployment: Deployment) -> RawRequest? {
        guard deployment.mode == .completion, case .raw(let raw) = body,
            raw.dialect == .openAICompletions
        else { return nil }
        return raw
    }
}
