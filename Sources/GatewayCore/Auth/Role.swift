/// What a caller may do besides calling models. The raw values are LiteLLM's names.
public enum Role: String, CaseIterable, Sendable {
    /// Everything. The master key has this role.
    case admin = "proxy_admin"
    /// Sees everything, and changes nothing.
    case viewer = "proxy_admin_viewer"
    /// Sees and changes its own: its user's keys and what they spent.
    case user = "internal_user"
    /// Sees its own, and changes nothing.
    case userViewer = "internal_user_viewer"

    /// Whether it sees what belongs to others.
    public var seesAll: Bool { self == .admin || self == .viewer }

    /// Whether it changes anything at all.
    public var isWriter: Bool { self == .admin || self == .user }
}
