import GatewayCore
import Transport

/// Where one deployment's requests go, and what goes with them; made once.
final class OpenAITarget: DeploymentTarget {
    let origin: Origin
    let headers: TargetHeaders
    private let form: Form

    /// What is asked for, and where it is under the base.
    enum Operation: String {
        case chat = "/chat/completions"
        case completions = "/completions"
        case responses = "/responses"
        case embeddings = "/embeddings"
        case moderations = "/moderations"
        case rerank = "/rerank"
    }

    /// How a path is put together.
    private enum Form {
        /// `/v1/chat/completions`, and a query behind it where there is one.
        case plain(base: String, query: String)
        /// `/openai/deployments/MODEL/chat/completions?api-version=...`: the model is a deployment
        /// of the resource's, whatever the body names.
        case deployments(base: String, query: String)
    }

    /// The newest version of Azure's API that is not a preview (learn.microsoft.com, "Azure OpenAI
    /// REST API reference").
    static let azureVersion = "2024-10-21"

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid) {
        let address = try UpstreamAddress(
            apiBase: deployment.apiBase, security: deployment.security,
            isHeldToEgress: deployment.isStored)
        origin = address.origin
        guard deployment.provider == .azure else {
            form = .plain(base: address.basePath, query: "")
            headers = TargetHeaders.bearing(deployment)
            return
        }
        form = Self.azureForm(address.basePath, deployment.options.apiVersion)
        if deployment.options.sendsToken {
            headers = TargetHeaders.bearing(deployment)
        } else {
            var fields: [(name: StaticString, value: HeldBytes)] = []
            if let key = deployment.apiKey { fields.append(("api-key", HeldBytes(key.reveal()))) }
            headers = TargetHeaders(fields, of: deployment)
        }
    }

    /// Azure's own form, or OpenAI's, which it has under `/openai/v1`: without a version, or with
    /// `preview`.
    private static func azureForm(_ path: String, _ version: String) -> Form {
        var base = path
        if base.hasSuffix("/openai/v1") || ["v1", "latest", "preview"].contains(version) {
            if !base.hasSuffix("/v1") { base += base.hasSuffix("/openai") ? "/v1" : "/openai/v1" }
            return .plain(base: base, query: version == "preview" ? "?api-version=preview" : "")
        }
        if base.hasSuffix("/openai") { base.removeLast("/openai".count) }
        return .deployments(
            base: base + "/openai",
            query: "?api-version=" + (version.isEmpty ? azureVersion : version))
    }

    /// The path of a request.
    func path(_ operation: Operation, of deployment: Deployment) -> UpstreamPath {
        switch form {
        case .plain(let base, let query):
            var path = UpstreamPath(base)
            path.append(text: operation.rawValue)
            path.append(text: query)
            return path
        case .deployments(let base, let query):
            var path = UpstreamPath(base)
            // The one operation for which the resource goes by the body's model.
            if operation != .responses {
                path.append(text: "/deployments/")
                path.append(segment: deployment.upstreamModel)
            }
            path.append(text: operation.rawValue)
            path.append(text: query)
            return path
        }
    }
}
