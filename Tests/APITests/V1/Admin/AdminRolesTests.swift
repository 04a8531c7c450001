import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// No method without its rule.
@Suite(.timeLimit(.minutes(1)))
struct AdminRolesTests {
    @Test func everyMethodTakesTheRolesOfItsRuleAlone() async throws {
        let admin = try AdminHarness()
        for method in AdminService.methods {
            let path = "/llmgateway.v1.AdminService/" + method.name
            for role in Role.allCases {
                let answer = await admin.harness.rpc(
                    path, message: [], key: APIHarness.key(of: role))
                let isRefused = answer.grpcStatus == 7
                #expect(isRefused == !method.rule.allows(role), "\(method.name) by \(role)")
            }
            let stranger = await admin.harness.rpc(path, message: [], key: nil)
            #expect(stranger.grpcStatus == 16, "\(method.name)")
        }
    }

    /// Who has no right to a method learns nothing of its message either.
    @Test func aStrangersMessageIsNotRead() async throws {
        let admin = try AdminHarness()
        let answer = await admin.harness.rpc(
            "/llmgateway.v1.AdminService/CreateTeam", message: [0xFF], key: nil)
        #expect(answer.grpcStatus == 16)
        let known = await admin.harness.rpc(
            "/llmgateway.v1.AdminService/CreateTeam", message: [0xFF])
        #expect(known.grpcStatus == 3)
    }
}
