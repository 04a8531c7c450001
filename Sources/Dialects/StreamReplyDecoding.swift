public import GatewayCore
internal import GatewayPrimitives

/// Reads a reply of some dialect that comes as server-sent events, one after another.
public protocol StreamReplyDecoding {
    /// What ends a whole stream: one without it was cut.
    static var endMarker: StaticString { get }

    /// Reads one event; false for the end marker. The event's bytes must stay in place until
    /// ``next()`` has returned `nil`. Throws if it is an error, or makes no sense.
    mutating func take(_ event: SSEEvent) throws(GatewayError) -> Bool

    /// The next event of the reply; see ``WholeReplyDecoding/next()``.
    mutating func next() -> ReplyEvent?

    /// What the reply came to. To be called at the end marker only, or, where ``isComplete``, at
    /// the end of the response.
    mutating func end() throws(GatewayError) -> ReplyFinished

    /// Whether what was read is a whole reply, where no end marker has come.
    var isComplete: Bool { get }

    /// What the upstream has told so far of what it uses; `nil` for nothing.
    var usageSoFar: Usage? { get }
}

extension StreamReplyDecoding {
    public var isComplete: Bool { false }
    public var usageSoFar: Usage? { nil }
}

extension OpenAIChatStreamDecoder: StreamReplyDecoding {
    public static var endMarker: StaticString { "[DONE]" }

    public var usageSoFar: Usage? { state.usage }

    /// Some servers end their streams without the marker, when every choice has ended.
    public var isComplete: Bool { state.isComplete }

    public mutating func take(_ event: SSEEvent) throws(GatewayError) -> Bool {
        if event.data.equals("[DONE]") { return false }
        try begin(event.data)
        return true
    }
}
