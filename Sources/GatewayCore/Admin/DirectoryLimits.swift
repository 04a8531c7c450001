/// The bounds of the directory.
public struct DirectoryLimits: Sendable {
    /// Keys that are not revoked.
    public var keysMax = 1_000_000
    /// Teams, users, budgets and customers, of each.
    public var recordsMax = 1_000_000
    /// An id, an alias, a name of a model or a tag.
    public var nameBytesMax = 256
    /// Models, or tags, of one record.
    public var namesMax = 1_000
    /// The metadata of one record.
    public var metadataBytesMax = 65_536
    /// Budgets of one subject.
    public var budgetsMax = 16
    /// How long a replaced secret may go on working.
    public var graceMax = Duration.seconds(7 * 86_400)

    /// More requests or tokens than this are no limit.
    public static let limitMax = 1_000_000_000_000

    /// A secret that somebody chose.
    static let secretBytes = 16...512
    /// Replaced secrets of one key that may work at the same time.
    static let retiredMax = 4
    /// Principals that are made between two looks at what else waits.
    static let compiledAtOnce = 200

    public init() {}
}
