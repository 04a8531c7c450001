import GatewayPrimitives
import Testing

@testable import Providers

/// Names of models as a segment of a path: none ends it, or the target.
struct UpstreamPathTests {
    @Test(arguments: [
        ("gemini-2.5-flash", "gemini-2.5-flash"), ("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"),
        ("ü %", "%C3%BC%20%25"), ("m:tag@1", "m:tag@1"),
    ])
    func segments(name: String, written: String) {
        var path = UpstreamPath("/models/")
        path.append(segment: name)
        #expect(path.view.string == "/models/" + written)
    }
}
