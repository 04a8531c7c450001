import GatewayCore
import Telemetry
import Transport

/// Sees what other processes change in the directory and in the stored models: the one before or
/// after this one during a restart, and commands that are run beside it.
///
/// `@unchecked Sendable`: belongs to a loop, and is made there or before the loop runs.
final class DirectoryWatch: LoopTimerTarget, @unchecked Sendable {
    private let administration: Administration
    private let models: ModelBook
    private let interval: Duration
    private let log: Log
    private var timer: LoopTimer?
    /// Whether the last look failed, and it was logged.
    private var isFailing = false
    /// Kept, since the timer does not; it goes after the timer.
    private let loop: EventLoop

    /// - Parameter interval: the pause between two looks.
    init(
        loop: EventLoop, administration: Administration, models: ModelBook, interval: Duration,
        log: Log
    ) {
        self.loop = loop
        self.administration = administration
        self.models = models
        self.interval = interval
        self.log = log
        timer = LoopTimer(loop: loop, target: self)
        timer?.arm(after: interval)
    }

    func loopTimerFired(_ timer: LoopTimer) {
        loop.spawn { [self] in await look() }
    }

    private func look() async {
        do throws(GatewayError) {
            let count = try await administration.absorb()
            if count > 0 {
                log.write(.info, "another process has changed the directory") {
                    $0.number("records", count)
                }
            }
            let changed = try await models.absorb()
            if changed > 0 {
                log.write(.info, "another process has changed stored models") {
                    $0.number("models", changed)
                }
            }
            isFailing = false
        } catch {
            if !isFailing {
                log.write(.warning, "other processes' changes are not seen") {
                    $0.text("why", error.message)
                }
            }
            isFailing = true
        }
        timer?.arm(after: interval)
    }
}
