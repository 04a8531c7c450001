extension GatewayError {
    /// A field of what was to be set breaks a rule.
    static func invalid(_ field: String, _ why: String) -> GatewayError {
        GatewayError(
            .invalidRequest, origin: .client, message: "\(field) \(why).",
            fields: [FieldViolation(field: field, message: "\(why).")])
    }

    /// There is no such record.
    static func noRecord(_ what: String, _ shown: String) -> GatewayError {
        GatewayError(
            .notFound, origin: .client,
            message: "There is no \(what) \(shown) here; check what was sent.")
    }

    /// A name that must be unique is taken.
    static func taken(_ what: String, _ id: String) -> GatewayError {
        GatewayError(
            .alreadyExists, origin: .client,
            message: "There is a \(what) `\(id)` already; choose another.",
            fields: [])
    }

    /// The caller's role does not reach.
    static func mayNot(_ message: String) -> GatewayError {
        GatewayError(.notAllowed, origin: .client, message: message)
    }

    /// A record that stands in the configuration.
    static func configured(_ what: String, _ id: String) -> GatewayError {
        GatewayError(
            .notNow, origin: .client,
            message: "The \(what) `\(id)` stands in the configuration file; change it there.")
    }

    /// A record is not the version that the client has seen.
    static func changedMeanwhile(_ what: String, _ id: String) -> GatewayError {
        GatewayError(
            .changedMeanwhile, origin: .client,
            message: "The \(what) `\(id)` was changed since it was read; read it again.")
    }

    /// A key that opens the management alone.
    static func closedToModels(_ principal: Principal) -> GatewayError {
        GatewayError(
            .notAllowed, origin: .client,
            message: "The API key `\(principal.name)` is for the management alone, and calls no "
                + "models.")
    }
}
