import CGatewayProto
import GatewayCore

/// Names of the contract's resources: `teams/{team}`.
enum ResourceName {
    static let teams = "teams/"
    static let users = "users/"
    static let keys = "keys/"
    static let budgets = "budgets/"

    /// The id in a name that must be there.
    static func id(
        _ name: UnsafeMutablePointer<CChar>?, _ family: String, field: String = "name"
    ) throws(GatewayError) -> String {
        if let id = try optionalID(name, family, field: field) { return id }
        throw invalid(field, "is required; give \(family)ID.")
    }

    /// The id in a name; `nil` where there is none.
    static func optionalID(
        _ name: UnsafeMutablePointer<CChar>?, _ family: String, field: String
    ) throws(GatewayError) -> String? {
        let text = name.text
        if text.isEmpty { return nil }
        guard text.hasPrefix(family), text.utf8.count > family.utf8.count else {
            throw invalid(field, "is \(FieldViolations.shown(text)); give \(family)ID.")
        }
        return String(text.dropFirst(family.count))
    }

    /// The name of what a request has made.
    static func name(of kind: AuditEntry.Object, _ id: String) -> String {
        switch kind {
        case .key: keys + id
        case .team: teams + id
        case .user: users + id
        case .budget: budgets + id
        case .customer: "customers/" + id
        case .member, .gateway, .model: id
        }
    }

    /// A subject as budgets name it; `nil` where there is none.
    static func subject(
        _ name: UnsafeMutablePointer<CChar>?, field: String
    ) throws(GatewayError) -> Subject? {
        let text = name.text
        if text.isEmpty { return nil }
        guard let subject = Subject(named: text) else {
            throw invalid(
                field,
                "is \(FieldViolations.shown(text)); give keys/, teams/, users/, customers/ or "
                    + "tags/ with an id behind it, or gateway.")
        }
        return subject
    }

    private static func invalid(_ field: String, _ why: String) -> GatewayError {
        GatewayError(
            .invalidRequest, origin: .client, message: "\(field) \(why)",
            fields: [FieldViolation(field: field, message: why)])
    }
}
