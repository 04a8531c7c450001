import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls what speaks OpenAI's dialect: OpenAI, vLLM, llama.cpp and their like; or, of another kind,
/// Azure OpenAI, which differs in its addresses and credentials. One instance a loop and kind.
public final class OpenAIProvider: Provider {
    private let upstreams: HTTPUpstreams<OpenAITarget>
    private var parser: JSONParser { upstreams.parser }

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        kind: ProviderKind = .openAI, limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        upstreams = try HTTPUpstreams(
            deployments, of: kind, errors: .openAI, client: client, clock: clock, limits: limits)
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try upstreams.target(of: deployment)
        var body = ByteQueue()
        let operation = try write(request, for: deployment, relay, into: &body)
        let path = target.path(operation, of: deployment)

        let reply = upstreams.reply(from: target, of: deployment, to: relay)
        defer { reply.exchange.close() }
        let isSuccess = try await reply.open(path.view, target.headers.make(), &body)
        UpstreamLimits.note(reply.exchange, deployment, at: upstreams.clock.now())
        guard isSuccess else { throw await upstreams.error(in: reply) }
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
            if let raw = chat.passed(to: deployment) {
                relay.noteDropped(
                    OpenAIRequestWriter.writePassed(
                        raw, isStream: chat.isStream, model: model,
                        outputTokensMax: relay.outputTokensMax, of: chat, into: &body))
                return raw.dialect == .openAIResponses ? .responses : .completions
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

    /// Only clients of the same dialect are answered so.
    private func relayResponse(
        to chat: ChatRequest, _ reply: UpstreamReply, _ deployment: Deployment
    ) async throws(GatewayError) {
        if chat.isStream {
            try await reply.relayStream(
                OpenAIResponsesStreamDecoder(
                    parser: parser, provider: deployment.provider, deployment: deployment.id))
        } else {
            try await reply.relayWhole(
                OpenAIResponsesReplyDecoder(
                    parser: parser, provider: deployment.provider, deployment: deployment.id))
        }
    }

    /// Relays what the upstream answers: to a client of the same dialect in its own words.
    private func relayReply(
        to request: ModelRequest, _ reply: UpstreamReply, _ deployment: Deployment, _ relay: Relay
    ) async throws(GatewayError) {
        let (provider, id) = (deployment.provider, deployment.id)
        let wanted = relay.rawDialect
        switch request {
        case .chat(let chat):
            let dialect = chat.passed(to: deployment)?.dialect ?? .openAIChat
            if dialect == .openAIResponses {
                try await relayResponse(to: chat, reply, deployment)
            } else if chat.isStream {
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
    /// A prompt's completion, or a request for a response, that the deployment takes as such.
    fileprivate func passed(to deployment: Deployment) -> RawRequest? {
        guard case .raw(let raw) = body else { return nil }
        switch raw.dialect {
        case .openAICompletions: return deployment.mode == .completion ? raw : nil
        case .openAIResponses: return deployment.options.offersResponses ? raw : nil
        default: return nil
        }
    }
}
