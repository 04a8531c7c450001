import GatewayCore

/// Who may use a management route: the least that its caller must be.
enum RouteRule: String, CaseIterable {
    /// Whoever has a key that works. What it sees and changes is its own, unless its role sees all.
    case anyKey = "any key"
    /// A key whose role changes things: its own, or with an admin's role everything.
    case writer = "writer"
    /// An admin, or one who sees all and changes nothing.
    case viewer = "viewer"
    /// An admin.
    case admin = "admin"

    func allows(_ role: Role) -> Bool {
        switch self {
        case .anyKey: true
        case .writer: role.isWriter
        case .viewer: role.seesAll
        case .admin: role == .admin
        }
    }

    /// Refuses a caller whose role does not do.
    func check(_ principal: Principal) throws(GatewayError) {
        if allows(principal.role) { return }
        let needed =
            switch self {
            case .anyKey: "any key"
            case .writer: "a key with the role proxy_admin or internal_user"
            case .viewer: "a key with the role proxy_admin or proxy_admin_viewer"
            case .admin: "the master key or a key with the role proxy_admin"
            }
        throw GatewayError(
            .notAllowed, origin: .client,
            message: "The key `\(principal.name)` has the role \(principal.role.rawValue); "
                + "this takes \(needed).")
    }
}
