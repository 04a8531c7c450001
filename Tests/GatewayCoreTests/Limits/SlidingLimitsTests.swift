import GatewayCore
import GatewayPrimitives
import Testing

/// Limits are exact, taken in one step, and given back once.
struct SlidingLimitsTests {
    private let limits = SlidingLimits()
    private var now = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private static func standing(_ id: String, _ limits: LimitSet) -> Standing {
        Standing(Subject(.key, id), name: id, limits: limits)
    }

    private func take(
        _ standings: [Standing], tokens: Int = 0, after: Duration = .zero,
        deployments: [Deployment] = []
    ) -> LimitAnswer {
        limits.take(
            LimitDemand(
                standings: standings, deployments: deployments, tokens: TokenCount(output: tokens)),
            now: now.advanced(by: after))
    }

    private func ticket(_ answer: LimitAnswer) throws -> LimitTicket {
        guard case .taken(let ticket) = answer else {
            throw Unexpected(what: "\(answer)")
        }
        return ticket
    }

    private func hit(_ answer: LimitAnswer) throws -> LimitHit {
        guard case .refused(let hit) = answer else { throw Unexpected(what: "taken") }
        return hit
    }

    private struct Unexpected: Error { let what: String }

    /// As many as the limit, none more, whatever the moment within the minute.
    @Test func theLimitPassesExactly() throws {
        let key = Self.standing("k", LimitSet(requestsPerMinute: 5))
        for index in 0..<5 {
            let ticket = try ticket(take([key], after: .milliseconds(index)))
            #expect(ticket.remainder.requests == .init(limit: 5, left: 4 - index))
            limits.settle(ticket, tokens: .zero, now: now)
        }
        let hit = try hit(take([key], after: .seconds(59)))
        #expect(hit.kind == .requests)
        #expect(hit.remaining == 0)
        // The slot of the first requests leaves with its second.
        #expect(hit.after == .seconds(2))
        _ = try ticket(take([key], after: .seconds(61)))
    }

    /// Twice the limit never passes within 60 seconds, as it does around a fixed window's end.
    @Test(arguments: 0..<20)
    func noSixtySecondsHoldMoreThanTheLimit(seed: Int) throws {
        var random = FastRandom(seed: UInt64(seed))
        let key = Self.standing("k", LimitSet(requestsPerMinute: 7))
        var passed: [MonotonicTime] = []
        var moment = now
        for _ in 0..<600 {
            moment = moment.advanced(by: .milliseconds(Int.random(in: 0..<4_000, using: &random)))
            let demand = LimitDemand(standings: [key], deployments: [], tokens: .zero)
            if case .taken(let ticket) = limits.take(demand, now: moment) {
                passed.append(moment)
                limits.settle(ticket, tokens: .zero, now: moment)
            }
        }
        for (index, first) in passed.enumerated() where index + 7 < passed.count {
            #expect(passed[index + 7].since(first) >= .seconds(60))
        }
        #expect(passed.count > 60)
    }

    @Test func aRefusalTakesNothingFromAnySubject() throws {
        let wide = Self.standing("wide", LimitSet(requestsPerMinute: 100, requestsAtOnce: 100))
        let narrow = Self.standing("narrow", LimitSet(requestsPerMinute: 1))
        _ = try ticket(take([wide, narrow]))
        for _ in 0..<10 { _ = try hit(take([wide, narrow])) }
        let next = try ticket(take([wide]))
        #expect(next.remainder.requests == .init(limit: 100, left: 98))
        #expect(limits.requestsAtOnce(of: wide.subject) == 2)
    }

    @Test func slotsAreFreedOnce() throws {
        let key = Self.standing("k", LimitSet(requestsAtOnce: 2))
        let first = try ticket(take([key]))
        let second = try ticket(take([key]))
        #expect(try hit(take([key])).after == nil)
        limits.settle(first, tokens: TokenCount(output: 1), now: now)
        limits.settle(first, tokens: TokenCount(output: 1), now: now)
        #expect(limits.requestsAtOnce(of: key.subject) == 1)
        limits.settle(second, tokens: nil, now: now)
        #expect(limits.requestsAtOnceTotal == 0)
    }

    /// The estimate gives way to what was used, in the second in which it was taken.
    @Test func tokensAreCorrected() throws {
        let key = Self.standing("k", LimitSet(tokensPerMinute: 1_000))
        let first = try ticket(take([key], tokens: 900))
        #expect(try hit(take([key], tokens: 200)).remaining == 100)
        limits.settle(first, tokens: TokenCount(output: 300), now: now)
        let second = try ticket(take([key], tokens: 600))
        #expect(second.remainder.tokens == .init(limit: 1_000, left: 100))
        limits.settle(second, tokens: TokenCount(output: 1_500), now: now)
        let hit = try hit(take([key], tokens: 1))
        #expect(hit.remaining == -800)
        #expect(hit.after == .seconds(61))
    }

    @Test func whatCanNeverFitSaysSo() throws {
        let key = Self.standing("k", LimitSet(tokensPerMinute: 10))
        #expect(try hit(take([key], tokens: 11)).after == nil)
    }

    /// A request that was not tried gives itself back.
    @Test func aRequestThatWasNotTriedIsNotCounted() throws {
        let key = Self.standing("k", LimitSet(requestsPerMinute: 1, tokensPerMinute: 10))
        limits.settle(try ticket(take([key], tokens: 10)), tokens: nil, now: now)
        _ = try ticket(take([key], tokens: 10))
    }

    // MARK: - Other windows, and one side's tokens

