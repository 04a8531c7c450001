import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport
import Testing

/// Second attempts beside those whose first token is late: when they are made, which answers, what
/// becomes of the other, and who pays.
struct HedgeTests {
    private static func texts(_ id: String) -> [String] { (0..<3).map { "text:\(id)-\($0)" } }

    /// The second answers: the client sees it alone, and the first is broken off at that moment.
    @Test func aLateFirstTokenIsAskedForElsewhere() throws {
        let world = HedgeWorld()
        world.warmUp()
        let before = try world.balance()
        world.upstreams.firstToken["first"] = .seconds(15)
        let start = world.clock.now()
        let door = world.call()
        #expect(door.log == ["read", "commit"] + Self.texts("second") + ["finish"])
        let record = try #require(door.record)
        #expect(record.attempts.map(\.deployment.id) == ["first", "second"])
        #expect(record.attempts.map(\.outcome) == [.hedgeLost, .succeeded])
        #expect(record.attempts.map(\.isHedge) == [false, true])
        #expect(record.deployment?.id == "second" && record.answering == 1)
        #expect(record.retryCount == 0)
        // Late is more than nearly all took: a tenth of a second, to the next bucket.
        let began = record.attempts[1].startedAt.since(start)
        #expect(began >= .milliseconds(100) && began <= .milliseconds(130))
        let cut = try #require(world.upstreams.brokenOff.first)
        #expect(cut.id == "first" && cut.at == record.firstTokenAt)
        #expect(world.upstreams.running == 0 && world.clock.armedCount == 0)
        for deployment in world.deployments { #expect(deployment.health.inFlight == 0) }
        // Each is charged what it may have made, under the one hold, which is gone.
        let row = try #require(
            try world.book.allRows().max { $0.receivedAt.nanoseconds < $1.receivedAt.nanoseconds })
        #expect(row.cost.output == Money(nanoUSD: 3))
        #expect(row.cost.failedAttempts > .zero)
        #expect(row.attempts.map(\.cost) == [row.cost.failedAttempts, Money(nanoUSD: 3)])
        let after = try world.balance()
        #expect(after.held == .zero && after.settled == before.settled + row.cost.total)
        #expect(world.limits.requestsAtOnceTotal == 0)
    }

    /// The head of the answer tells of the one that answers.
    @Test func theClientIsToldOfTheSecondsPrice() {
        let world = HedgeWorld(besidePrice: nil)
        world.warmUp()
        world.upstreams.firstToken["first"] = .seconds(15)
        let door = world.call()
        #expect(door.record?.answering == 1)
        #expect(door.toldPriceUnknown == true)
    }

    /// The first answers after all: the second is broken off, and told of.
    @Test func theFirstMayAnswerAfterAll() throws {
        let world = HedgeWorld()
        world.warmUp()
        world.upstreams.firstToken = ["first": .milliseconds(300), "second": .seconds(15)]
        let door = world.call()
        #expect(door.log == ["read", "commit"] + Self.texts("first") + ["finish"])
        #expect(door.record?.attempts.map(\.outcome) == [.succeeded, .hedgeLost])
        #expect(door.record?.answering == 0)
        #expect(world.upstreams.brokenOff.map(\.id) == ["second"])
        #expect(try world.balance().held == .zero)
        #expect(world.clock.armedCount == 0)
    }

    @Test func itIsOffUnlessConfigured() {
        let world = HedgeWorld { _ in }
        world.warmUp()
        world.upstreams.firstToken["first"] = .seconds(15)
        #expect(world.call().record?.attempts.count == 1)
    }

    /// Never after the first event, however slow the rest; nor for answers that come whole.
    @Test(arguments: [true, false])
    func nothingIsAskedTwiceOnceItAnswers(isStream: Bool) {
        let world = HedgeWorld()
        world.warmUp()
        if isStream {
            world.upstreams.interval["first"] = .seconds(4)
        } else {
            world.upstreams.firstToken["first"] = .seconds(4)
        }
        let door = world.call(isStream: isStream)
        #expect(door.record?.attempts.map(\.outcome) == [.succeeded])
    }

