import GatewayPrimitives

/// What is spoken over a connection, as ALPN names it (RFC 7301).
enum ApplicationProtocol: Sendable {
    case http1
    case http2

    /// - Parameter name: as it stands on the wire.
    init?(name: ByteView) {
        if name.equals("h2") {
            self = .http2
        } else if name.equals("http/1.1") {
            self = .http1
        } else {
            return nil
        }
    }

    /// Both in ALPN's list form, in order of preference.
    static let both: StaticString = "\u{2}h2\u{8}http/1.1"
    /// The older one alone.
    static let http1Only: StaticString = "\u{8}http/1.1"
}
