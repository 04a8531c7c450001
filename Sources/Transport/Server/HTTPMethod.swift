public import GatewayPrimitives

/// The methods the gateway serves.
public enum HTTPMethod: Sendable {
    case get
    case head
    case post
    case put
    case patch
    case delete
    case options
    case other

    /// By its token, which is case-sensitive (RFC 9110, 9.1).
    public init(_ token: ByteView) {
        switch token.count {
        case 3 where token.equals("GET"): self = .get
        case 3 where token.equals("PUT"): self = .put
        case 4 where token.equals("POST"): self = .post
        case 4 where token.equals("HEAD"): self = .head
        case 5 where token.equals("PATCH"): self = .patch
        case 6 where token.equals("DELETE"): self = .delete
        case 7 where token.equals("OPTIONS"): self = .options
        default: self = .other
        }
    }
}