    /// However many are late, second attempts stay a share of the streams.
    @Test func theyAreAShareOfTheTraffic() {
        let world = HedgeWorld(share: 0.1) {
            $0.hedging.isOn = true
            $0.hedging.quantile = 0.5
        }
        world.warmUp()
        for number in 0..<100 {
            let isLate = number % 5 < 2
            world.upstreams.firstToken["first"] = isLate ? .seconds(2) : .milliseconds(100)
            world.call(step: .milliseconds(50))
        }
        let second = world.upstreams.tried.count { $0 == "second" }
        #expect(second > 5 && second <= 12)
    }

    /// What fails before its second attempt is due is tried again as ever, or fails.
    @Test func aFailureIsNotLate() {
        let world = HedgeWorld()
        world.warmUp()
        world.upstreams.failing["first"] = 500
        world.upstreams.firstToken["first"] = .milliseconds(50)
        let door = world.call()
        #expect(door.failure?.reason == .upstreamUnavailable)
        #expect(door.record?.attempts.count == 1)
    }

    /// The second goes on when the first fails; where both do, the call fails as by two attempts.
    @Test(arguments: [false, true])
    func theSecondOutlivesTheFirst(failsToo: Bool) throws {
        let world = HedgeWorld()
        world.warmUp()
        world.upstreams.firstToken = ["first": .milliseconds(300), "second": .milliseconds(900)]
        world.upstreams.failing = ["first": 500]
        if failsToo { world.upstreams.failing["second"] = 503 }
        let door = world.call()
        let outcomes = door.record?.attempts.map(\.outcome)
        #expect(outcomes == [.serverError, failsToo ? .serverError : .succeeded])
        #expect(door.log.last == (failsToo ? "fail:UPSTREAM_UNAVAILABLE" : "finish"))
        #expect(try world.balance().held == .zero)
        #expect(world.deployments[0].health.report(at: world.clock.now()).tally.failures == 1)
    }

    /// A client that leaves ends both.
    @Test func aClientThatLeavesEndsBoth() throws {
        let world = HedgeWorld()
        world.warmUp()
        world.upstreams.firstToken = ["first": .seconds(10), "second": .seconds(10)]
        let door = world.call { door in
            if world.upstreams.running == 2 { door.cancellation?.cancelCall(.clientGone) }
        }
        #expect(door.failure?.reason == .cancelled)
        #expect(Set(world.upstreams.brokenOff.map(\.id)) == ["first", "second"])
        #expect(door.record?.attempts.map(\.outcome) == [.cancelled, .cancelled])
        #expect(try world.balance().held == .zero)
        #expect(world.clock.armedCount == 0)
    }

    /// Silence in the middle of the second's answer ends the call, as it does the first's.
    @Test func theSecondsBoundsAreItsOwn() throws {
        let world = HedgeWorld()
        world.warmUp()
        world.upstreams.firstToken["first"] = .seconds(15)
        world.upstreams.interval["second"] = .seconds(60)
        let door = world.call()
        #expect(door.failure?.timeout == .betweenTokens)
        #expect(door.record?.attempts.map(\.outcome) == [.hedgeLost, .interrupted])
        #expect(try world.balance().held == .zero)
        #expect(world.clock.armedCount == 0)
    }

    /// Where a budget, or the second's own limits, have room for one alone, there is one alone.
    @Test(arguments: [true, false])
    func whatIsNotPaidForIsNotAsked(byBudget: Bool) throws {
        // Twenty warm calls cost 3 each; one more holds 50, two hold 100.
        let world = byBudget ? HedgeWorld(cap: 20 * 3 + 60) : HedgeWorld(besideAtOnce: 0)
        world.warmUp()
        world.upstreams.firstToken["first"] = .seconds(5)
        let door = world.call()
        #expect(door.record?.attempts.map(\.outcome) == [.succeeded])
        #expect(try world.balance().held == .zero)
        #expect(world.limits.requestsAtOnceTotal == 0)
    }
}
