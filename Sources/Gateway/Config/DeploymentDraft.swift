import GatewayCore

/// One entry of `model_list` while it is read.
struct DeploymentDraft {
    let model: String
    let vendor: ModelVendor
    let position: ConfigPosition
    var id: String?
    var apiBase = ""
    var apiKey: Secret?
    var extraHeaders: [(name: String, value: String)] = []
    var weight: Double?
    var requestsPerMinute: Double?
    var tokensPerMinute: Double?
    var requestsAtOnce: Int?
    var mode: Deployment.Mode?
    var price: Price?
    var tokenizer: Tokenizer?
    var timeouts: AttemptTimeouts
    var security = UpstreamSecurity()
    var options = VendorOptions()
    var defaults: RequestDefaults?
    var traits = DeploymentTraits()
    /// Whether it was made over the API.
    var isStored = false
    /// Why it takes no part, if it does not.
    private(set) var disabledReasons: [String] = []

    init(
        model: String, vendor: ModelVendor, position: ConfigPosition, timeouts: AttemptTimeouts
    ) {
        self.model = model
        self.vendor = vendor
        self.position = position
        self.timeouts = timeouts
    }

    var isEnabled: Bool { disabledReasons.isEmpty }

    /// Keeps it from taking part, for a reason that people read.
    mutating func disable(_ reason: String) {
        if !disabledReasons.contains(reason) { disabledReasons.append(reason) }
    }

    /// - Parameters:
    ///   - index: its place among the enabled ones; any for a disabled one.
    ///   - number: its place among all of its model, from 1, for the id of one that has none.
    func configured(index: Int, number: Int, weight: Double) -> ConfiguredDeployment {
        let deployment = Deployment(
            index: index, id: id ?? "\(model)-\(number)", model: model,
            provider: vendor.kind ?? .openAI, upstreamModel: vendor.upstreamModel,
            apiBase: apiBase, apiKey: apiKey, extraHeaders: extraHeaders, weight: weight,
            mode: mode, timeouts: timeouts, security: security,
            limits: LimitSet(
                requestsPerMinute: requestsPerMinute.map { Int($0) },
                tokensPerMinute: tokensPerMinute.map { Int($0) }, requestsAtOnce: requestsAtOnce),
            price: price, vendor: vendor.name, tokenizer: tokenizer,
            options: options, traits: traits, defaults: defaults,
            isStored: isStored)
        return ConfiguredDeployment(
            deployment: deployment, vendor: vendor.name.isEmpty ? "none" : vendor.name,
            disabledReason: isEnabled ? nil : disabledReasons.joined(separator: "; "))
    }
}

/// The shares of a model's deployments, as LiteLLM's simple-shuffle has them.
enum ShuffleWeights {
    /// The first of weight, rpm and tpm that any of the candidates sets decides for all; those that
    /// do not set it get nothing. Equal shares where none is set, or all are zero.
    static func weights(of candidates: [DeploymentDraft]) -> [Double] {
        let measures: [(DeploymentDraft) -> Double?] = [
            { $0.weight }, { $0.requestsPerMinute }, { $0.tokensPerMinute },
        ]
        for measure in measures where candidates.contains(where: { measure($0) != nil }) {
            let weights = candidates.map { measure($0) ?? 0 }
            if weights.contains(where: { $0 > 0 }) { return weights }
            break
        }
        return candidates.map { _ in 1 }
    }
}
