import GatewayCore
import Transport

extension GatewayError {
    /// What a failed exchange with an upstream means for the call.
    ///
    /// - Parameter isAnswering: whether the upstream had begun its answer.
    init(_ error: TransportError, from deployment: Deployment, isAnswering: Bool) {
        let outcome: AttemptOutcome
        let what: String
        switch error {
        case .connectFailed(let why):
            outcome = .connectFailed
            what = "could not be reached: \(why)"
        case .timedOut(.connect):
            self.init(
                .timedOut, origin: .upstream, retry: .otherDeployment,
                message: "Deployment `\(deployment.id)` could not be connected to in time, within "
                    + "the bound `connect`. Its operator can see whether its api_base is "
                    + "up, or raise gateway_settings.timeouts.connect.",
                timeout: .connect, outcome: .timedOut)
            return
        case .closed, .timedOut:
            // It may have done the work, and bill it.
            outcome = .interrupted
            what =
                isAnswering
                ? "closed the connection in the middle of its answer"
                : "closed the connection without an answer"
        case .malformed(let why):
            outcome = .malformed
            what = "broke the rules of HTTP: \(why)"
        case .tooLarge(let part, let limit):
            outcome = .malformed
            what = "sent a \(part) of more than \(limit) bytes"
        case .exhausted(let why):
            self.init(
                .overloaded, origin: .gateway, retry: .otherDeployment,
                message: "No connection to deployment `\(deployment.id)` is free: \(why)",
                outcome: .connectFailed)
            return
        case .cancelled:
            self = .clientGone
            return
        }
        self.init(
            .upstreamUnavailable, origin: .upstream, retry: .otherDeployment,
            message: "Deployment `\(deployment.id)` \(what).", outcome: outcome)
        self.upstream = UpstreamFault(
            provider: deployment.provider, deployment: deployment.id, httpStatus: 0)
    }

    /// The upstream answered with something its dialect does not allow.
    static func malformedReply(_ what: String, from deployment: Deployment) -> GatewayError {
        var error = GatewayError(
            .upstreamUnavailable, origin: .upstream, retry: .otherDeployment,
            message: "Deployment `\(deployment.id)` \(what).", outcome: .malformed)
        error.upstream = UpstreamFault(
            provider: deployment.provider, deployment: deployment.id, httpStatus: 200)
        return error
    }
}
