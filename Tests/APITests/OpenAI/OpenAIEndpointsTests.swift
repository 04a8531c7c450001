import API
import Foundation
import TestSupport
import Testing
import Transport

/// OpenAI's other endpoints, and the probes.
@Suite(.timeLimit(.minutes(1)))
struct OpenAIEndpointsTests {
    @Test(arguments: ["/v1/embeddings", "/embeddings"]) func embeddings(path: String) async throws {
        let harness = try APIHarness()
        let response = await harness.post(path, #"{"model":"vectors","input":["a","b"]}"#)
        #expect(response.status == 200)
        #expect(response.string("object") == "list")
        #expect(response.string("model") == "vectors")
        #expect((response.object?.at("data.1.embedding") as? [Double])?.count == 4)
        #expect(response.number("data.1.index") == 1)
        #expect(response.number("usage.prompt_tokens") == 1)
        #expect(response.header("x-litellm-model-id") == "vectors-3")
    }

    /// The official SDKs ask for bytes.
    @Test func embeddingsAsBytes() async throws {
        let harness = try APIHarness()
        let request = #"{"model":"vectors","input":"a","encoding_format":"base64","dimensions":3}"#
        let response = await harness.post("/v1/embeddings", request)
        let text = try #require(response.string("data.0.embedding"))
        #expect(Data(base64Encoded: text)?.count == 12)
    }

    @Test(arguments: ["/v1/models", "/models"]) func models(path: String) async throws {
        let harness = try APIHarness()
        let response = await harness.get(path)
        #expect(response.status == 200)
        #expect(response.string("object") == "list")
        let names = (response.object?.at("data") as? [NSDictionary])?.compactMap { $0["id"] }
        #expect(
            names as? [String] == ["a/b c", "demo", "drip", "slow", "steps", "talk", "vectors"])
        #expect(response.number("data.0.created") == 1_700_000_000)
        let narrow = await harness.get(path, key: APIHarness.narrowKey)
        let fewer = (narrow.object?.at("data") as? [NSDictionary])?.compactMap { $0["id"] }
        #expect(fewer as? [String] == ["demo", "steps"])
        #expect(await harness.get(path, key: nil).status == 401)
    }

    @Test(arguments: ["/v1/models/", "/models/"]) func oneModel(path: String) async throws {
        let harness = try APIHarness()
        let response = await harness.get(path + "demo")
        #expect(response.status == 200)
        #expect(response.string("id") == "demo")
        #expect(response.string("object") == "model")
        #expect(await harness.get(path + "a%2Fb%20c").string("id") == "a/b c")
        #expect(await harness.get(path + "a/b%20c").string("id") == "a/b c")
        let missing = await harness.get(path + "nope")
        #expect(missing.status == 404)
        #expect(missing.string("error.code") == "model_not_found")
        let hidden = await harness.get(path + "slow", key: APIHarness.narrowKey)
        #expect(hidden.status == 404, "as if it were not there")
        #expect(await harness.get(path + "demo", key: "sk-unknown").status == 401)
    }

    @Test(arguments: ["/health/liveliness", "/health/liveness"])
    func theProcessIsAlive(path: String) async throws {
        let harness = try APIHarness()
        let response = await harness.get(path, key: nil)
        #expect(response.status == 200)
        #expect(response.text == "\"I'm alive!\"")
        harness.beginDrain()
        #expect(await harness.get(path, key: nil).status == 200)
    }

    @Test func theProcessWantsTraffic() async throws {
        let harness = try APIHarness()
        let response = await harness.get("/health/readiness", key: nil)
        #expect(response.status == 200)
        #expect(response.string("status") == "healthy")
        harness.beginDrain()
        let draining = await harness.get("/health/readiness", key: nil)
        #expect(draining.status == 503)
        #expect(draining.string("status") == "shutting_down")
    }

    /// What is configured and takes no part is named, so that nobody has to look for it in logs.
    @Test func disabledDeploymentsAreNamed() async throws {
        let harness = try APIHarness(disabled: [
            Readiness.Disabled(id: "gpt-1", model: "gpt", why: "OPENAI_API_KEY is \"not set\"")
        ])
        let response = await harness.get("/health/readiness", key: nil)
        #expect(response.status == 200)
        #expect(response.string("status") == "healthy", "the others serve")
        #expect(response.string("disabled_deployments.0.id") == "gpt-1")
        #expect(response.string("disabled_deployments.0.model") == "gpt")
        #expect(response.string("disabled_deployments.0.why") == "OPENAI_API_KEY is \"not set\"")
        let none = await (try APIHarness()).get("/health/readiness", key: nil)
        #expect((none.object?.at("disabled_deployments") as? NSArray)?.count == 0)
    }

    /// HEAD is GET without a body, and says its length.
    @Test func headsHaveNoBody() async throws {
        let harness = try APIHarness()
        let response = await harness.client.send(
            APIHarness.request("HEAD", "/v1/models", type: nil))
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
    }
}
