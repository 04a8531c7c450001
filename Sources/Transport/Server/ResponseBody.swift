/// How long a response's body is.
public enum ResponseBody: Sendable {
    /// There is none; the response ends with its head, or with trailers.
    case none
    /// Exactly this many bytes.
    case known(Int)
    /// Until ``ServerExchange/end()``.
    case untilEnd
}
