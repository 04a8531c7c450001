/// The models of one configuration, the deployments of each, and the rules of choice among them.
/// Immutable.
public final class ModelList: Sendable {
    /// By name.
    public let models: [ModelEntry]
    public let rules: RoutingRules
    /// All that take part.
    public let deployments: [Deployment]
    private let byName: [String: Int]
    /// Models that are known and have no deployment that takes part, by name.
    private let unable: [String: ModelEntry]
    /// Entries whose names end in `*`, the longest first.
    private let wildcards: [Int]
    private let prices: PriceTable
    /// What wildcards came to.
    private let expansions = ExpandedModels()

    init(
        deployments: [Deployment], unable: [UnableDeployment] = [], createdAt: Int64,
        rules: RoutingRules, prices: PriceTable
    ) {
        let groups = Dictionary(grouping: deployments, by: \.model)
        models = groups.keys.sorted().map { name in
            ModelEntry(name: name, deployments: groups[name] ?? [], createdAt: createdAt)
        }
        self.unable = Dictionary(grouping: unable, by: \.deployment.model)
            .filter { groups[$0.key] == nil }
            .reduce(into: [:]) { all, group in
                all[group.key] = ModelEntry(
                    name: group.key, deployments: [], createdAt: createdAt, unable: group.value)
            }
        self.rules = rules
        self.deployments = deployments
        self.prices = prices
        byName = Dictionary(uniqueKeysWithValues: models.enumerated().map { ($1.name, $0) })
        let names = models.map(\.name)
        wildcards = names.indices.filter { names[$0].hasSuffix("*") }
            .sorted { names[$0].utf8.count > names[$1].utf8.count }
    }

    /// The model of a name, by itself or by a wildcard.
    public subscript(name: String) -> ModelEntry? {
        if let index = byName[name] { return models[index] }
        guard
            let index = wildcards.first(where: { name.hasPrefix(models[$0].name.dropLast()) })
        else { return unable.isEmpty ? nil : unableEntry(of: name) }
        let entry = models[index]
        return expansions.entry(name) { entry.expanded(to: name, prices: prices) }
    }

    /// The model of a name that is known and cannot serve, by itself or by a wildcard.
    private func unableEntry(of name: String) -> ModelEntry? {
        if let entry = unable[name] { return entry }
        return unable.values.filter {
            $0.name.hasSuffix("*") && name.hasPrefix($0.name.dropLast())
        }.max { $0.name.utf8.count < $1.name.utf8.count }
    }
}

/// One model of the list. Immutable; an object, since each call passes it on many times.
public final class ModelEntry: Sendable {
    public let name: String
    /// By rising order, and as configured within one.
    public let deployments: [Deployment]
    /// When it was configured, in seconds since 1970.
    public let createdAt: Int64
    /// The deployments of each order.
    let tiers: [Range<Int>]
    /// Whether any deployment has limits of its own.
    let isLimited: Bool
    /// Whether any deployment is meant for requests without tags.
    let isDefaultTagged: Bool
    /// The groups by which keys may use it: those of all its deployments.
    public let accessGroups: [String]
    /// Why it has no deployments; empty where it has any.
    let unable: [UnableDeployment]

    init(
        name: String, deployments: [Deployment], createdAt: Int64, unable: [UnableDeployment] = []
    ) {
        self.unable = unable
        self.name = name
        self.createdAt = createdAt
        let sorted = deployments.enumerated().sorted { left, right in
            (left.element.traits.order, left.offset) < (right.element.traits.order, right.offset)
        }.map(\.element)
        self.deployments = sorted
        var tiers: [Range<Int>] = []
        for index in sorted.indices {
            if let last = tiers.last,
                sorted[last.lowerBound].traits.order == sorted[index].traits.order
            {
                tiers[tiers.count - 1] = last.lowerBound..<index + 1
            } else {
                tiers.append(index..<index + 1)
            }
        }
        self.tiers = tiers
        isLimited = sorted.contains { !$0.limits.isEmpty }
        accessGroups = Set((sorted + unable.map(\.deployment)).flatMap(\.traits.accessGroups))
            .sorted()
        isDefaultTagged = sorted.contains { $0.traits.tags.contains(TagRules.untagged) }
    }

    /// The same model under another name.
    func named(_ alias: String) -> ModelEntry {
        ModelEntry(name: alias, deployments: deployments, createdAt: createdAt)
    }

    /// The entry of one name that this wildcard stands for: what the star stands for goes into the
    /// star of each upstream's name.
    fileprivate func expanded(to name: String, prices: PriceTable) -> ModelEntry {
        let rest = String(name.dropFirst(self.name.count - 1))
        return ModelEntry(
            name: name,
            deployments: deployments.map { deployment in
                let upstream =
                    deployment.upstreamModel.hasSuffix("*")
                    ? deployment.upstreamModel.dropLast() + rest : deployment.upstreamModel[...]
                let price =
                    deployment.price
                    ?? prices.price(
                        vendor: deployment.vendor.isEmpty
                            ? deployment.provider.rawValue : deployment.vendor,
                        model: String(upstream))
                return Deployment(
                    deployment, model: name, upstreamModel: String(upstream), price: price)
            }, createdAt: createdAt)
    }
}
