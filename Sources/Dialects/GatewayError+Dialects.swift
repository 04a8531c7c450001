internal import GatewayCore

extension GatewayError {
    /// A place of the request says what the deployment's dialect cannot; another's may.
    static func inexpressible(_ path: String, _ what: String) -> GatewayError {
        GatewayError(
            .unsupportedParameter, origin: .client, retry: .otherDeployment,
            message: "`\(path)` \(what).",
            fields: [FieldViolation(field: path, message: what)], outcome: .invalidRequest)
    }

    /// A conversation of which nothing is left that the deployment's dialect says.
    static func nothingSaid(_ reading: ContentReading) -> GatewayError {
        inexpressible(
            reading.words == .contract ? "chat.messages" : "messages",
            "must say something: this deployment takes no conversation without a text of the "
                + "user's")
    }
}
