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
    /// Each deployment's target, by its index; of later ones, made at their first attempt.
    private var targets: [Int: OpenAITarget] = [:]

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        self.client = client
        self.clock = clock
        self.limits = limits
        for deployment in deployments where deployment.provider == .openAI {
            targets[deployment.index] = try OpenAITarget(deployment)
        }
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try target(of: deployment)
        var body = ByteQueue()
        let dropped: [String]
        let path: ByteView
        switch request {
        case .chat(let chat):
            dropped = try OpenAIRequestWriter.writeChat(
                chat, model: deployment.upstreamModel,
                outputTokensMax: relay.outputTokensMax, into: &body)
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
        do throws(TransportError) {
            try await exchange.send(
                ClientRequest(
                    method: "POST", target: path, headers: target.makeHeaders(), body: body.view))
            body.release()
            try await exchange.receiveHead()
        } catch {
            throw GatewayError(error, from: deployment, isAnswering: false)
        }
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

extension OpenAIProvider {
    private func target(of deployment: Deployment) throws(GatewayError) -> OpenAITarget {
        if let known = targets[deployment.index] { return known }
        do throws(UpstreamAddress.Invalid) {
            let target = try OpenAITarget(deployment)
            // Those of deployments that are gone are few, unless models change all day.
            if targets.count >= limits.targetsMax { targets.removeAll() }
            targets[deployment.index] = target
            return target
        } catch {
            throw GatewayError(
                .internalFault, origin: .gateway,
                message: "Deployment `\(deployment.id)` has no address: \(error.message)")
        }
    }
}

/// Where one deployment's requests go, and what goes with them; made once.
final class OpenAITarget {
    let origin: Origin
    let chatPath: HeldBytes
    let embeddingsPath: HeldBytes
    private let authorization: HeldBytes?
    private let extraHeaders: [(name: HeldBytes, value: HeldBytes)]

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security)
        origin = address.origin
        chatPath = HeldBytes(address.basePath + "/chat/completions")
        embeddingsPath = HeldBytes(address.basePath + "/embeddings")
        authorization = deployment.apiKey.map { HeldBytes("Bearer " + $0.reveal()) }
        extraHeaders = deployment.extraHeaders.map {
            (HeldBytes($0.name.lowercased()), HeldBytes($0.value))
        }
    }

    func makeHeaders() -> HeaderList {
        var headers = HeaderList()
        headers.append("content-type", "application/json")
        headers.append("accept", "application/json, text/event-stream")
        headers.append("user-agent", "llm-gateway")
        if let authorization { headers.append("authorization", authorization.view) }
        for header in extraHeaders {
            headers.append(name: header.name.view, value: header.value.view)
        }
        return headers
    }
}
