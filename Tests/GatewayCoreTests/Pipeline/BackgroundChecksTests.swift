import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

/// When deployments are checked, how many at once, and what their results do.
struct BackgroundChecksTests {
    /// Each has its own interval, and is checked that often; those that are left out are not.
    @Test func eachIsCheckedAsOftenAsItSays() {
        let world = CheckedWorld([
            CheckedWorld.deployment("a"),
            CheckedWorld.deployment("b") { $0.check.interval = .seconds(20) },
            CheckedWorld.deployment("exempt") { $0.check.isExempt = true },
            CheckedWorld.deployment("any/*", upstream: "*"),
            CheckedWorld.deployment("some/*", upstream: "*") { $0.check.model = "one-of-them" },
        ])
        world.start()
        world.advance(by: .seconds(1_200))
        let counts = Dictionary(grouping: world.upstreams.tried, by: { $0 }).mapValues(\.count)
        #expect((18...23).contains(counts["a"] ?? 0))
        #expect((54...68).contains(counts["b"] ?? 0))
        #expect((18...23).contains(counts["some/*"] ?? 0))
        #expect(Set(counts.keys) == ["a", "b", "some/*"])
        #expect(world.upstreams.models.contains("one-of-them"))
        #expect(Set(world.observer.records.map { $0.principal?.keyID }) == ["health-check"])
    }

    /// However many there are, few are on their way at once, and each gets its turn.
    @Test func fewAreCheckedAtOnce() {
        let world = CheckedWorld((0..<20).map { CheckedWorld.deployment("d\($0)") }) {
            $0.checks.concurrency = 3
        }
        world.start()
        world.advance(by: .seconds(10))
        #expect(Set(world.upstreams.tried).count == 20)
        #expect(world.upstreams.runningMax == 3)
    }

    /// One that hangs holds up none of the others, and fails by the bound of its own.
    @Test func oneThatHangsFailsByItsOwnBound() {
        let world = CheckedWorld([
            CheckedWorld.deployment("hangs") { $0.check.timeout = .seconds(7) },
            CheckedWorld.deployment("b"),
        ])
        world.upstreams.hanging = ["hangs"]
        world.start()
        world.advance(by: .seconds(30))
        let check = world.deployments[0].health.lastCheck
        #expect(check?.failure?.reason == .timedOut)
        #expect(check?.duration == .seconds(7))
        #expect(world.deployments[1].health.lastCheck?.failure == nil)
    }

    /// A check tells of itself alone: what the router has seen of calls stays as it is.
    @Test func aCheckIsNoCallOfAClients() {
        let world = CheckedWorld([CheckedWorld.deployment("a")])
        world.upstreams.failing = ["a": 500]
        world.start()
        world.advance(by: .seconds(600))
        let health = world.deployments[0].health
        #expect(health.lastCheck?.failure?.upstream?.httpStatus == 500)
        let report = health.report(at: world.clock.now())
        #expect(report.tally.failures == 0 && report.state == .open && report.inFlight == 0)
    }

    /// Where the configuration says so, the router leaves out what its check found failing, until a
    /// check passes or the result is old.
    @Test func theRouterPassesOverWhatFailsItsCheck() {
        let world = CheckedWorld(["a", "b", "c"].map { CheckedWorld.deployment($0, model: "m") }) {
            $0.checks.steersRouting = true
        }
        world.upstreams.failing = ["a": 500, "b": 500]
        world.start()
        world.advance(by: .seconds(5))
        // By chance all would go to one of three: 1 in 3^12.
        #expect(world.served(calls: 12) == ["c"])
        world.upstreams.failing = [:]
        world.advance(by: .seconds(70))
        #expect(world.served(calls: 40) == ["a", "b", "c"])
        // Where all fail, the checks may be wrong.
        world.upstreams.failing = ["a": 500, "b": 500, "c": 500]
        world.advance(by: .seconds(70))
        world.upstreams.failing = [:]
        #expect(world.served(calls: 40) == ["a", "b", "c"])
    }

    /// A rate limit is no outage, where the configuration says so.
    @Test(arguments: [true, false])
    func aRateLimitOfACheckMaySayNothing(ignored: Bool) {
        let world = CheckedWorld(["a", "b"].map { CheckedWorld.deployment($0, model: "m") }) {
            $0.checks.steersRouting = true
            $0.checks.ignoresTransient = ignored
        }
        world.upstreams.failing = ["a": 429]
        world.start()
        world.advance(by: .seconds(5))
        #expect(world.deployments[0].health.lastCheck?.failure != nil)
        world.upstreams.failing = [:]
        #expect(world.served(calls: 30) == (ignored ? ["a", "b"] : ["b"]))
    }

    /// What a reload brings is checked soon; what it takes away is not any more.
    @Test func aReloadCountsAtOnce() {
        let world = CheckedWorld([CheckedWorld.deployment("a")])
        world.start()
        world.advance(by: .seconds(10))
        world.catalog.replace(deployments: [CheckedWorld.deployment("new")], createdAt: 1)
        world.advance(by: .seconds(10))
        #expect(world.upstreams.tried == ["a", "new"])
        world.advance(by: .seconds(100))
        #expect(world.upstreams.tried.count { $0 == "a" } == 1)
    }

    /// At the end of the process the checks that run are broken off and recorded, and say nothing
    /// of their deployments.
    @Test func theEndBreaksOffWhatRuns() {
        let world = CheckedWorld([CheckedWorld.deployment("a")])
        world.upstreams.hanging = ["a"]
        world.start()
        world.advance(by: .seconds(3))
        #expect(world.upstreams.tried == ["a"])
        world.stop()
        #expect(world.hasStopped)
        #expect(world.observer.records.map { $0.error?.reason } == [.drain])
        #expect(world.deployments[0].health.lastCheck == nil)
        #expect(world.clock.armedCount == 0)
    }
}
