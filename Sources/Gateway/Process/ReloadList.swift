import Synchronization
import Telemetry

/// What SIGHUP reads again, such as certificates: each part of the process adds its own.
///
/// A part that cannot be read again keeps what it has, and says why; the others are not affected.
final class ReloadList: Sendable {
    /// Reads something again, on the main thread; throws what is wrong with it.
    typealias Action = @Sendable () throws -> Void

    private let parts = Mutex<[(name: String, action: Action)]>([])

    /// - Parameter name: what it is, for the log.
    func add(_ name: String, _ action: @escaping Action) {
        parts.withLock { $0.append((name, action)) }
    }

    /// Reads all of it again, in the order added. Returns whether all went well.
    @discardableResult
    func run(log: Log) -> Bool {
        var isWhole = true
        let parts = parts.withLock { $0 }
        for part in parts {
            do {
                try part.action()
                log.write(.info, "reloaded") { $0.text("what", part.name) }
            } catch {
                isWhole = false
                log.write(.error, "cannot reload; what was there before stays") { line in
                    line.text("what", part.name)
                    line.text("why", "\(error)")
                }
            }
        }
        if parts.isEmpty { log.write(.info, "nothing to reload") }
        return isWhole
    }
}
