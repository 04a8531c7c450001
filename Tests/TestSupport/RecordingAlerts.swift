public import GatewayCore
import Synchronization

/// Keeps every alert that it is told.
public final class RecordingAlerts: AlertSink {
    private let told = Mutex<[BudgetAlert]>([])

    public init() {}

    public var all: [BudgetAlert] { told.withLock { $0 } }

    public func post(_ alert: BudgetAlert) { told.withLock { $0.append(alert) } }
}
