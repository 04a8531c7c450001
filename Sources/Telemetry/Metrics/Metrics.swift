public import GatewayCore
public import GatewayPrimitives
import Synchronization

/// The metrics of the process: each loop counts its own calls, and a page adds them up. Any thread.
public final class Metrics: Sendable {
    private let shards = Mutex<[MetricShard]>([])
    private let catalog: Catalog
    private let ledger: any Ledger

    public init(catalog: Catalog, ledger: any Ledger) {
        self.catalog = catalog
        self.ledger = ledger
    }

    /// What one loop counts with.
    public func makeObserver() -> any Observer {
        let shard = MetricShard()
        shards.withLock { $0.append(shard) }
        return shard
    }

    /// All metrics in Prometheus's text format, version 0.0.4. Where the ledger cannot be asked,
    /// the gauges of budgets have no samples.
    ///
    /// - Parameter refusals: what was refused before it was a call, by kind.
    public func page(
        at now: MonotonicTime, _ wall: WallTime, refusals: [(kind: String, count: Int)] = []
    ) async -> ByteQueue {
        var sum = MetricTable()
        for shard in shards.withLock({ $0 }) { sum.add(shard.table) }
        let accounts = sum.budgets.values.flatMap { $0 }
        var balances: [BudgetBalance] = []
        do throws(GatewayError) {
            if !accounts.isEmpty { balances = try await ledger.balances(of: accounts, at: wall) }
        } catch {
            balances = []
        }
        let budgets = zip(accounts, balances).map {
            BudgetGauges.Standing(account: $0, balance: $1)
        }
        var output = ByteQueue()
        MetricPage(
            table: sum, deployments: catalog.current.deployments, refusals: refusals, now: now,
            budgets: BudgetGauges(budgets: budgets, now: wall)
        ).write(into: &output)
        return output
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
