public import GatewayCore
import GatewayPrimitives
import Transport

/// `GET /router/state`: how each deployment is, and why.
struct RouterStateRoutes {
    let catalog: Catalog
    let clock: any Clock

    var routes: [ManagementRoute] {
        [ManagementRoute(.get, "/router/state", .viewer, state)]
    }

    func state(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let list = catalog.current
        let now = clock.now()
        return ManagementReply { output in
            output.member("routing_strategy", list.rules.strategy.rawValue)
            output.member("models", array: list.models) { output, model in
                output.object { output in
                    output.member("model", model.name)
                    output.member("deployments", array: model.deployments) { output, deployment in
                        output.object { $0.append(deployment, at: now) }
                    }
                }
            }
        }
    }
}

extension JSONOutput {
    fileprivate mutating func append(_ deployment: Deployment, at now: MonotonicTime) {
        let report = deployment.health.report(at: now)
        member("id", deployment.id)
        member("provider", deployment.provider.rawValue)
        member("upstream_model", deployment.upstreamModel)
        member("api_base", deployment.apiBase)
        member("weight", deployment.weight)
        member("tags", strings: deployment.traits.tags)
        member("state", report.state.rawValue)
        member("cooldown_seconds_left", report.cooldownLeft.inSeconds)
        member("limited_seconds_left", report.fullLeft.inSeconds)
        member("in_flight", report.inFlight)
        member("first_token_ms", report.firstToken.inSeconds * 1_000)
        member("per_token_ms", report.perToken.inSeconds * 1_000)
        member("successes", report.tally.successes)
        member("failures", report.tally.failures)
        member("consecutive_failures", report.tally.consecutiveFailures)
        member("cooldowns", report.tally.cooldowns)
        member("last_failure", report.tally.lastFailure?.name)
        member("last_failure_status", report.tally.lastStatus)
        member(
            "last_failure_seconds_ago", report.tally.lastFailureAt.map { now.since($0).inSeconds })
        guard let check = deployment.health.lastCheck else {
            null("last_check")
            return
        }
        member(
            "last_check",
            object: {
                $0.member("passed", check.failure == nil)
                $0.member("reason", check.failure?.reason.rawValue)
                $0.member("seconds_ago", now.since(check.at).inSeconds)
                $0.member("duration_ms", check.duration.inSeconds * 1_000)
            })
    }
}

extension ManagementGroup {
    /// What can be seen of the router.
    public static func router(catalog: Catalog, clock: any Clock) -> ManagementGroup {
        ManagementGroup(routes: RouterStateRoutes(catalog: catalog, clock: clock).routes)
    }
}
