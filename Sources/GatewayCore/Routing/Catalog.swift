/// The models that are configured, and the deployments of each. Immutable; shared by all loops.
public final class Catalog: Sendable {
    /// By name.
    public let models: [ModelEntry]
    private let byName: [String: Int]

    /// - Parameter deployments: in the order of the configuration; disabled ones left out.
    public init(deployments: [Deployment], createdAt: Int64) {
        let groups = Dictionary(grouping: deployments, by: \.model)
        models = groups.keys.sorted().map { name in
            ModelEntry(name: name, deployments: groups[name] ?? [], createdAt: createdAt)
        }
        byName = Dictionary(uniqueKeysWithValues: models.enumerated().map { ($1.name, $0) })
    }

    public subscript(name: String) -> ModelEntry? {
        byName[name].map { models[$0] }
    }
}

/// One model of the catalog.
public struct ModelEntry: Sendable {
    public let name: String
    public let deployments: [Deployment]
    /// When it was configured, in seconds since 1970.
    public let createdAt: Int64
}
