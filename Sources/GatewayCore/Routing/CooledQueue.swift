import GatewayPrimitives

/// The calls that wait for a deployment to return, all of a model's being left alone. Bounded;
/// belongs to its loop.
final class CooledQueue {
    private let clock: any Clock
    private let waitingMax: Int
    private(set) var waitingCount = 0

    /// How soon is looked again while another call's probe is on its way.
    static let probeInterval = Duration.milliseconds(50)

    init(waitingMax: Int, clock: any Clock) {
        self.waitingMax = waitingMax
        self.clock = clock
    }

    /// Waits until a moment. Throws at once where that comes after the deadline, or the queue is
    /// full: the client can do better elsewhere.
    func wait(
        until moment: MonotonicTime, deadline: MonotonicTime, model: String,
        _ cancellation: Cancellation
    ) async throws(GatewayError) {
        let now = clock.now()
        let until = max(moment, now.advanced(by: Self.probeInterval))
        guard until < deadline, waitingCount < waitingMax else {
            throw .allCooled(model: model, after: moment.since(now))
        }
        waitingCount += 1
        let pause = Pause(clock: clock)
        cancellation.attach(attempt: pause)
        await pause.wait(until: until)
        cancellation.endAttempt()
        waitingCount -= 1
        try cancellation.check()
    }
}

extension GatewayError {
    /// Nobody is asked: all that could serve have failed of late, and are left alone.
    static func allCooled(model: String, after: Duration) -> GatewayError {
        let after = max(.seconds(1), after)
        return GatewayError(
            .upstreamUnavailable, origin: .gateway,
            message: "All deployments of model `\(model)` have failed of late and are left alone "
                + "for now; the first is tried again in "
                + "\(after.components.seconds + (after.components.attoseconds > 0 ? 1 : 0)) s.",
            retryAfter: after)
    }
}
