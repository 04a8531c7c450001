public import GatewayCore
import GatewayPrimitives
import Transport

/// What the process and the deployments behind it are able to.
struct HealthRoutes {
    let checks: HealthChecks

    var routes: [ManagementRoute] {
        [
            ManagementRoute(.get, "/health", .admin, errors: .detail, deployments),
            ManagementRoute(.get, "/health/readiness/details", .anyKey, errors: .detail, details),
            ManagementRoute(.get, "/health/backlog", .anyKey, errors: .detail, backlog),
        ]
    }

    /// What came of each deployment's last check, or of those of a model, or of one. They are
    /// checked now, each by a real call, unless the background does so.
    func deployments(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let model = request.query.text("model")
        let id = request.query.text("model_id")
        try request.query.finish()
        let list = checks.catalog.current
        let asked = list.deployments.filter {
            (model == nil || $0.model == model || $0.upstreamModel == model)
                && (id == nil || $0.id == id)
        }
        let disabled = checks.readiness.disabled.filter {
            (model == nil || $0.model == model) && (id == nil || $0.id == id)
        }
        if asked.isEmpty && disabled.isEmpty && (model != nil || id != nil) {
            throw GatewayError(
                .notFound, origin: .client,
                message: "There is no deployment of that model or id; GET /model/info lists them.")
        }
        let rules = list.rules.checks
        let able = asked.filter { deployment in
            deployment.isCheckable
                && !(deployment.traits.check.isExempt && (rules.isOn || rules.skipsExempt))
        }
        if !rules.isOn { await check(able, rules) }
        let results = able.compactMap { deployment in
            deployment.health.lastCheck.map { (deployment: deployment, result: $0) }
        }
        let endpoints = HealthEndpoints(
            checked: results,
            unchecked: asked.filter { one in !results.contains { $0.deployment === one } },
            disabled: disabled, showsDetails: rules.showsDetails, now: checks.clock.now())
        return ManagementReply { endpoints.write(&$0) }
    }

    /// Some at a time, all on this loop.
    private func check(_ deployments: [Deployment], _ rules: CheckRules) async {
        let bound = LoopBound(probe: checks.probe)
        await withTaskGroup(of: Void.self) { group in
            for (place, deployment) in deployments.enumerated() {
                if place >= rules.concurrency { await group.next() }
                group.addTask { await bound.probe.check(deployment, rules: rules) }
            }
        }
    }

    /// `@unchecked Sendable`: child tasks run on the loop of their parent, which it belongs to.
    private struct LoopBound: @unchecked Sendable {
        let probe: DeploymentProbe
    }

    /// More than the open probe tells, and of the store the same: one that cannot be written is
    /// not connected, though what needs no budget is served. One that cannot even be read makes it
    /// 503.
    func details(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        try request.query.finish()
        var isReadable = true
        do throws(GatewayError) {
            try await checks.reports.check()
        } catch {
            isReadable = false
        }
        let isDraining = checks.readiness.isDraining
        let isConnected = isReadable && checks.readiness.isStoreWritable
        return ManagementReply(status: isDraining || !isReadable ? 503 : 200) { output in
            output.member(
                "status",
                isDraining ? "shutting_down" : isReadable ? "healthy" : "unhealthy")
            output.member("db", isConnected ? "connected" : "Not connected")
            output.null("cache")
            output.member("version", checks.version)
            output.member("success_callbacks", strings: [])
            output.member("models", checks.catalog.models.count)
            output.member("disabled_deployments", array: checks.readiness.disabled) {
                output, deployment in
                output.object {
                    $0.member("id", deployment.id)
                    $0.member("model", deployment.model)
                    $0.member("why", deployment.why)
                }
            }
        }
    }

    /// How many calls run and wait in the whole process.
    func backlog(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let counts = checks.tallies.counts
        return ManagementReply { output in
            output.member("in_flight_requests", counts.running + counts.waiting)
            output.member("admitted_requests", counts.running)
            output.member("queued_requests", counts.waiting)
            output.member("rejected_requests", counts.refused)
        }
    }
}

/// What the checks of health look at. Belongs to its loop.
public struct HealthChecks {
    let catalog: Catalog
    let readiness: Readiness
    let reports: any SpendReports
    let probe: DeploymentProbe
    let tallies: GateTallies
    let clock: any Clock
    let version: String

    public init(
        catalog: Catalog, readiness: Readiness, reports: any SpendReports,
        probe: DeploymentProbe, tallies: GateTallies, clock: any Clock, version: String
    ) {
        self.catalog = catalog
        self.readiness = readiness
        self.reports = reports
        self.probe = probe
        self.tallies = tallies
        self.clock = clock
        self.version = version
    }
}

extension ManagementGroup {
    /// The routes of health that need a key.
    public static func health(_ checks: HealthChecks) -> ManagementGroup {
        ManagementGroup(routes: HealthRoutes(checks: checks).routes)
    }
}
