import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import API

/// Models that paths name.
struct PathModelTests {
    private func split(_ path: String) -> (model: String, rest: String)? {
        let bytes = Bytes(path)
        return PathModel.split(bytes.view).map { ($0.model.name, $0.rest.string) }
    }

    @Test(arguments: [
        ("/openai/deployments/gpt-4o/chat/completions", "gpt-4o", "/chat/completions"),
        ("/openai/deployments/a%2Fb/embeddings", "a/b", "/embeddings"),
        ("/engines/m/completions", "m", "/completions"),
        ("/v1/engines/m/embeddings", "m", "/embeddings"),
    ])
    func aPathThatNamesOne(path: String, model: String, rest: String) throws {
        let found = try #require(split(path))
        #expect(found == (model, rest))
    }

    @Test(arguments: [
        "/v1/chat/completions", "/engines/", "/engines/m", "/openai/deployments//x", "/engines",
    ])
    func otherPathsNameNone(path: String) { #expect(split(path) == nil) }

    @Test(arguments: [
        (#"{"a":1, "model":"x","b":[2]}"#, #"{"model":"p\"","a":1,"b":[2]}"#),
        (#"{"b":2}"#, #"{"model":"p\"","b":2}"#), ("{}", #"{"model":"p\""}"#),
        (#"{"model":1,"mod\u0065l":2}"#, #"{"model":"p\""}"#), ("[1]", "[1]"), ("{", "{"),
    ])
    func theBodyHasTheModelOfThePath(body: String, applied: String) {
        let bytes = Bytes(body)
        let model = PathModel(name: "p\"")
        #expect(model.applied(to: bytes.view, with: JSONParser()).view.string == applied)
    }
}
