import GatewayPrimitives
import Synchronization
import Testing

@testable import Transport

/// Names and their addresses, asked for by many at once.
@Suite(.timeLimit(.minutes(1))) struct ResolverTests {
    private static let lifetime = Duration.seconds(30)

    private func withLoop(_ test: (EventLoop, LeapingTime) async throws -> Void) async rethrows {
        let time = LeapingTime()
        let loop = EventLoop(index: 0) { time.now }
        loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        try await test(loop, time)
    }

    /// Gathers answers, which come on the loop.
    private final class Answers: Sendable {
        private let answers = Mutex<[Resolver.Answer]>([])
        private let told = Signal()
        var count: Int { answers.withLock { $0.count } }
        var all: [Resolver.Answer] { answers.withLock { $0 } }

        func take(_ answer: Resolver.Answer) {
            answers.withLock { $0.append(answer) }
            told.send()
        }

        func wait(for count: Int) async {
            while self.count < count { await told.wait() }
        }
    }

    private func ask(
        _ resolver: Resolver, _ host: String, on loop: EventLoop, _ answers: Answers
    ) {
        resolver.resolve(host, for: loop, lifetime: Self.lifetime) { answers.take($0) }
    }

    @Test func anAddressNeedsNoQuestion() {
        let resolver = Resolver { _ in .failure(.connectFailed("asked")) }
        let now = MonotonicTime(nanoseconds: 0)
        for address in ["127.0.0.1", "::1", "2001:db8::7"] {
            #expect(resolver.known(address, now: now, lifetime: .zero)?.count == 1)
        }
        #expect(resolver.known("localhost", now: now, lifetime: Self.lifetime) == nil)
    }

    @Test func anAnswerIsKeptForItsTime() async throws {
        try await withLoop { loop, time in
            let asked = Atomic<Int>(0)
            let resolver = Resolver { _ in
                asked.add(1, ordering: .relaxed)
                return .success([ResolvedAddress(literal: "10.0.0.1")].compactMap { $0 })
            }
            let answers = Answers()
            ask(resolver, "a.test", on: loop, answers)
            await answers.wait(for: 1)
            let receivedAt = time.now
            let kept = resolver.known("a.test", now: receivedAt, lifetime: Self.lifetime)
            let address = try #require(ResolvedAddress(literal: "10.0.0.1"))
            #expect(kept == [address])
            let late = receivedAt.advanced(by: Self.lifetime)
            #expect(resolver.known("a.test", now: late, lifetime: Self.lifetime) == nil)
            ask(resolver, "a.test", on: loop, answers)
            await answers.wait(for: 2)
            let count = asked.load(ordering: .relaxed)
            #expect(count == 2)
        }
    }

    /// A name that cannot be resolved now may be the next moment.
    @Test func aFailureIsSharedAndNotKept() async {
        await withLoop { loop, time in
            let gate = ThreadGate()
            let asked = Atomic<Int>(0)
            let resolver = Resolver { host in
                asked.add(1, ordering: .relaxed)
                gate.wait()
                return .failure(.connectFailed("no \(host)"))
            }
            let answers = Answers()
            for _ in 0..<50 { ask(resolver, "b.test", on: loop, answers) }
            gate.open()
            await answers.wait(for: 50)
            for case .failure(let error) in answers.all {
                #expect(error == .connectFailed("no b.test"))
            }
            let count = asked.load(ordering: .relaxed)
            #expect(count == 1)
            #expect(resolver.known("b.test", now: time.now, lifetime: Self.lifetime) == nil)
        }
    }

    /// Threads and questions are bounded, whatever the upstreams' names; who comes too late is told
    /// so, and the others get their answers.
    @Test func questionsAreBounded() async {
        await withLoop { loop, _ in
            let gate = ThreadGate()
            let running = Atomic<Int>(0)
            let most = Atomic<Int>(0)
            let resolver = Resolver { _ in
                let now = running.add(1, ordering: .relaxed).newValue
                most.max(now, ordering: .relaxed)
                gate.wait()
                running.subtract(1, ordering: .relaxed)
                return .success([])
            }
            let answers = Answers()
            let total = Resolver.questionsMax + Resolver.threadsMax + 100
            for index in 0..<total { ask(resolver, "\(index).test", on: loop, answers) }
            gate.open()
            await answers.wait(for: total)
            var refused = 0
            for case .failure(.exhausted(let words)) in answers.all {
                #expect(words.hasPrefix("too many names wait to be resolved: "))
                refused += 1
            }
            #expect(refused >= 100 && refused <= 100 + Resolver.threadsMax)
            let threads = most.load(ordering: .relaxed)
            #expect(threads <= Resolver.threadsMax)
        }
    }

    /// The real one, with what every machine knows.
    @Test func theSystemKnowsLocalhostAndNotAnInvalidName() async {
        await withLoop { loop, _ in
            let resolver = Resolver()
            let answers = Answers()
            ask(resolver, "localhost", on: loop, answers)
            await answers.wait(for: 1)
            ask(resolver, "no name with spaces", on: loop, answers)
            await answers.wait(for: 2)
            guard case .success(let found) = answers.all[0], !found.isEmpty else {
                Issue.record("localhost is not known")
                return
            }
            guard case .failure(.connectFailed(let words)) = answers.all[1] else {
                Issue.record("an invalid name is known")
                return
            }
            #expect(words.hasPrefix("the name no name with spaces cannot be resolved: "))
        }
    }
}
