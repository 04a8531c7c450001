import GatewayPrimitives

/// Checks every deployment from time to time, some at once, each by a call of its own. One a
/// process; belongs to a loop.
///
/// What is checked, and how, is looked up in the catalog at each turn, so that a reload counts at
/// once. A deployment that is new is checked within ``firstWithin``; the others when their interval
/// has passed, a tenth of it by chance either way, so that checks of many deployments, and of many
/// gateways, do not meet.
public final class BackgroundChecks {
    private let catalog: Catalog
    private let probe: DeploymentProbe
    private let clock: any Clock
    private let pause: Pause
    private var random: FastRandom
    /// When each deployment is due, by id.
    private var dueAt: [String: MonotonicTime] = [:]
    private var running: Set<String> = []
    private var isStopped = false
    private var isRunning = false
    private var stopWaiter: UnsafeContinuation<Void, Never>?

    /// How soon a deployment that is new is checked.
    static let firstWithin = Duration.seconds(2)
    /// How often the catalog is looked at.
    static let lookInterval = Duration.seconds(5)

    public init(catalog: Catalog, probe: DeploymentProbe, clock: any Clock, seed: UInt64) {
        self.catalog = catalog
        self.probe = probe
        self.clock = clock
        pause = Pause(clock: clock)
        random = FastRandom(seed: seed)
    }

    /// Checks until ``stop()``.
    public func run() async {
        isRunning = true
        let bound = LoopBound(checks: self)
        await withDiscardingTaskGroup { group in
            while !isStopped {
                let list = catalog.current
                for deployment in takeDue(list, at: clock.now()) {
                    let interval = deployment.traits.check.interval ?? list.rules.checks.interval
                    group.addTask { await bound.checks.check(deployment, interval) }
                }
                await pause.wait(until: nextLook(list, at: clock.now()))
            }
        }
        isRunning = false
        stopWaiter?.resume()
    }

    /// Begins nothing more, breaks off the checks that run, and returns when they have been
    /// recorded.
    public func stop() async {
        isStopped = true
        probe.cancelAll()
        pause.cancelled()
        guard isRunning else { return }
        await withUnsafeContinuation { stopWaiter = $0 }
    }

    /// The deployments whose check is due and can begin; they count as running.
    private func takeDue(_ list: ModelList, at now: MonotonicTime) -> [Deployment] {
        guard list.rules.checks.isOn else {
            dueAt.removeAll()
            return []
        }
        var present: Set<String> = []
        var due: [Deployment] = []
        for deployment in list.deployments where deployment.isCheckedInBackground {
            present.insert(deployment.id)
            guard let moment = dueAt[deployment.id] else {
                let wait = Self.firstWithin * random.unit()
                dueAt[deployment.id] = now.advanced(by: wait)
                continue
            }
            guard moment <= now, !running.contains(deployment.id),
                running.count < list.rules.checks.concurrency
            else { continue }
            running.insert(deployment.id)
            due.append(deployment)
        }
        dueAt = dueAt.filter { present.contains($0.key) }
        return due
    }

    /// When something is due; a check that ends looks at once.
    private func nextLook(_ list: ModelList, at now: MonotonicTime) -> MonotonicTime {
        var next = now.advanced(by: Self.lookInterval)
        guard running.count < list.rules.checks.concurrency else { return next }
        for (id, moment) in dueAt where !running.contains(id) { next = min(next, moment) }
        return next
    }

    private func check(_ deployment: Deployment, _ interval: Duration) async {
        await probe.check(deployment, rules: catalog.current.rules.checks)
        running.remove(deployment.id)
        dueAt[deployment.id] = clock.now().advanced(by: interval * (0.9 + random.unit() / 5))
        pause.timerFired()
    }

    /// `@unchecked Sendable`: child tasks run on the loop of their parent, which it belongs to.
    private struct LoopBound: @unchecked Sendable {
        let checks: BackgroundChecks
    }
}

extension Deployment {
    /// Whether it can be called at all: a name with a wildcard names no model, unless its checks
    /// have one of their own.
    public var isCheckable: Bool {
        traits.check.model != nil || !model.hasSuffix("*") && !upstreamModel.hasSuffix("*")
    }

    /// Whether it is checked without being asked for.
    public var isCheckedInBackground: Bool { isCheckable && !traits.check.isExempt }
}
