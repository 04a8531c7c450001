extension Role {
    /// What both roles allow.
    public func limited(to other: Role) -> Role {
        Role(seesAll: seesAll && other.seesAll, isWriter: isWriter && other.isWriter)
    }

    /// The same without changing anything.
    var readingOnly: Role { Role(seesAll: seesAll, isWriter: false) }

    private init(seesAll: Bool, isWriter: Bool) {
        switch (seesAll, isWriter) {
        case (true, true): self = .admin
        case (true, false): self = .viewer
        case (false, true): self = .user
        case (false, false): self = .userViewer
        }
    }
}
