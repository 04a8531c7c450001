/// The keys of a small set-up, from its configuration. Immutable; shared by all loops.
public struct KeyRing: Directory {
    private let principals: [KeyHash: Principal]

    public init(_ principals: [KeyHash: Principal]) { self.principals = principals }

    public func principal(of key: KeyHash) -> Principal? { principals[key] }
}
