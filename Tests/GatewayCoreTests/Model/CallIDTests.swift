import GatewayCore
import GatewayPrimitives
import Testing

/// The identity of calls.
struct CallIDTests {
    private static let moment = WallTime(nanoseconds: 1_700_000_000_123_456_789)

    /// Clients and log pipelines expect a UUID (RFC 9562, 5.7).
    @Test func anIDIsAUUIDOfVersion7() {
        var random = FastRandom(seed: 42)
        for _ in 0..<1_000 {
            let text = Array(CallID(at: Self.moment, using: &random).text)
            #expect(text.count == 36)
            #expect([8, 13, 18, 23].allSatisfy { text[$0] == "-" })
            #expect(text[14] == "7")
            #expect("89ab".contains(text[19]))
            #expect(text.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase })
        }
    }

    @Test func idsDiffer() {
        var random = FastRandom(seed: 1)
        let ids = Set((0..<10_000).map { _ in CallID(at: Self.moment, using: &random) })
        #expect(ids.count == 10_000)
    }

    /// 1,700,000,000,123 milliseconds are 0x018b_cfe5_687b.
    @Test func idsBeginWithTheirMomentAndGrowWithIt() {
        var random = FastRandom(seed: 9)
        #expect(CallID(at: Self.moment, using: &random).text.hasPrefix("018bcfe5-687b-7"))
        var earlier = CallID(at: WallTime(nanoseconds: 0), using: &random)
        for second in 1..<1_000 as Range<Int64> {
            let later = CallID(
                at: WallTime(nanoseconds: second * 1_000_000_000), using: &random)
            #expect((earlier.high, earlier.low) < (later.high, later.low))
            earlier = later
        }
    }

    /// Of an id drawn here it is known to the millisecond when its call came; of another nothing.
    @Test func anIDTellsWhenItsCallCame() {
        var random = FastRandom(seed: 3)
        let id = CallID(at: Self.moment, using: &random)
        #expect(id.moments == 1_700_000_000_123_000_000...1_700_000_000_123_999_999)
        #expect(CallID(high: 1, low: 2).moments == .min ... .max)
        #expect(CallID(high: .max, low: .max).moments == .min ... .max)
        #expect(CallID(high: .max << 16 | 0x7000, low: 0).moments == .min ... .max)
    }
}
