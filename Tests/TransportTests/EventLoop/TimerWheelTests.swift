import GatewayPrimitives
import Testing

@testable import Transport

/// The wheel against a list of timers: what is easy to get right.
@Suite struct TimerWheelTests {
    private final class Target: LoopTimerTarget {
        var fired: [ObjectIdentifier] = []
        var onFire: ((LoopTimer) -> Void)?

        func loopTimerFired(_ timer: LoopTimer) {
            fired.append(ObjectIdentifier(timer))
            onFire?(timer)
        }
    }

    private static let millisecond: UInt64 = 1_000_000

    /// The tick with which a timer is due, by the rule that the wheel documents.
    private static func tick(_ moment: UInt64, now: UInt64) -> UInt64 {
        max((moment + millisecond - 1) / millisecond, now / millisecond + 1)
    }

    /// A number of random size, not only of random value.
    private static func distance(bitsMax: Int, _ random: inout SeededRandom) -> UInt64 {
        let bits = UInt64(Int.random(in: 0..<bitsMax, using: &random))
        return UInt64.random(in: 0...(1 << bits), using: &random)
    }

    /// Random arming, moving, disarming and steps of all sizes: the same timers fire in each step
    /// as by the list, and the wheel never asks to sleep past one.
    @Test(arguments: 0..<12 as Range<UInt64>)
    func firesWhatAListWouldFire(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let loop = EventLoop(index: 0)
        let wheel = loop.timers
        let target = Target()
        let timers = (0..<40).map { _ in LoopTimer(loop: loop, target: target) }
        var due: [ObjectIdentifier: UInt64] = [:]
        var now = loop.now.nanoseconds
        for _ in 0..<2_000 {
            let timer = timers[Int.random(in: 0..<timers.count, using: &random)]
            let id = ObjectIdentifier(timer)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let distance = Self.distance(bitsMax: 56, &random)
                let isPast = Int.random(in: 0..<20, using: &random) == 0
                let moment = isPast ? now - min(now, distance) : now + distance
                wheel.arm(timer, at: moment)
                due[id] = Self.tick(moment, now: now)
            case 5:
                timer.disarm()
                due[id] = nil
            default:
                if let sleep = wheel.millisecondsToNext(now: now), let nearest = due.values.min() {
                    #expect(now / Self.millisecond + UInt64(sleep) <= nearest)
                }
                now += Self.distance(bitsMax: 46, &random)
                target.fired = []
                wheel.advance(to: now)
                let expected = due.filter { $0.value <= now / Self.millisecond }
                #expect(Set(target.fired) == Set(expected.keys))
                #expect(target.fired.count == expected.count)
                for id in expected.keys { due[id] = nil }
            }
            #expect(wheel.count == due.count)
        }
    }

    @Test func firesInTheMillisecondItIsDueAndNotBefore() {
        let loop = EventLoop(index: 0)
        let target = Target()
        let timer = LoopTimer(loop: loop, target: target)
        for distance: UInt64 in [1, 2, 255, 256, 257, 65_535, 65_536, 70_000, 16_777_216] {
            let start = loop.timers.currentNanoseconds
            target.fired = []
            loop.timers.arm(timer, at: start + distance * Self.millisecond)
            loop.timers.advance(to: start + (distance - 1) * Self.millisecond)
            #expect(target.fired.isEmpty, "\(distance)")
            loop.timers.advance(to: start + distance * Self.millisecond)
            #expect(target.fired.count == 1, "\(distance)")
        }
    }

    @Test func aTimerMayArmItselfAndOthersWhenItFires() {
        let loop = EventLoop(index: 0)
        let target = Target()
        let first = LoopTimer(loop: loop, target: target)
        let second = LoopTimer(loop: loop, target: target)
        let start = loop.timers.currentNanoseconds
        target.onFire = { timer in
            guard target.fired.count < 5 else { return }
            loop.timers.arm(timer, at: 0)
            loop.timers.arm(second, at: start + 100 * Self.millisecond)
        }
        loop.timers.arm(first, at: 0)
        for step in 1...10 { loop.timers.advance(to: start + UInt64(step) * Self.millisecond) }
        #expect(target.fired.count == 5)
        loop.timers.advance(to: start + 100 * Self.millisecond)
        #expect(target.fired.last == ObjectIdentifier(second))
        #expect(loop.timers.count == 0)
    }

    @Test func aReleasedTimerIsForgotten() {
        let loop = EventLoop(index: 0)
        let target = Target()
        do {
            let timer = LoopTimer(loop: loop, target: target)
            loop.timers.arm(timer, at: 0)
            #expect(loop.timers.count == 1)
        }
        #expect(loop.timers.count == 0)
        loop.timers.advance(to: loop.now.nanoseconds + 10 * Self.millisecond)
        #expect(target.fired.isEmpty)
    }

    @Test func aTimerOfTheDistantFutureWaits() {
        let loop = EventLoop(index: 0)
        let target = Target()
        let timer = LoopTimer(loop: loop, target: target)
        timer.arm(at: .distantFuture)
        let century: UInt64 = 100 * 365 * 86_400 * 1_000 * Self.millisecond
        loop.timers.advance(to: loop.now.nanoseconds + century)
        #expect(target.fired.isEmpty)
        #expect(loop.timers.count == 1)
    }
}
