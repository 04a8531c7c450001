import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls what speaks Anthropic's Messages API. One instance a loop.
public final class AnthropicProvider: Provider {
    private let upstreams: HTTPUpstreams<AnthropicTarget>
    private var parser: JSONParser { upstreams.parser }

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        upstreams = try HTTPUpstreams(
            deployments, of: .anthropic, errors: .anthropic, client: client, clock: clock,
            limits: limits)
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try upstreams.target(of: deployment)
        var body = ByteQueue()
        let path: ByteView
        switch request {
        case .chat(let chat):
            let writer = AnthropicRequestWriter(
                model: deployment.upstreamModel, outputTokensMax: relay.outputTokensMax,
                modelOutputMax: deployment.price?.outputTokensMax,
                dropsUnsupported: deployment.traits.dropsUnsupportedParams)
            relay.noteDropped(try writer.write(chat, with: parser, into: &body))
            path = target.path.view
        case .relay(let relayed) where relayed.operation == .tokenCount:
            AnthropicRequestWriter(model: deployment.upstreamModel)
                .writeCount(relayed.raw, into: &body)
            path = target.countPath.view
        case .relay(let relayed): throw .notOffered(relayed.operation, by: deployment)
        case .embeddings:
            throw GatewayError(
                .unsupportedParameter, origin: .client, retry: .otherDeployment,
                message: "Deployment `\(deployment.id)` has no embeddings: its vendor offers none.",
                outcome: .invalidRequest)
        }

        let reply = upstreams.reply(from: target, of: deployment, to: relay)
        defer { reply.exchange.close() }
        guard try await reply.open(path, target.headers(with: request), &body) else {
            throw await upstreams.error(in: reply)
        }
        let (provider, id) = (deployment.provider, deployment.id)
        switch request {
        case .chat(let chat) where chat.isStream:
            try await reply.relayStream(
                AnthropicStreamDecoder(
                    parser: parser, wantsTyped: relay.rawDialect != .anthropicMessages,
                    provider: provider, deployment: id))
        case .chat, .embeddings:
            try await reply.relayWhole(
                AnthropicReplyDecoder(parser: parser, provider: provider, deployment: id))
        case .relay:
            try await reply.relayWhole(
                AnthropicCountDecoder(parser: parser, provider: provider, deployment: id))
        }
    }
}

/// Where one deployment's requests go, and what goes with them; made once.
final class AnthropicTarget: DeploymentTarget {
    let origin: Origin
    let path: HeldBytes
    let countPath: HeldBytes
    private let headers: TargetHeaders
    /// Whether `extra_headers` names the version.
    private let namesVersion: Bool

    /// The version of the API that is spoken unless the configuration or the client names another
    /// (platform.claude.com/docs/en/api/versioning).
    private static let version: StaticString = "2023-06-01"

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security,
            isHeldToEgress: deployment.isStored)
        origin = address.origin
        let messages = Self.path(under: address.basePath)
        path = HeldBytes(messages)
        countPath = HeldBytes(messages + "/count_tokens")
        namesVersion = deployment.extraHeaders.contains {
            $0.name.lowercased() == "anthropic-version"
        }
        var fields: [(name: StaticString, value: HeldBytes)] = []
        if let key = deployment.apiKey { fields.append(("x-api-key", HeldBytes(key.reveal()))) }
        headers = TargetHeaders(fields, of: deployment)
    }

    /// The header fields of a request. Its client's betas are a line of their own, after those of
    /// the configuration (RFC 9110, 5.3); the configuration's version wins over its client's.
    func headers(with request: ModelRequest) -> HeaderList {
        var list = headers.make()
        var needsVersion = !namesVersion
        if let raw = request.raw, raw.dialect == .anthropicMessages {
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

extension ModelRequest {
    /// The client's own words, if it is still in them.
    fileprivate var raw: RawRequest? {
        switch self {
        case .chat(let request):
            if case .raw(let raw) = request.body { raw } else { nil }
        case .embeddings(let request):
            if case .raw(let raw) = request.body { raw } else { nil }
        case .relay(let request): request.raw
        }
    }
}
