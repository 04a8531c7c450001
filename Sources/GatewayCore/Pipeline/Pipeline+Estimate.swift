// The same questions as before a call is served, and none of its consequences.

import GatewayPrimitives

extension Pipeline {
    /// What a request would cost and hold, where it could go, and what would refuse it. Nothing is
    /// taken, reserved or sent. Throws what a call would be told before its limits are looked at,
    /// and ``GatewayError/Reason/storeUnavailable``.
    public func estimate(
        _ request: ModelRequest, for principal: Principal
    ) async throws(GatewayError) -> CallEstimate {
        let now = clock.now()
        let plan = try router.plan(request, for: principal, at: now, random: &random)
        return try await accountant.estimate(
            request, for: principal, plan, obstacles: plan.obstacles(at: now))
    }
}
