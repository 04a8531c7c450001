internal import GatewayCore
internal import GatewayPrimitives

/// Marks the block up to which the API is to cache its state
/// (docs.claude.com/en/docs/build-with-claude/prompt-caching).
struct AnthropicCaching {
    private let breakpoint: CacheBreakpoint?

    init(_ breakpoint: CacheBreakpoint?) { self.breakpoint = breakpoint }

    var isAsked: Bool { breakpoint != nil }

    /// How long the API keeps it without being told, in seconds; an hour is all else it offers.
    private static let usual: Int64 = 300

    /// Appends an object that `write` appends, with the mark as its last member.
    func write(
        into output: inout ByteQueue,
        _ write: (inout ByteQueue) throws(GatewayError) -> Void
    ) throws(GatewayError) {
        guard let breakpoint else { return try write(&output) }
        var object = ByteQueue()
        try write(&object)
        output.append(object.view[0..<object.count - 1])
        output.append(#","cache_control":{"type":"ephemeral""#)
        if let seconds = breakpoint.seconds, seconds > Self.usual { output.append(#","ttl":"1h""#) }
        output.append("}}")
    }
}
