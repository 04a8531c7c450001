import GatewayCore
import GatewayPrimitives

/// An upstream that does what its seed says, and keeps its own bill of every call: what it would
/// have the gateway's owner pay, whatever the gateway believes.
final class SimulatedUpstream: Provider {
    private let clock: any Clock
    private var random: FastRandom
    /// What each call has cost here.
    private(set) var bills: [CallID: Money] = [:]
    /// Whether the gateway that calls is dead: nothing is written any more.
    var isCutOff = false
    /// The most tokens that it writes at once, and that it goes on to write until it sees that it
    /// was cut: together within the margin that is held for them.
    static let burstMax = 8
    static let lateMax = 16

    init(clock: any Clock, seed: UInt64) {
        self.clock = clock
        random = FastRandom(seed: seed)
    }

    func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        guard case .chat(let chat) = request, let price = deployment.price else { return }
        let pause = SimulatedPause(clock: clock)
        relay.cancellation.attach(attempt: pause)
        relay.noteSent()
        let latency = Duration.milliseconds(Int.random(in: 0..<300, using: &random))
        await pause.wait(until: clock.now().advanced(by: latency))
        try relay.cancellation.check()
        let fate = Int.random(in: 0..<100, using: &random)
        if fate < 8 { throw Self.failure(.serverError, .otherDeployment) }
        if fate < 12 { throw Self.failure(.invalidRequest, .never) }
        var usage = Usage(source: .reported)
        usage.inputTokens = Int64((chat.textBytes + 3) / 4)
        let bound = relay.outputTokensMax ?? chat.maxOutputTokens ?? price.outputTokensMax ?? 50
        let wanted = min(bound, Int.random(in: 0...(price.outputTokensMax ?? 50), using: &random))
        var answer = Answer(wanted: wanted, usage: usage)
        bill(&answer, of: relay.call.id, at: price)
        if fate < 16 {
            await pause.wait(until: .distantFuture)
            throw relay.cancellation.error ?? .clientGone
        }
        do throws(GatewayError) {
            try await write(&answer, of: chat, at: price, fate: fate, relay, pause)
        } catch {
            // Until it sees that nobody reads, it goes on writing, and asks for that too.
            let late = Int.random(in: 0...Self.lateMax, using: &random)
            answer.usage.outputTokens = min(Int64(wanted), answer.usage.outputTokens + Int64(late))
            bill(&answer, of: relay.call.id, at: price)
            throw error
        }
    }

    /// An answer as far as it was written.
    private struct Answer {
        let wanted: Int
        var usage: Usage
        /// What of it is on the bill. A call's attempts may run at the same time.
        var billed = Money.zero
    }

    /// Puts what was written since on the bill.
    private func bill(_ answer: inout Answer, of call: CallID, at price: Price) {
        let cost = price.cost(of: answer.usage).total
        bills[call, default: .zero] += cost - answer.billed
        answer.billed = cost
    }

    private func write(
        _ answer: inout Answer, of chat: ChatRequest, at price: Price, fate: Int, _ relay: Relay,
        _ pause: SimulatedPause
    ) async throws(GatewayError) {
        while answer.usage.outputTokens < Int64(answer.wanted), !isCutOff {
            let burst = min(
                answer.wanted - Int(answer.usage.outputTokens),
                Int.random(in: 1...Self.burstMax, using: &random))
            answer.usage.outputTokens += Int64(burst)
            bill(&answer, of: relay.call.id, at: price)
            if chat.isStream {
                for _ in 0..<burst { try Self.emitToken(relay) }
                try await relay.awaitRoom()
                if fate > 90, Int.random(in: 0..<10, using: &random) == 0 {
                    throw Self.failure(.interrupted, .otherDeployment)
                }
            }
            if Bool.random(using: &random) {
                let moment = clock.now().advanced(
                    by: .milliseconds(Int.random(in: 0..<400, using: &random)))
                await pause.wait(until: moment)
                try relay.cancellation.check()
            }
        }
        if isCutOff { throw .clientGone }
        if !chat.isStream {
            for _ in 0..<answer.usage.outputTokens { try Self.emitToken(relay) }
        }
        let outcome = ChoiceOutcome(choiceIndex: 0, reason: .stop, cause: .model)
        try relay.emit(
            ReplyEvent(
                .finished(
                    ReplyFinished(outcomes: [outcome], usage: fate < 80 ? answer.usage : nil))))
    }

    private static func emitToken(_ relay: Relay) throws(GatewayError) {
        var bytes = ByteQueue()
        bytes.append("word")
        try relay.emit(ReplyEvent(.delta(ChatDelta(content: .text(bytes.view)))))
    }

    private static func failure(
        _ outcome: AttemptOutcome, _ retry: GatewayError.Retry
    ) -> GatewayError {
        GatewayError(
            .upstreamUnavailable, origin: .upstream, retry: retry, message: "failed",
            outcome: outcome)
    }
}

/// A wait that a cancellation ends early.
private final class SimulatedPause: TimerTarget, CancellationTarget {
    private let clock: any Clock
    private var timer: (any CallTimer)?
    private var waiter: UnsafeContinuation<Void, Never>?
    private var isCancelled = false

    init(clock: any Clock) { self.clock = clock }

    func wait(until moment: MonotonicTime) async {
        guard !isCancelled, clock.now() < moment else { return }
        let timer = self.timer ?? clock.makeTimer(self)
        self.timer = timer
        if moment != .distantFuture { timer.arm(at: moment) }
        await withUnsafeContinuation { waiter = $0 }
    }

    func timerFired() { wake() }

    func cancelled() {
        isCancelled = true
        timer?.disarm()
        wake()
    }

    private func wake() {
        let waiting = waiter
        waiter = nil
        waiting?.resume()
    }
}
