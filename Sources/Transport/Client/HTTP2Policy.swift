/// Which upstreams are called by HTTP/2.
///
/// Over TLS the upstream says which it speaks (ALPN); in the clear nobody can ask, so one has to
/// know (RFC 9113, 3.3).
public struct HTTP2Policy: Sendable {
    public enum Mode: String, Sendable {
        /// Where TLS agrees on it.
        case auto
        /// As `auto`, and in the clear everywhere.
        case priorKnowledge = "prior_knowledge"
        /// Nowhere.
        case off
    }

    public var mode: Mode
    /// Origins in the clear, as `host:port`, that are known to speak it, whatever the mode.
    public var knownAuthorities: Set<String>

    public init(mode: Mode = .auto, knownAuthorities: Set<String> = []) {
        self.mode = mode
        self.knownAuthorities = knownAuthorities
    }

    /// Whether an origin is called by it in the clear.
    func isKnown(_ origin: Origin) -> Bool {
        mode == .priorKnowledge || knownAuthorities.contains(origin.authorityWithPort)
    }
}
