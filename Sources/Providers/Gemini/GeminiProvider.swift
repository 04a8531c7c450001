import Dialects
public import GatewayCore
import GatewayPrimitives
public import Transport

/// Calls Google's Gemini API. One instance a loop.
public final class GeminiProvider: Provider {
    private let upstreams: HTTPUpstreams<GeminiTarget>
    private var parser: JSONParser { upstreams.parser }

    public init(
        client: HTTPClient, clock: any Clock, deployments: [Deployment],
        limits: ProviderLimits = ProviderLimits()
    ) throws(UpstreamAddress.Invalid) {
        upstreams = try HTTPUpstreams(
            deployments, of: .gemini, errors: .gemini, client: client, clock: clock, limits: limits)
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let target = try upstreams.target(of: deployment)
        var body = ByteQueue()
        let method = try write(request, for: deployment, relay, into: &body)
        var path = UpstreamPath(target.modelsPath)
        path.append(segment: deployment.upstreamModel)
        path.append(method)

        let reply = upstreams.reply(from: target, of: deployment, to: relay)
        defer { reply.exchange.close() }
        guard try await reply.open(path.view, target.headers.make(), &body) else {
            throw await upstreams.error(in: reply)
        }
        switch request {
        case .chat(let chat) where chat.isStream:
            try await reply.relayStream(
                GeminiStreamDecoder(parser: parser, deployment: deployment.id))
        case .chat, .relay:
            try await reply.relayWhole(
                GeminiReplyDecoder(parser: parser, deployment: deployment.id))
        case .embeddings:
            try await reply.relayWhole(
                GeminiEmbeddingsDecoder(parser: parser, deployment: deployment.id))
        }
    }

    /// Writes the body of a request; returns what of the model it asks for.
    private func write(
        _ request: ModelRequest, for deployment: Deployment, _ relay: Relay,
        into body: inout ByteQueue
    ) throws(GatewayError) -> StaticString {
        let model = deployment.upstreamModel
        let drops = deployment.traits.dropsUnsupportedParams
        switch request {
        case .chat(let chat):
            relay.noteDropped(
                try GeminiRequestWriter(
                    model: model, outputTokensMax: relay.outputTokensMax, dropsUnsupported: drops
                ).write(chat, with: parser, into: &body))
            return chat.isStream ? ":streamGenerateContent?alt=sse" : ":generateContent"
        case .embeddings(let embeddings):
            relay.noteDropped(
                try GeminiEmbeddingsWriter(model: model, dropsUnsupported: drops).write(
                    embeddings, with: parser, into: &body))
            return ":batchEmbedContents"
        case .relay(let relayed): throw .notOffered(relayed.operation, by: deployment)
        }
    }
}

/// Where one deployment's requests go, and what goes with them; made once.
final class GeminiTarget: DeploymentTarget {
    let origin: Origin
    /// What stands before the model's name.
    let modelsPath: String
    /// The key is among them, never in the address, which logs hold.
    let headers: TargetHeaders

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security,
            isHeldToEgress: deployment.isStored)
        origin = address.origin
        modelsPath = Self.path(under: address.basePath)
        var fields: [(name: StaticString, value: HeldBytes)] = []
        if let key = deployment.apiKey {
            fields.append(("x-goog-api-key", HeldBytes(key.reveal())))
        }
        headers = TargetHeaders(fields, of: deployment)
    }

    /// A base may be written with the version, or with what is behind it.
    private static func path(under base: String) -> String {
        if base.hasSuffix("/models") { return base + "/" }
        let last = base.split(separator: "/").last ?? ""
        let hasVersion = last.hasPrefix("v1")
        return base + (hasVersion ? "/models/" : "/v1beta/models/")
    }
}
