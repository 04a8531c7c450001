/// What went wrong between two sockets. Other rooms turn it into their own errors.
public enum TransportError: Error, Sendable, Equatable {
    /// The peer closed or reset the connection, or the stream.
    case closed
    /// The peer sent what its protocol does not allow; in words.
    case malformed(String)
    /// A bound was passed: which, and how much it is.
    case tooLarge(what: String, limit: Int)
    /// Nobody answered at the address; in words.
    case connectFailed(String)
    /// Something took too long.
    case timedOut(TransportTimeout)
    /// The waiting was called off from this side.
    case cancelled
    /// This side has no room: connections and their queue are full.
    case exhausted(String)
}

extension TransportError {
    /// It for people, as the end of a sentence.
    public var words: String {
        switch self {
        case .closed: "the connection was closed"
        case .malformed(let why): "the rules of HTTP were broken: \(why)"
        case .tooLarge(let what, let limit): "the \(what) is larger than \(limit) bytes"
        case .connectFailed(let why), .exhausted(let why): why
        case .timedOut: "it took too long"
        case .cancelled: "it was called off"
        }
    }
}

/// What took too long.
public enum TransportTimeout: Sendable, Equatable {
    case connect
    case body
    case writeStall
    /// The peer did not answer when it was asked whether it is still there.
    case ping
}
