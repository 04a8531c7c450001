import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls what speaks Anthropic's Messages API. One instance a loop.
public final class AnthropicProvider: Provider {
    private let client: HTTPClient
    private let clock: any Clock
    private let limits: ProviderLimits
    /// Decoding never waits, so all streams of the loop can use one parser in turn.
    private let parser = JSONParser()
    /// Each deployment's target, by its index; of later ones, made at their first attempt.
    private var targets: [Int: AnthropicTarget] = [:]

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        self.client = client
        self.clock = clock
        self.limits = limits
        for deployment in deployments where deployment.provider == .anthropic {
            targets[deployment.index] = try AnthropicTarget(deployment)
        }
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        guard case .chat(let chat) = request else {
            throw GatewayError(
                .unsupportedParameter, origin: .client, retry: .otherDeployment,
                message: "Deployment `\(deployment.id)` has no embeddings: its vendor offers none.",
                outcome: .invalidRequest)
        }
        let target = try target(of: deployment)
        var body = ByteQueue()
        let writer = AnthropicRequestWriter(
            model: deployment.upstreamModel, outputTokensMax: relay.outputTokensMax,
            modelOutputMax: deployment.price?.outputTokensMax,
            dropsUnsupported: deployment.traits.dropsUnsupportedParams)
        relay.noteDropped(try writer.write(chat, with: parser, into: &body))

        let exchange = client.exchange(to: target.origin)
        defer { exchange.close() }
        relay.cancellation.attach(attempt: UpstreamCancellation(exchange))
        let reply = UpstreamReply(
            exchange: exchange, deployment: deployment, relay: relay, limits: limits)
        do throws(TransportError) {
            try await exchange.send(
                ClientRequest(
                    method: "POST", target: target.path.view, headers: target.makeHeaders(),
                    body: body.view))
            body.release()
            try await exchange.receiveHead()
        } catch {
            throw GatewayError(error, from: deployment, isAnswering: false)
        }
        guard (200..<300).contains(exchange.status) else {
            throw await reply.readError { body, retryAfter in
                AnthropicErrorReader(parser: parser).classify(
                    status: exchange.status, body: body, retryAfter: retryAfter,
                    provider: deployment.provider, deployment: deployment.id,
                    now: clock.wallNow())
            }
        }
        if chat.isStream {
            try await reply.relayStream(
                AnthropicStreamDecoder(
                    parser: parser, provider: deployment.provider, deployment: deployment.id))
        } else {
            try await reply.relayWhole(
                AnthropicReplyDecoder(
                    parser: parser, provider: deployment.provider, deployment: deployment.id))
        }
    }

    private func target(of deployment: Deployment) throws(GatewayError) -> AnthropicTarget {
        if let known = targets[deployment.index] { return known }
        do throws(UpstreamAddress.Invalid) {
            let target = try AnthropicTarget(deployment)
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
final class AnthropicTarget {
    let origin: Origin
    let path: HeldBytes
    private let apiKey: HeldBytes?
    private let extraHeaders: [(name: HeldBytes, value: HeldBytes)]
    private let namesVersion: Bool

    /// The version of the API that is spoken unless `extra_headers` names another
    /// (docs.claude.com/en/api/versioning).
    static let version: StaticString = "2023-06-01"

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security)
        origin = address.origin
        path = HeldBytes(Self.path(under: address.basePath))
        apiKey = deployment.apiKey.map { HeldBytes($0.reveal()) }
        extraHeaders = deployment.extraHeaders.map {
            (HeldBytes($0.name.lowercased()), HeldBytes($0.value))
        }
        namesVersion = deployment.extraHeaders.contains {
            $0.name.lowercased() == "anthropic-version"
        }
    }

    /// A base may be written with the version or the whole path, as LiteLLM allows.
    private static func path(under base: String) -> String {
        if base.hasSuffix("/v1/messages") { return base }
        return base + (base.hasSuffix("/v1") ? "/messages" : "/v1/messages")
    }

    func makeHeaders() -> HeaderList {
        var headers = HeaderList()
        headers.append("content-type", "application/json")
        headers.append("accept", "application/json, text/event-stream")
        headers.append("user-agent", "llm-gateway")
        if !namesVersion {
            headers.append("anthropic-version", ByteView(Self.version))
        }
        if let apiKey { headers.append("x-api-key", apiKey.view) }
        for header in extraHeaders {
            headers.append(name: header.name.view, value: header.value.view)
        }
        return headers
    }
}
