import GatewayCore

/// The reading of `model_list`: entries of one name are the deployments of one model.
enum ModelListSection {
    /// More deployments than this are a mistake.
    static let deploymentsMax = 10_000

    static func read(
        _ node: ConfigNode?, environment: ConfigEnvironment, with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let items = reader.list(node)
        guard items.count <= deploymentsMax else {
            if let node { reader.refuse(node, "more than \(deploymentsMax) deployments") }
            return
        }
        let entries = DeploymentReader(
            environment: environment, defaultTimeouts: settings.timeouts,
            defaultSecurity: settings.security, prices: settings.prices,
            tokenizers: settings.tokenizers,
            requestsAtOnceDefault: settings.requestsAtOnceDefault,
            dropsUnsupportedParams: settings.dropsUnsupportedParams)
        let drafts = items.compactMap { entries.read($0, with: &reader) }
        settings.drafts = drafts
        settings.configured = configured(drafts)
        var ids: Set<String> = []
        for (draft, configured) in zip(drafts, settings.configured) {
            let id = configured.deployment.id
            if !ids.insert(id).inserted {
                reader.add(
                    .refused, "model_info.id", at: draft.position,
                    "two deployments have the id `\(id)`; choose another model_info.id")
            }
        }
    }

    /// Gives every deployment its index, id and share.
    static func configured(_ drafts: [DeploymentDraft]) -> [ConfiguredDeployment] {
        var weights: [Int: Double] = [:]
        let enabled = drafts.indices.filter { drafts[$0].isEnabled }
        for (_, group) in Dictionary(grouping: enabled, by: { drafts[$0].model }) {
            let shares = ShuffleWeights.weights(of: group.map { drafts[$0] })
            for (place, weight) in zip(group, shares) { weights[place] = weight }
        }
        var counts: [String: Int] = [:]
        var nextIndex = 0
        return drafts.indices.map { place in
            let draft = drafts[place]
            counts[draft.model, default: 0] += 1
            let configured = draft.configured(
                index: nextIndex, number: counts[draft.model] ?? 1, weight: weights[place] ?? 0)
            if draft.isEnabled { nextIndex += 1 }
            return configured
        }
    }
}
