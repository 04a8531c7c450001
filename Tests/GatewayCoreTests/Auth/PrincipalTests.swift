import GatewayCore
import Testing

/// What a key may use.
struct PrincipalTests {
    /// Names and prefixes; no list means everything.
    @Test(arguments: [
        ([], "x", true), (["x"], "x", true), (["x"], "xy", false), (["x*"], "xy", true),
        (["x*"], "x", true), (["*"], "anything", true), (["a", "b*"], "c", false),
        (["openai/*"], "openai/gpt-4o", true), (["openai/*"], "openai", false),
    ])
    func modelsMatchByNameOrPrefix(allowed: [String], model: String, expected: Bool) {
        let principal = Principal(name: "k", access: ModelAccess(models: allowed))
        #expect(principal.mayUse(model: model) == expected)
    }

    /// A secret must not leak by being printed.
    @Test func aSecretPrintsAsAsterisks() {
        let secret = Secret("sk-very-secret")
        #expect("\(secret)" == "***")
        #expect(String(reflecting: secret) == "***")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("very"))
    }
}