    /// Each kind counts its own, and only that.
    @Test(arguments: [
        (LimitKind.requests, 1, 10), (.tokens, 30, 300), (.inputTokens, 10, 100),
        (.outputTokens, 20, 200),
    ])
    func eachKindCountsItsOwn(kind: LimitKind, amount: Int, limit: Int) throws {
        let key = Self.standing(
            "k", LimitSet(others: [RateLimit(kind, seconds: 3_600, value: limit)]))
        let demand = LimitDemand(
            standings: [key], deployments: [], tokens: TokenCount(input: 10, output: 20))
        for _ in 0..<limit / amount { _ = try ticket(limits.take(demand, now: now)) }
        let hit = try hit(limits.take(demand, now: now))
        #expect(hit.kind == kind && hit.seconds == 3_600 && hit.limit == limit)
        #expect(hit.requested == amount && hit.remaining == 0)
        // A slot of an hour's window is a minute long.
        let after = try #require(hit.after)
        #expect(after > .seconds(3_600) && after <= .seconds(3_660))
        _ = try ticket(limits.take(demand, now: now.advanced(by: after)))
    }

    /// No time of a window's length holds more than its limit, whatever the length.
    @Test(arguments: [1, 2, 7, 59, 60, 61, 100, 3_600, 86_400])
    func noWindowHoldsMoreThanItsLimit(seconds: Int64) throws {
        var random = FastRandom(seed: UInt64(seconds))
        let key = Self.standing(
            "k", LimitSet(others: [RateLimit(.requests, seconds: seconds, value: 7)]))
        var passed: [MonotonicTime] = []
        var moment = now
        let pause = Int(seconds) * 1_000 / 15 + 1
        for _ in 0..<600 {
            moment = moment.advanced(by: .milliseconds(Int.random(in: 0..<pause, using: &random)))
            let demand = LimitDemand(standings: [key], deployments: [], tokens: .zero)
            if case .taken(let ticket) = limits.take(demand, now: moment) {
                passed.append(moment)
                limits.settle(ticket, tokens: .zero, now: moment)
            }
        }
        for (index, first) in passed.enumerated() where index + 7 < passed.count {
            #expect(passed[index + 7].since(first) >= .seconds(seconds))
        }
        // And not much less passes than may: a window is late by one slot at most.
        #expect(passed.count > 60)
    }

    @Test func tokensOfOneSideAreCorrected() throws {
        let key = Self.standing(
            "k",
            LimitSet(others: [
                RateLimit(.inputTokens, seconds: 60, value: 100),
                RateLimit(.outputTokens, seconds: 10, value: 100),
            ]))
        func take(_ input: Int, _ output: Int) -> LimitAnswer {
            limits.take(
                LimitDemand(
                    standings: [key], deployments: [],
                    tokens: TokenCount(input: input, output: output)), now: now)
        }
        let first = try ticket(take(60, 100))
        #expect(try hit(take(10, 1)).kind == .outputTokens)
        limits.settle(first, tokens: TokenCount(input: 90, output: 20), now: now)
        #expect(try hit(take(11, 1)).kind == .inputTokens)
        let second = try ticket(take(10, 80))
        limits.settle(second, tokens: nil, now: now)
        _ = try ticket(take(10, 80))
        #expect(limits.requestsAtOnce(of: key.subject) == 1)
    }

    /// What a subject is held to may change while a request runs: it gives back what it took.
    @Test func aLimitThatComesMeanwhileIsNotGivenBackTo() throws {
        let free = Self.standing("k", LimitSet(requestsAtOnce: 9))
        let held = Self.standing(
            "k", LimitSet(requestsPerMinute: 1, tokensPerMinute: 100, requestsAtOnce: 9))
        let early = try ticket(take([free], tokens: 90))
        _ = try ticket(take([held], tokens: 100))
        limits.settle(early, tokens: nil, now: now)
        let hit = try hit(take([held], tokens: 1))
        #expect(hit.kind == .requests && hit.remaining == 0)
    }

    private static func deployment(_ id: String, _ limits: LimitSet) -> Deployment {
        Deployment(
            index: 0, id: id, model: "m", provider: .scripted, upstreamModel: "u", apiBase: "",
            apiKey: nil,
            timeouts: AttemptTimeouts(
                firstToken: .seconds(1), betweenTokens: .seconds(1), attempt: .seconds(1)),
            limits: limits)
    }

    @Test func theFirstDeploymentWithRoomIsTaken() throws {
        let full = Self.deployment("full", LimitSet(requestsAtOnce: 1))
        let free = Self.deployment("free", LimitSet(requestsAtOnce: 1))
        let first = try ticket(take([], deployments: [full, free]))
        #expect(first.deploymentIndex == 0)
        #expect(try ticket(take([], deployments: [full, free])).deploymentIndex == 1)
        #expect(try hit(take([], deployments: [full, free])).standing.name == "full")
        limits.settle(first, tokens: .zero, now: now)
        #expect(limits.requestsAtOnceTotal == 1)
    }

    @Test func aTicketMovesToAnotherDeployment() throws {
        let one = Self.deployment("one", LimitSet(tokensPerMinute: 100, requestsAtOnce: 1))
        let two = Self.deployment("two", LimitSet(tokensPerMinute: 100, requestsAtOnce: 1))
        let ticket = try ticket(take([], tokens: 80, deployments: [one, two]))
        #expect(limits.move(ticket, to: two, now: now))
        #expect(limits.requestsAtOnce(of: one.standing.subject) == 0)
        #expect(
            !limits.move(
                try self.ticket(take([], tokens: 80, deployments: [one])), to: two, now: now))
        limits.settle(ticket, tokens: TokenCount(output: 10), now: now)
        #expect(limits.requestsAtOnce(of: two.standing.subject) == 0)
    }
}
