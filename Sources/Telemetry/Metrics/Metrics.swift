public import GatewayCore
public import GatewayPrimitives
import Synchronization

/// The metrics of the process: each loop counts its own calls, and a page adds them up. Any thread.
public final class Metrics: Sendable {
    private let shards = Mutex<[MetricShard]>([])
    private let catalog: Catalog

    public init(catalog: Catalog) { self.catalog = catalog }

    /// What one loop counts with.
    public func makeObserver() -> any Observer {
        let shard = MetricShard()
        shards.withLock { $0.append(shard) }
        return shard
    }

    /// Appends all metrics in Prometheus's text format, version 0.0.4.
    ///
    /// - Parameter refusals: what was refused before it was a call, by kind.
    public func write(
        into output: inout ByteQueue, at now: MonotonicTime,
        refusals: [(kind: String, count: Int)] = []
    ) {
        var sum = MetricTable()
        for shard in shards.withLock({ $0 }) { sum.add(shard.table) }
        MetricPage(
            table: sum, deployments: catalog.current.deployments, refusals: refusals, now: now
        ).write(into: &output)
    }
}

/// Counts the calls of one loop. Its lock is free but while a page is made.
final class MetricShard: Observer, Sendable {
    private let state = Mutex(MetricTable())

    /// What was counted so far.
    var table: MetricTable { state.withLock { $0 } }

    func observe(_ record: CallRecord) { state.withLock { $0.add(record) } }
}

/// Tells several observers of every call.
public final class ObserverList: Observer {
    private let observers: [any Observer]

    public init(_ observers: [any Observer]) { self.observers = observers }

    public func observe(_ record: CallRecord) {
        for observer in observers { observer.observe(record) }
    }
}
