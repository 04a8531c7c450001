import Synchronization

/// The models that are served, which change while calls run: one for all loops. Any thread.
///
/// A call plans with the ``ModelList`` that it found, and keeps it; ``replace(deployments:rules:)``
/// is seen by the calls after it.
public final class Catalog: Sendable {
    private struct State {
        var list: ModelList
        var nextIndex: Int
    }

    private let state: Mutex<State>
    private let prices: PriceTable

    /// - Parameters:
    ///   - deployments: in the order of the configuration; disabled ones left out.
    ///   - unable: the disabled ones.
    public init(
        deployments: [Deployment], unable: [UnableDeployment] = [], createdAt: Int64,
        rules: RoutingRules = RoutingRules(), prices: PriceTable = .empty
    ) {
        self.prices = prices
        let list = ModelList(
            deployments: deployments, unable: unable, createdAt: createdAt, rules: rules,
            prices: prices)
        let next = (deployments.map(\.index).max() ?? -1) + 1
        state = Mutex(State(list: list, nextIndex: next))
    }

    /// What is served at the moment.
    public var current: ModelList { state.withLock { $0.list } }

    /// The models of the moment, by name.
    public var models: [ModelEntry] { current.models }

    /// The model of a name, by itself or by a wildcard.
    public subscript(name: String) -> ModelEntry? { current[name] }

    /// Puts other models in place of those that were served.
    ///
    /// A deployment that stays as it was stays the object it was; one that has changed gets an
    /// index of its own, and keeps what is known of the health of its id as long as it is at the
    /// same address.
    /// - Parameters:
    ///   - rules: `nil` for those that were.
    ///   - createdAt: of models that are new, in seconds since 1970.
    /// - Returns: how many deployments were added or changed, and how many are gone.
    @discardableResult
    public func replace(
        deployments: [Deployment], unable: [UnableDeployment] = [], rules: RoutingRules? = nil,
        createdAt: Int64
    ) -> (changed: Int, gone: Int) {
        state.withLock { state in
            var old: [String: Deployment] = [:]
            for deployment in state.list.deployments { old[deployment.id] = deployment }
            var changed = 0
            let new = deployments.map { deployment -> Deployment in
                let before = old.removeValue(forKey: deployment.id)
                if let before, before.isConfigured(as: deployment) { return before }
                changed += 1
                defer { state.nextIndex += 1 }
                return Deployment(
                    deployment, index: state.nextIndex,
                    health: before?.apiBase == deployment.apiBase ? before?.health : nil)
            }
            state.list = ModelList(
                deployments: new, unable: unable, createdAt: createdAt,
                rules: rules ?? state.list.rules, prices: prices)
            return (changed, old.count)
        }
    }
}
