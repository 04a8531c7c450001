/// The bounds of replies from upstreams.
public struct ProviderLimits: Sendable {
    /// A whole reply.
    public var replyBytesMax = 32 * 1024 * 1024
    /// One event of a stream.
    public var eventBytesMax = 1024 * 1024
    /// The body of an error.
    public var errorBytesMax = 64 * 1024
    /// Addresses of deployments that are kept ready.
    public var targetsMax = 20_000

    public init() {}
}
