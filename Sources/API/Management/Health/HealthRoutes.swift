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

    /// Probes at once.
    private static let probesMax = 8

    /// Calls every deployment, or those of a model, or one; each call is a real one.
    func deployments(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let model = request.query.text("model")
        let id = request.query.text("model_id")
        try request.query.finish()
        let asked = checks.catalog.current.deployments.filter {
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
        // A name with a wildcard names no model that could be asked.
        let able = asked.filter { !$0.model.contains("*") && !$0.upstreamModel.contains("*") }
        let failures = await probe(able)
        let results = zip(able, failures)
        return ManagementReply { output in
            output.member("healthy_endpoints", array: results.filter { $0.1 == nil }) {
                output, result in
                output.object { $0.append(endpoint: result.0) }
            }
            output.name("unhealthy_endpoints")
            output.array(results.filter { $0.1 != nil }.map { ($0.0, $0.1) }) { output, result in
                output.object {
                    $0.append(endpoint: result.0)
                    if let failure = result.1 { $0.append(failure: failure) }
                }
            }
            output.member("disabled_endpoints", array: disabled) { output, deployment in
                output.object {
                    $0.member("model", deployment.model)
                    $0.member("model_id", deployment.id)
                    $0.member("error", deployment.why)
                }
            }
            output.member(
                "unchecked_endpoints",
                array: asked.filter { deployment in
                    !able.contains { $0 === deployment }
                }
            ) { output, deployment in
                output.object { $0.append(endpoint: deployment) }
            }
            output.member("healthy_count", failures.count { $0 == nil })
            output.member("unhealthy_count", failures.count { $0 != nil } + disabled.count)
        }
    }

    /// A few at a time, all on this loop.
    private func probe(_ deployments: [Deployment]) async -> [GatewayError?] {
        let bound = LoopBound(probe: checks.probe)
        let timeout = checks.timeout
        return await withTaskGroup(of: (Int, GatewayError?).self) { group in
            var results = [GatewayError?](repeating: nil, count: deployments.count)
            var next = 0
            while next < deployments.count || !group.isEmpty {
                if next < deployments.count, next < Self.probesMax {
                    let place = next
                    group.addTask {
                        (place, await bound.probe.probe(deployments[place], timeout: timeout))
                    }
                    next += 1
                    continue
                }
                guard let (place, failure) = await group.next() else { break }
                results[place] = failure
                if next < deployments.count {
                    let place = next
                    group.addTask {
                        (place, await bound.probe.probe(deployments[place], timeout: timeout))
                    }
                    next += 1
                }
            }
            return results
        }
    }

    /// `@unchecked Sendable`: child tasks run on the loop of their parent, which it belongs to.
    private struct LoopBound: @unchecked Sendable {
        let probe: DeploymentProbe
    }

    /// More than the open probe tells.
    func details(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        try request.query.finish()
        var isConnected = true
        do throws(GatewayError) {
            try await checks.reports.check()
        } catch {
            isConnected = false
        }
        let isDraining = checks.readiness.isDraining
        return ManagementReply(status: isDraining || !isConnected ? 503 : 200) { output in
            output.member(
                "status",
                isDraining ? "shutting_down" : isConnected ? "healthy" : "unhealthy")
            output.member("db", isConnected ? "connected" : "disconnected")
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
    let timeout: Duration
    let version: String

    /// - Parameter timeout: what one probe may take.
    public init(
        catalog: Catalog, readiness: Readiness, reports: any SpendReports,
        probe: DeploymentProbe, tallies: GateTallies, timeout: Duration, version: String
    ) {
        self.catalog = catalog
        self.readiness = readiness
        self.reports = reports
        self.probe = probe
        self.tallies = tallies
        self.timeout = timeout
        self.version = version
    }
}

extension ManagementGroup {
    /// The routes of health that need a key.
    public static func health(_ checks: HealthChecks) -> ManagementGroup {
        ManagementGroup(routes: HealthRoutes(checks: checks).routes)
    }
}

extension JSONOutput {
    fileprivate mutating func append(endpoint deployment: Deployment) {
        member("model", deployment.qualifiedModel)
        member("model_name", deployment.model)
        member("api_base", deployment.apiBase.nonEmpty)
        member("model_id", deployment.id)
    }

    fileprivate mutating func append(failure: GatewayError) {
        member("error", failure.message)
        member("reason", failure.reason.rawValue)
        member(
            "exception_status",
            failure.upstream.map { $0.httpStatus == 0 ? 503 : $0.httpStatus }
                ?? (failure.reason == .timedOut ? 408 : 503))
    }
}
