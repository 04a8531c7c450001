internal import GatewayCore

extension GatewayError {
    /// A place of the request says what the deployment's dialect cannot; another's may.
    static func inexpressible(_ path: String, _ what: String) -> GatewayError {
        GatewayError(
            .unsupportedParameter, origin: .client, retry: .otherDeployment,
            message: "`\(path)` \(what).",
            fields: [FieldViolation(field: path, message: what)], outcome: .invalidRequest)
    }
}
