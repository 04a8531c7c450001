public import GatewayPrimitives

/// What every record of the directory has besides its content.
public struct RecordStamp: Equatable, Sendable {
    public var createdAt: WallTime
    /// Who made it: a user's id, else the name of a key.
    public var createdBy: String
    public var updatedAt: WallTime
    public var updatedBy: String
    /// Rises by one with each change: what AdminService shows as an etag.
    public var version: Int64
    /// Whether it stands in the configuration, and can be changed there only.
    public var isConfigured: Bool

    public init(
        createdAt: WallTime, createdBy: String, version: Int64 = 1, isConfigured: Bool = false
    ) {
        self.createdAt = createdAt
        self.createdBy = createdBy
        updatedAt = createdAt
        updatedBy = createdBy
        self.version = version
        self.isConfigured = isConfigured
    }

    /// The stamp after a change.
    public func changed(at moment: WallTime, by author: String) -> RecordStamp {
        var stamp = self
        stamp.updatedAt = moment
        stamp.updatedBy = author
        stamp.version += 1
        return stamp
    }
}
