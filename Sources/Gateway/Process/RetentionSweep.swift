import GatewayCore
import GatewayPrimitives
import Storage
import Telemetry
import Transport

/// Deletes the ledger's rows that are older than they are to be kept, once an hour, in steps that
/// no call notices.
///
/// `@unchecked Sendable`: belongs to a loop, and is made there or before the loop runs.
final class RetentionSweep: LoopTimerTarget, @unchecked Sendable {
    /// How often it looks.
    private static let interval = Duration.seconds(3_600)
    /// Rows that are deleted in one transaction, and the pause between two.
    private static let stepRows = 500
    private static let stepPause = Duration.milliseconds(200)

    private let store: SQLiteStore
    private let retention: Duration
    private let log: Log
    private var timer: LoopTimer?
    private var deletedCount = 0
    /// Kept, since the timer does not; it goes after the timer.
    private let loop: EventLoop

    init(loop: EventLoop, store: SQLiteStore, retention: Duration, log: Log) {
        self.loop = loop
        self.store = store
        self.retention = retention
        self.log = log
        timer = LoopTimer(loop: loop, target: self)
        timer?.arm(after: .seconds(60))
    }

    func loopTimerFired(_ timer: LoopTimer) {
        loop.spawn { [self] in await step() }
    }

    private func step() async {
        let end = WallTime(
            nanoseconds: WallTime.system().nanoseconds
                - Int64(clamping: retention.wholeNanoseconds))
        do throws(GatewayError) {
            let count = try await store.deleteRows(before: end, countMax: Self.stepRows)
            deletedCount += count
            if count == Self.stepRows {
                timer?.arm(after: Self.stepPause)
                return
            }
        } catch {
            log.write(.warning, "old rows of the ledger were not deleted") {
                $0.text("why", error.message)
            }
        }
        if deletedCount > 0 {
            log.write(.info, "old rows of the ledger deleted") { $0.number("rows", deletedCount) }
            deletedCount = 0
        }
        timer?.arm(after: Self.interval)
    }
}
