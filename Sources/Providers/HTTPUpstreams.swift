import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// What the providers that call upstreams over HTTP share: the loop's client and parser, and where
/// the requests of each deployment go. Belongs to its provider's loop.
final class HTTPUpstreams<Target: DeploymentTarget> {
    let clock: any Clock
    let limits: ProviderLimits
    /// Decoding never waits, so all streams of the loop can use one parser in turn.
    let parser = JSONParser()
    private let client: HTTPClient
    private let words: UpstreamErrorReader.Words
    private var targets: DeploymentTargets<Target>

    /// The upstreams of the deployments of one kind, and in whose words they tell their errors.
    init(
        _ deployments: [Deployment], of kind: ProviderKind, errors words: UpstreamErrorReader.Words,
        client: HTTPClient, clock: any Clock, limits: ProviderLimits
    ) throws(UpstreamAddress.Invalid) {
        self.client = client
        self.clock = clock
        self.limits = limits
        self.words = words
        targets = try DeploymentTargets(deployments, of: kind, limits: limits)
    }

    func target(of deployment: Deployment) throws(GatewayError) -> Target {
        try targets.target(of: deployment)
    }

    /// A request to a target and the reading of its reply; its exchange is the caller's to close.
    func reply(from target: Target, of deployment: Deployment, to relay: Relay) -> UpstreamReply {
        UpstreamReply(
            exchange: client.exchange(to: target.origin), deployment: deployment, relay: relay,
            limits: limits)
    }

    /// What an answer that is no success means.
    func error(in reply: UpstreamReply) async -> GatewayError {
        await reply.readError { body, retryAfter in
            UpstreamErrorReader(words, parser: parser).classify(
                status: reply.exchange.status, body: body, retryAfter: retryAfter,
                provider: reply.deployment.provider, deployment: reply.deployment.id,
                now: clock.wallNow())
        }
    }
}
