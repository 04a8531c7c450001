import GatewayPrimitives
import Testing

@testable import Transport

/// What is a flood and what is only a busy client.
@Suite struct HTTP2GuardTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }

    @Test func framesThatAskForNothingAreBounded() {
        let limits = Limits()
        var abuse = HTTP2Guard(limits: limits, now: Self.at(0))
        for _ in 0..<limits.controlFramesBurstMax { abuse.countControlFrame(now: Self.at(0)) }
        #expect(abuse.offence == nil)
        abuse.countControlFrame(now: Self.at(0))
        #expect(abuse.offence == .controlFrames)
    }

    /// A client that opens two windows for each piece of a long response and measures its way by
    /// PING, a hundred thousand times.
    @Test func whatGoesWithAResponseIsNot() {
        var abuse = HTTP2Guard(limits: Limits(), now: Self.at(0))
        abuse.requestBegan()
        for _ in 0..<100_000 {
            abuse.responseMoved()
            abuse.countControlFrame(now: Self.at(0))
            abuse.countControlFrame(now: Self.at(0))
            abuse.countPing(now: Self.at(0))
        }
        #expect(abuse.offence == nil)
    }

    @Test func resetsAreBoundedAndForgotten() {
        let limits = Limits()
        var abuse = HTTP2Guard(limits: limits, now: Self.at(0))
        // What the long run allows, for an hour.
        for second in 0..<3_600 as Range<UInt64> {
            for _ in 0..<limits.resetsPerSecondMax {
                abuse.countReset(now: Self.at(second * 1_000))
            }
        }
        #expect(abuse.offence == nil)
        for _ in 0...limits.resetsBurstMax { abuse.countReset(now: Self.at(3_600_000)) }
        #expect(abuse.offence == .resets)
    }

    /// As gRPC's servers do it: two strikes are forgiven, a third is not.
    @Test func pingsTooOftenAreStrikes() {
        var abuse = HTTP2Guard(limits: Limits(), now: Self.at(0))
        for time in [0, 5_000, 10_000, 10_001, 10_002] as [UInt64] {
            abuse.countPing(now: Self.at(time))
        }
        #expect(abuse.offence == nil)
        abuse.countPing(now: Self.at(10_003))
        #expect(abuse.offence == .pings)
    }

    @Test func theFirstOffenceStands() {
        var abuse = HTTP2Guard(limits: Limits(), now: Self.at(0))
        for _ in 0..<10 { abuse.countPing(now: Self.at(0)) }
        for _ in 0..<10_000 { abuse.countReset(now: Self.at(0)) }
        #expect(abuse.offence == .pings)
    }
}
