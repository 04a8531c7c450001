/// Why an exchange is broken off.
public enum ResetReason: Sendable {
    /// The response is complete; the rest of the request is not wanted.
    case noError
    /// A fault on this side, or an upstream's that shows only after the head was sent.
    case internalError
    /// The client cancelled, or its deadline passed.
    case cancel
}
