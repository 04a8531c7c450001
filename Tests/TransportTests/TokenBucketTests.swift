import GatewayPrimitives
import Testing

@testable import Transport

@Suite struct TokenBucketTests {
    private static func at(_ milliseconds: UInt64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }

    private static func take(_ bucket: inout TokenBucket, at milliseconds: UInt64) -> Int {
        var taken = 0
        while taken < 1_000 && bucket.take(now: at(milliseconds)) { taken += 1 }
        return taken
    }

    /// A burst at once, then what the rate brings back, and never more than a burst.
    @Test func givesABurstAndThenTheRate() {
        var bucket = TokenBucket(burst: 10, perSecond: 100, now: Self.at(0))
        #expect(Self.take(&bucket, at: 0) == 10)
        #expect(Self.take(&bucket, at: 9) == 0)
        #expect(Self.take(&bucket, at: 10) == 1)
        #expect(Self.take(&bucket, at: 60) == 5)
        #expect(Self.take(&bucket, at: 60_000) == 10)
    }

    /// Over any time no more leaves than the burst and what the rate brings in it.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func holdsItsBound(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bucket = TokenBucket(burst: 20, perSecond: 50, now: Self.at(0))
        var taken = 0
        var now: UInt64 = 0
        for _ in 0..<2_000 {
            now += UInt64.random(in: 0...20, using: &random)
            if bucket.take(now: Self.at(now)) { taken += 1 }
            #expect(taken <= 20 + Int(now) * 50 / 1_000)
        }
        #expect(taken > Int(now) * 40 / 1_000)
    }

    @Test func whatIsGivenBackIsBounded() {
        var bucket = TokenBucket(burst: 10, perSecond: 1, now: Self.at(0))
        #expect(Self.take(&bucket, at: 0) == 10)
        bucket.give(4)
        #expect(Self.take(&bucket, at: 0) == 4)
        bucket.give(100)
        #expect(Self.take(&bucket, at: 0) == 10)
    }

    /// A byte now and then is no progress.
    @Test func progressIsSoMuchInATime() {
        var watch = ProgressWatch()
        func deadline(_ total: Int, _ milliseconds: UInt64) -> MonotonicTime {
            watch.deadline(
                total: total, bytesMin: 100, stretch: .milliseconds(1_000),
                now: Self.at(milliseconds))
        }
        #expect(deadline(0, 0) == Self.at(1_000))
        #expect(deadline(99, 900) == Self.at(1_000))
        #expect(deadline(100, 950) == Self.at(1_950))
        #expect(deadline(150, 1_950) == Self.at(1_950))
        watch.rest()
        #expect(deadline(150, 5_000) == Self.at(6_000))
    }
}
