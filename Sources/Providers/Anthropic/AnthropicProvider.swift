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
    private var targets: DeploymentTargets<AnthropicTarget>

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        self.client = client
        self.clock = clock
        self.limits = limits
        targets = try DeploymentTargets(deployments, of: .anthropic, limits: limits)
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
        let target = try targets.target(of: deployment)
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
        try await reply.send(
            ClientRequest(
                method: "POST", target: target.path.view, headers: target.headers(with: chat),
                body: body.view))
        // It may be long, and the answer slow.
        body.release()
        try await reply.receiveHead()
        relay.noteStatus(exchange.status)
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
                    parser: parser, wantsTyped: relay.rawDialect != .anthropicMessages,
                    provider: deployment.provider, deployment: deployment.id))
        } else {
            try await reply.relayWhole(
                AnthropicReplyDecoder(
                    parser: parser, provider: deployment.provider, deployment: deployment.id))
        }
    }
}

/// Where one deployment's requests go, and what goes with them; made once.
final class AnthropicTarget: DeploymentTarget {
    let origin: Origin
    let path: HeldBytes
    private let headers: TargetHeaders
    /// Whether `extra_headers` names the version.
    private let namesVersion: Bool

    /// The version of the API that is spoken unless the configuration or the client names another
    /// (platform.claude.com/docs/en/api/versioning).
    private static let version: StaticString = "2023-06-01"

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security)
        origin = address.origin
        path = HeldBytes(Self.path(under: address.basePath))
        namesVersion = deployment.extraHeaders.contains {
            $0.name.lowercased() == "anthropic-version"
        }
        var fields: [(name: StaticString, value: HeldBytes)] = []
        if let key = deployment.apiKey { fields.append(("x-api-key", HeldBytes(key.reveal()))) }
        headers = TargetHeaders(fields, of: deployment)
    }

    /// The header fields of a request. Its client's betas are a line of their own, after those of
    /// the configuration (RFC 9110, 5.3); the configuration's version wins over its client's.
    func headers(with request: ChatRequest) -> HeaderList {
        var list = headers.make()
        var needsVersion = !namesVersion
        if case .raw(let raw) = request.body, raw.dialect == .anthropicMessages {
            for header in raw.headers {
                if header.name.description == "anthropic-version" {
                    if namesVersion { continue }
                    needsVersion = false
                }
                list.append(header.name, text: header.value)
            }
        }
        if needsVersion { list.append("anthropic-version", Self.version) }
        return list
    }

    /// A base may be written with the version or the whole path, as LiteLLM allows.
    private static func path(under base: String) -> String {
        if base.hasSuffix("/v1/messages") { return base }
        return base + (base.hasSuffix("/v1") ? "/messages" : "/v1/messages")
    }
}
