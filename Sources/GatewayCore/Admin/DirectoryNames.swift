/// What people call the keys, teams and users that reports are about.
public struct DirectoryNames: Sendable {
    private let administration: Administration

    public init(_ administration: Administration) { self.administration = administration }

    /// What is known of a key by its id: its alias, and the end of its secret. `nil` for one that
    /// was revoked, or never was.
    public func key(_ id: String) -> (alias: String?, hint: String)? {
        administration.read { $0.keys[id].map { ($0.settings.alias, $0.hint) } }
    }

    public func teamAlias(_ id: String) -> String? {
        administration.read { $0.teams[id]?.settings.alias }
    }

    public func email(ofUser id: String) -> String? {
        administration.read { $0.users[id]?.settings.email }
    }
}
