import Synchronization

/// `grpc.health.v1.Health`: tells load balancers and operators which services work.
///
/// One instance a process: states are set from any thread, and every loop serves it by its own
/// ``service``. The empty name stands for the whole server.
public final class HealthService: Sendable {
    private let registry: Mutex<Registry>

    /// What a service can be, as `HealthCheckResponse.ServingStatus` has it.
    public enum State: Int32, Sendable {
        case serving = 1
        case notServing = 2
    }

    private struct Registry {
        var states: [String: State]
        var isDraining = false
        var isEnding = false
        var watchers: [ObjectIdentifier: HealthWatcher] = [:]
    }

    /// - Parameter services: the full names of what is served; they, and the server as a whole, are
    ///   serving until told otherwise.
    public init(services: [String]) {
        var states: [String: State] = ["": .serving]
        for name in services { states[name] = .serving }
        registry = Mutex(Registry(states: states))
    }

    /// Sets the state of a service and tells those who watch it. Without effect once draining.
    public func set(_ state: State, of service: String) {
        let watchers = registry.withLock { registry -> [HealthWatcher] in
            guard !registry.isDraining, registry.states[service] != state else { return [] }
            registry.states[service] = state
            return registry.watchers.values.filter { $0.service == service }
        }
        for watcher in watchers { watcher.signal() }
    }

    /// Reports everything as not serving from now on, and ends the calls that watch, which would
    /// outlast all others: the process is about to stop.
    public func drain() {
        end { registry in
            registry.isDraining = true
            registry.states = registry.states.mapValues { _ in .notServing }
        }
    }

    /// Ends the calls that watch, but reports nothing: another process goes on with the service.
    public func handOver() { end { _ in } }

    private func end(_ change: (inout Registry) -> Void) {
        let watchers = registry.withLock { registry -> [HealthWatcher] in
            change(&registry)
            registry.isEnding = true
            return Array(registry.watchers.values)
        }
        for watcher in watchers { watcher.signal() }
    }

    /// Whether calls that watch are to end.
    var isEnding: Bool { registry.withLock { $0.isEnding } }

    /// The state of a service; `nil` for one that is not known.
    public func state(of service: String) -> State? {
        registry.withLock { $0.states[service] }
    }

    /// All states by name.
    func states() -> [String: State] { registry.withLock { $0.states } }

    /// Takes in a watcher; false when there are too many.
    func add(_ watcher: HealthWatcher) -> Bool {
        registry.withLock { registry in
            guard registry.watchers.count < GRPCLimits.healthWatchersMax else { return false }
            registry.watchers[ObjectIdentifier(watcher)] = watcher
            return true
        }
    }

    func remove(_ watcher: HealthWatcher) {
        registry.withLock { $0.watchers[ObjectIdentifier(watcher)] = nil }
    }
}
