import GatewayPrimitives
import Telemetry
import Transport

/// Logs from time to time what the servers have refused since: a line a kind, with its count and
/// the client that was refused last. So a flood costs the log no more than a single mistake.
///
/// `@unchecked Sendable`: belongs to a loop, and is made there or before the loop runs.
final class RefusalReport: LoopTimerTarget, @unchecked Sendable {
    /// How often there may be a line of each kind.
    static let interval = Duration.seconds(10)

    private let refusals: ServerRefusals
    private let log: Log
    private var timer: LoopTimer?
    /// Kept, since the timer does not; it goes after the timer.
    private let loop: EventLoop

    init(loop: EventLoop, refusals: ServerRefusals, log: Log) {
        self.loop = loop
        self.refusals = refusals
        self.log = log
        timer = LoopTimer(loop: loop, target: self)
        timer?.arm(after: Self.interval)
    }

    func loopTimerFired(_ timer: LoopTimer) {
        Self.write(refusals, to: log)
        timer.arm(after: Self.interval)
    }

    /// Logs what is new.
    static func write(_ refusals: ServerRefusals, to log: Log) {
        for growth in refusals.takeGrowth() {
            log.write(.warning, "refused") { line in
                line.text("what", growth.kind.rawValue)
                line.number("count", growth.count)
                if let client = growth.client { line.text("last_client", client.text) }
            }
        }
    }
}
