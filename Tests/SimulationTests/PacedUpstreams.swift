import GatewayCore
import GatewayPrimitives

/// Upstreams of different speeds, each with a few slots and a queue, that are away at times; all
/// by one seed. They also watch what the router sends them.
final class PacedUpstreams: Provider {
    /// How one upstream is.
    struct Pace {
        /// From a slot to the first token.
        var firstToken: Duration
        /// From there to the end.
        var rest: Duration
        /// Requests at once; others queue.
        var slots: Int
        /// When it refuses connections.
        var away: [Range<UInt64>] = []
        /// The share of requests that it fails.
        var faults = 0.0
        /// The share of requests that take ten times as long.
        var hiccups = 0.0

        /// Requests a second that it can serve.
        var capacity: Double {
            Double(slots) / (Double((firstToken + rest).wholeNanoseconds) / 1e9)
        }
    }

    private let clock: any Clock
    private let paces: [Pace]
    private var random: FastRandom
    /// When each slot of each upstream is free again.
    private var freeAt: [[MonotonicTime]]
    /// Attempts at each upstream.
    private(set) var counts: [Int]
    /// Moments of all attempts.
    private(set) var moments: [MonotonicTime] = []
    /// Attempts that came while the deployment was left alone, and were no probe.
    private(set) var uninvited = 0
    private var probes: Set<Int> = []
    /// Probes that came while another was on its way.
    private(set) var doubleProbes = 0

    init(_ paces: [Pace], clock: any Clock, seed: UInt64) {
        self.paces = paces
        self.clock = clock
        random = FastRandom(seed: seed)
        freeAt = paces.map { [MonotonicTime](repeating: clock.now(), count: $0.slots) }
        counts = paces.map { _ in 0 }
    }

    func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let index = deployment.index
        let now = clock.now()
        counts[index] += 1
        moments.append(now)
        watch(deployment, at: now)
        defer { probes.remove(index) }
        let pace = paces[index]
        if pace.away.contains(where: { $0.contains(now.nanoseconds) }) {
            throw GatewayError(
                .upstreamUnavailable, origin: .upstream, retry: .otherDeployment,
                message: "refused", outcome: .connectFailed)
        }
        if Double.random(in: 0..<1, using: &random) < pace.faults {
            throw GatewayError(
                .upstreamUnavailable, origin: .upstream, retry: .otherDeployment,
                message: "failed", outcome: .serverError)
        }
        let (first, end) = takeSlot(index, pace, from: now)
        let pause = Pause(clock: clock)
        relay.cancellation.attach(attempt: pause)
        await pause.wait(until: first)
        var bytes = ByteQueue()
        bytes.append("word")
        try relay.emit(ReplyEvent(.delta(ChatDelta(content: .text(bytes.view)))))
        try await relay.awaitRoom()
        await pause.wait(until: end)
        var usage = Usage(source: .reported)
        usage.inputTokens = 100
        usage.outputTokens = 50
        try relay.emit(ReplyEvent(.finished(ReplyFinished(usage: usage))))
    }

    private func takeSlot(
        _ index: Int, _ pace: Pace, from now: MonotonicTime
    ) -> (first: MonotonicTime, end: MonotonicTime) {
        let slot = freeAt[index].indices.min { freeAt[index][$0] < freeAt[index][$1] } ?? 0
        let start = max(now, freeAt[index][slot])
        // Work differs by a half either way.
        var size = Double.random(in: 0.5..<1.5, using: &random)
        if Double.random(in: 0..<1, using: &random) < pace.hiccups { size *= 10 }
        let first = start.advanced(by: pace.firstToken.scaled(by: size))
        let end = first.advanced(by: pace.rest.scaled(by: size))
        freeAt[index][slot] = end
        return (first, end)
    }

    private func watch(_ deployment: Deployment, at now: MonotonicTime) {
        let report = deployment.health.report(at: now)
        guard report.isCooled else { return }
        if !report.isProbing || report.cooldownLeft > .zero {
            uninvited += 1
        } else if !probes.insert(deployment.index).inserted {
            doubleProbes += 1
        }
    }
}

extension Duration {
    fileprivate func scaled(by factor: Double) -> Duration {
        .nanoseconds(Int64(Double(wholeNanoseconds) * factor))
    }
}
