import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// What the routes of health tell, and whom.
@Suite(.timeLimit(.minutes(1)))
struct HealthRoutesTests {
    private func ids(_ response: InProcessResponse, _ list: String) -> [String] {
        let endpoints = response.object?.at(list) as? [NSDictionary]
        return endpoints?.compactMap { $0["model_id"] as? String }.sorted() ?? []
    }

    /// Each deployment is called once; the call stands for itself in the records.
    @Test func everyDeploymentIsCalled() async throws {
        let failure = GatewayError(
            .upstreamUnavailable, origin: .upstream, retry: .otherDeployment,
            message: "It is down.",
            outcome: .serverError)
        let harness = try APIHarness(
            steps: [[.fail(failure)], [.fail(failure)]],
            disabled: [Readiness.Disabled(id: "off-1", model: "off", why: "KEY is not set")])
        let response = await harness.get("/health?model=steps")
        #expect(response.status == 200)
        #expect(ids(response, "unhealthy_endpoints") == ["steps-6", "steps-7"])
        #expect(response.string("unhealthy_endpoints.0.error") == "It is down.")
        #expect(response.number("unhealthy_endpoints.0.exception_status") == 503)
        #expect(response.number("healthy_count") == 0)
        #expect(response.number("unhealthy_count") == 2)
        let one = await harness.get("/health?model_id=vectors-3")
        #expect(ids(one, "healthy_endpoints") == ["vectors-3"], "by an embedding")
        #expect(one.number("healthy_count") == 1)
        let off = await harness.get("/health?model=off")
        #expect(ids(off, "disabled_endpoints") == ["off-1"])
        #expect(off.string("disabled_endpoints.0.error") == "KEY is not set")
        #expect(off.number("unhealthy_count") == 1)
        #expect(await harness.get("/health?model=nowhere").status == 404)
        let records = await harness.records()
        #expect(records.map(\.model) == ["steps", "steps", "vectors"])
        #expect(Set(records.map { $0.principal?.keyID }) == [DeploymentProbe.keyID])
        #expect(await harness.armedTimers() == 0)
    }

    /// It spends money, and so is an admin's.
    @Test func onlyAnAdminHasDeploymentsCalled() async throws {
        let harness = try APIHarness()
        for role in Role.allCases {
            let status = await harness.get(
                "/health?model=demo", key: APIHarness.key(of: role)
            ).status
            #expect(status == (role == .admin ? 200 : 403))
        }
    }

    @Test func whatRunsIsCounted() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.request("POST", "/v1/chat/completions", APIHarness.chat("slow")))
        let response = await harness.get("/health/backlog", key: APIHarness.key(of: .user))
        #expect(response.status == 200)
        #expect(response.number("in_flight_requests") == 1)
        #expect(response.number("admitted_requests") == 1)
        #expect(response.number("queued_requests") == 0)
        #expect(response.number("rejected_requests") == 0)
        call.goAway()
        _ = await call.response()
        _ = await harness.chat("demo")
        #expect(await harness.get("/health/backlog").number("in_flight_requests") == 0)
    }

    @Test func detailsTellMoreThanTheOpenProbe() async throws {
        let harness = try APIHarness(disabled: [
            Readiness.Disabled(id: "off-1", model: "off", why: "KEY is not set")
        ])
        let response = await harness.get("/health/readiness/details")
        #expect(response.status == 200)
        #expect(response.string("db") == "connected")
        #expect(response.string("version") == "7")
        #expect(response.string("disabled_deployments.0.why") == "KEY is not set")
        #expect(await harness.get("/health/readiness/details", key: nil).status == 401)
        harness.beginDrain()
        let draining = await harness.get("/health/readiness/details")
        #expect(draining.status == 503)
        #expect(draining.string("status") == "shutting_down")
    }

    /// A store on a full disk can be read and not written: both probes say so.
    @Test func bothProbesKnowTheSameOfTheStore() async throws {
        let harness = try APIHarness()
        for isWritable in [false, true] {
            harness.setStore(isWritable: isWritable)
            let probe = await harness.get("/health/readiness", key: nil)
            let details = await harness.get("/health/readiness/details")
            #expect(probe.status == 200 && details.status == 200)
            #expect(probe.string("db") == (isWritable ? "connected" : "Not connected"))
            #expect(details.string("db") == probe.string("db"))
            #expect(details.string("status") == probe.string("status"))
        }
    }
}
