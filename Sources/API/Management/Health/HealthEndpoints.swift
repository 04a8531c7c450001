import GatewayCore
import GatewayPrimitives

/// Deployments by what came of their last check, as `/health` tells them: each with what the router
/// has seen of it.
struct HealthEndpoints {
    /// Those that were checked, with what came of it.
    let checked: [(deployment: Deployment, result: CheckResult)]
    /// Those that cannot be, or were not yet.
    let unchecked: [Deployment]
    let disabled: [Readiness.Disabled]
    let showsDetails: Bool
    let now: MonotonicTime

    func write(_ output: inout JSONOutput) {
        let healthy = checked.filter { $0.result.failure == nil }
        let unhealthy = checked.filter { $0.result.failure != nil }
        output.member("healthy_endpoints", array: healthy) { output, checked in
            output.object { write(checked.deployment, checked.result, &$0) }
        }
        output.member("unhealthy_endpoints", array: unhealthy) { output, checked in
            output.object { write(checked.deployment, checked.result, &$0) }
        }
        output.member("disabled_endpoints", array: disabled) { output, deployment in
            output.object {
                $0.member("model", deployment.model)
                $0.member("model_id", deployment.id)
                if showsDetails { $0.member("error", deployment.why) }
            }
        }
        output.member("unchecked_endpoints", array: unchecked) { output, deployment in
            output.object { write(deployment, nil, &$0) }
        }
        output.member("healthy_count", healthy.count)
        output.member("unhealthy_count", unhealthy.count + disabled.count)
    }

    private func write(
        _ deployment: Deployment, _ result: CheckResult?, _ output: inout JSONOutput
    ) {
        output.member("model", deployment.qualifiedModel)
        output.member("model_id", deployment.id)
        guard showsDetails else { return }
        output.member("model_name", deployment.model)
        output.member("api_base", deployment.apiBase.nonEmpty)
        if let result {
            output.member("checked_seconds_ago", now.since(result.at).inSeconds)
            output.member("check_ms", result.duration.inSeconds * 1_000)
            if let failure = result.failure { output.append(failure: failure) }
        }
        // What calls of clients have met.
        let seen = deployment.health.report(at: now)
        output.member("router_state", seen.state.rawValue)
        output.member("cooldown_seconds_left", seen.cooldownLeft.inSeconds)
        output.member("consecutive_failures", seen.tally.consecutiveFailures)
        output.member("last_failure", seen.tally.lastFailure?.name)
    }
}

extension JSONOutput {
    fileprivate mutating func append(failure: GatewayError) {
        member("error", failure.message)
        member("reason", failure.reason.rawValue)
        member(
            "exception_status",
            failure.upstream.map { $0.httpStatus == 0 ? 503 : $0.httpStatus }
                ?? (failure.reason == .timedOut ? 408 : 503))
    }
}

extension Duration {
    var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
