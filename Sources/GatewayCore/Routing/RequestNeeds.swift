/// What a request needs of the deployment that serves it, gathered once a call.
struct RequestNeeds: Sendable {
    var mode: Deployment.Mode
    /// What a deployment may be for as well.
    var otherMode: Deployment.Mode?
    var isStream: Bool
    /// Tokens of its input, as a guess; compared with the context of deployments.
    var inputTokens: Int
    var usesTools = false
    var usesMedia = false
    /// Its own labels and its key's, where those choose deployments.
    var tags: [String] = []
    var matchesAnyTag = true
    /// Whether untagged requests keep to what is meant for them.
    var choosesByTag = false
    /// Tags that a deployment must have whatever the rules of tags say.
    var requiredTags: [String] = []
    var checksContext = false
    /// What keeps it with its like; `nil` for nothing.
    var affinity: UInt64?

    /// Why a deployment cannot serve it; `nil` if it can.
    func unfitness(of deployment: Deployment, isDefaultTagged: Bool) -> Unfitness? {
        if let named = deployment.mode {
            if named != mode && named != otherMode { return .mode }
        } else if mode.mustBeNamed {
            return .mode
        }
        let traits = deployment.traits
        if usesTools && traits.takesTools == false { return .tools }
        if usesMedia && traits.takesMedia == false { return .media }
        if checksContext, let most = traits.inputTokensMax, inputTokens > most { return .context }
        if !requiredTags.isEmpty, !requiredTags.allSatisfy(traits.tags.contains) { return .tags }
        guard choosesByTag else { return nil }
        if tags.isEmpty {
            return !isDefaultTagged || traits.tags.contains(TagRules.untagged) ? nil : .tags
        }
        let fits =
            matchesAnyTag
            ? tags.contains(where: traits.tags.contains)
            : tags.allSatisfy(traits.tags.contains)
        return fits ? nil : .tags
    }
}

/// Why a deployment cannot serve a request, whatever its health.
enum Unfitness: Error, Sendable {
    case mode
    case tools
    case media
    case context
    case tags

    /// What it says of one deployment.
    var words: String {
        switch self {
        case .mode: "it serves other requests"
        case .tools: "it cannot use tools"
        case .media: "it takes no images, sounds or files"
        case .context: "the request is longer than its context"
        case .tags: "it does not have the tags that are asked for"
        }
    }

    /// The error of a model all of whose deployments are unfit, the last for this reason.
    func error(model: String, mode: Deployment.Mode) -> GatewayError {
        switch self {
        case .mode:
            GatewayError(
                .unsupportedParameter, origin: .client,
                message: "Model `\(model)` does not serve \(mode.rawValue) requests.",
                fields: [FieldViolation(field: "model", message: "serves other requests")])
        case .tools:
            GatewayError(
                .unsupportedParameter, origin: .client,
                message: "No deployment of model `\(model)` can use tools. Leave out `tools`, or "
                    + "choose another model.",
                fields: [FieldViolation(field: "tools", message: "not supported by this model")])
        case .media:
            GatewayError(
                .unsupportedParameter, origin: .client,
                message: "No deployment of model `\(model)` takes images, sounds or files. Send "
                    + "text only, or choose another model.",
                fields: [FieldViolation(field: "messages", message: "holds more than text")])
        case .context:
            GatewayError(
                .contextWindowExceeded, origin: .client,
                message: "The request is longer than the context of every deployment of model "
                    + "`\(model)`. Shorten it, or choose another model.",
                fields: [FieldViolation(field: "messages", message: "too long for this model")])
        case .tags:
            // The same request finds none a second time: its client is not to try again.
            GatewayError(
                .unsupportedParameter, origin: .client,
                message: "No deployment of model `\(model)` has the tags that this request asks "
                    + "for. Send others, or none.",
                fields: [FieldViolation(field: "tags", message: "no deployment has them")])
        }
    }
}
