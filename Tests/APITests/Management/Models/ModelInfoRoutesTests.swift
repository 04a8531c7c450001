import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// What is told of models and deployments, and what is not.
@Suite(.timeLimit(.minutes(1)))
struct ModelInfoRoutesTests {
    @Test(arguments: ["/model/info", "/v1/model/info"])
    func deploymentsAreListed(path: String) async throws {
        let harness = try APIHarness()
        let response = await harness.get(path)
        #expect(response.status == 200)
        let data = try #require(response.object?.at("data") as? [NSDictionary])
        #expect(data.count == 8)
        let vectors = try #require(data.first { $0["model_name"] as? String == "vectors" })
        #expect(vectors.at("model_info.id") as? String == "vectors-3")
        #expect(vectors.at("model_info.mode") as? String == "embedding")
        #expect(vectors.at("model_info.db_model") as? Bool == false)
        #expect(
            vectors.at("litellm_params.model") as? String == "scripted/demo?dimensions=4")
        #expect(vectors.at("litellm_params.api_key") == nil)
        let one = await harness.get(path + "?litellm_model_id=steps-7")
        #expect((one.object?.at("data") as? NSArray)?.count == 1)
        #expect(await harness.get(path + "?litellm_model_id=nope").status == 404)
    }

    /// A key learns of the models that it may use.
    @Test func aKeySeesItsModels() async throws {
        let harness = try APIHarness()
        let response = await harness.get("/model_group/info", key: APIHarness.narrowKey)
        let groups = try #require(response.object?.at("data") as? [NSDictionary])
        #expect(groups.compactMap { $0["model_group"] as? String } == ["demo", "steps"])
        #expect(groups[1]["deployments"] as? Int == 2)
        #expect(groups[1]["providers"] as? [String] == ["openai"])
        let hidden = await harness.get(
            "/model/info?litellm_model_id=slow-1", key: APIHarness.narrowKey)
        #expect(hidden.status == 404)
    }
}
