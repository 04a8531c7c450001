/// Tokens used by one request. Sub-counts are included in the count above them.
public struct Usage: Equatable, Sendable {
    public var inputTokens: Int64 = 0
    public var cachedInputTokens: Int64 = 0
    public var cacheWriteTokens: Int64 = 0
    /// Of those, the ones that are kept for an hour, which has a price of its own.
    public var cacheWriteHourTokens: Int64 = 0
    public var audioInputTokens: Int64 = 0
    public var outputTokens: Int64 = 0
    public var reasoningTokens: Int64 = 0
    public var audioOutputTokens: Int64 = 0
    /// Output tokens that nobody read: what the upstream may have written before it saw that the
    /// call was cut short. None where it reported.
    public var inFlightTokens: Int64 = 0
    /// Output tokens beyond the bound that the upstream was given: it did not keep to it.
    public var overrunTokens: Int64 = 0
    /// How the counts are known.
    public var source: UsageSource

    public init(source: UsageSource) { self.source = source }
}

/// How token counts are known. The raw values are stored; they never change.
public enum UsageSource: UInt8, Sendable {
    /// The upstream said.
    case reported = 1
    /// The gateway counted what passed, because the upstream did not say, or was cut short; then
    /// with ``Usage/inFlightTokens`` besides.
    case counted = 2
    /// An upper bound, where what passed says too little.
    case estimated = 3

    public var name: StaticString {
        switch self {
        case .reported: "reported"
        case .counted: "counted"
        case .estimated: "estimated"
        }
    }
}
