/// A deployment that is configured and takes no part.
public struct UnableDeployment: Sendable {
    public let deployment: Deployment
    /// What is missing, in words that name no secret.
    public let why: String

    public init(_ deployment: Deployment, why: String) {
        self.deployment = deployment
        self.why = why
    }
}

extension GatewayError {
    /// A model that is known, and none of whose deployments take part.
    static func unable(_ entry: ModelEntry, as name: String) -> GatewayError {
        let reasons = entry.unable.prefix(UnableDeployment.toldMax).map {
            "deployment `\($0.deployment.id)`: \($0.why)"
        }
        let rest = entry.unable.count - reasons.count
        return GatewayError(
            .upstreamUnavailable, origin: .gateway,
            message: "Model `\(name)` is configured here and cannot serve: "
                + reasons.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
                + ". Its operator can put that right; until then choose another model.")
    }
}

extension UnableDeployment {
    /// More of them help nobody.
    fileprivate static let toldMax = 4
}
