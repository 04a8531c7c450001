import GatewayCore
import GatewayPrimitives
import TestSupport

/// Deployments and failures for tests of routing, and a way to run calls on a clock that only the
/// test moves.
enum RoutingWorld {
    static func deployment(
        _ id: String, model: String = "m", index: Int = 0, weight: Double = 1,
        mode: Deployment.Mode? = nil, limits: LimitSet = LimitSet(), upstream: String = "u",
        price: Price? = nil, traits: (inout DeploymentTraits) -> Void = { _ in }
    ) -> Deployment {
        var own = DeploymentTraits()
        traits(&own)
        return Deployment(
            index: index, id: id, model: model, provider: .scripted, upstreamModel: upstream,
            apiBase: "", apiKey: nil, weight: weight, mode: mode,
            timeouts: PipelineHarness.timeouts, limits: limits, price: price, traits: own)
    }

    /// Deployments of one model each for every id.
    static func deployments(_ ids: String..., model: String = "m") -> [Deployment] {
        ids.enumerated().map { deployment($1, model: model, index: $0) }
    }

    static func failure(
        _ status: Int, retryAfter: Duration? = nil
    ) -> GatewayError {
        let (reason, outcome): (GatewayError.Reason, AttemptOutcome) =
            switch status {
            case 401: (.upstreamAuthFailed, .authFailed)
            case 429: (.upstreamRateLimited, .rateLimited)
            case 404: (.upstreamRejected, .modelNotFound)
            default: (.upstreamUnavailable, .serverError)
            }
        var error = GatewayError(
            reason, origin: .upstream, retry: .otherDeployment, message: "failed with \(status)",
            retryAfter: retryAfter, outcome: outcome)
        error.upstream = UpstreamFault(provider: .scripted, deployment: "", httpStatus: status)
        return error
    }

    static let refused = GatewayError(
        .upstreamUnavailable, origin: .upstream, retry: .otherDeployment, message: "refused",
        outcome: .connectFailed)
    static let tooLong = GatewayError(
        .contextWindowExceeded, origin: .upstream, message: "too long",
        outcome: .contextWindowExceeded)
    static let indecent = GatewayError(
        .contentPolicy, origin: .upstream, message: "no", outcome: .contentPolicy)
    static let rejected = GatewayError(
        .upstreamRejected, origin: .upstream, message: "no", outcome: .invalidRequest)

    static var answer: [StepProvider.Step] { [.text("ok"), .finish(nil)] }
}

extension PipelineHarness {
    /// Runs a call, moving the clock on by `step` whenever the call waits. Returns its door, and
    /// how long it took.
    @MainActor
    func call(
        _ door: RecordingDoor? = nil, step: Duration = .milliseconds(50)
    ) async -> (door: RecordingDoor, took: Duration) {
        let door = door ?? self.door()
        let start = clock.now()
        let task = Task { @MainActor in await pipeline.run(door) }
        await settle()
        while door.record == nil, door.failure == nil {
            clock.advance(by: step)
            await settle()
        }
        await task.value
        return (door, clock.now().since(start))
    }

    /// Lets all tasks run until they wait.
    @MainActor
    func settle() async {
        for _ in 0..<20 { await Task.yield() }
    }
}
