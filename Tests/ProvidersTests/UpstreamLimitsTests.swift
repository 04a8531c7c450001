import GatewayPrimitives
import TestSupport
import Testing

@testable import Providers

/// Times as OpenAI writes them in the fields of its limits.
struct UpstreamLimitsTests {
    @Test(arguments: [
        ("1s", Duration.seconds(1)), ("6m0s", .seconds(360)), ("120ms", .milliseconds(120)),
        ("1h2m3s", .seconds(3_723)), ("1.5s", .milliseconds(1_500)), ("0s", .zero),
    ])
    func readsTimes(text: String, duration: Duration) {
        #expect(UpstreamLimits.duration(Bytes(text).view) == duration)
    }

    @Test(arguments: ["", "s", "5", "5x", "-1s", "1.s5", "99999999h"])
    func refusesOthers(text: String) {
        #expect(UpstreamLimits.duration(Bytes(text).view) == nil)
    }
}
