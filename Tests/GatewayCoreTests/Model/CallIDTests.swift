import GatewayCore
import Testing

/// The identity of calls.
struct CallIDTests {
    /// Clients and log pipelines expect a version 4 UUID (RFC 9562, 5.4).
    @Test func anIDIsAUUIDOfVersion4() {
        var random = FastRandom(seed: 42)
        for _ in 0..<1_000 {
            let text = Array(CallID(using: &random).text)
            #expect(text.count == 36)
            #expect([8, 13, 18, 23].allSatisfy { text[$0] == "-" })
            #expect(text[14] == "4")
            #expect("89ab".contains(text[19]))
            #expect(text.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase })
        }
    }

    @Test func idsDiffer() {
        var random = FastRandom(seed: 1)
        let ids = Set((0..<10_000).map { _ in CallID(using: &random) })
        #expect(ids.count == 10_000)
    }
}
