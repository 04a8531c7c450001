/// How a deployment's upstream is called over TLS; of no meaning for one that is called in the
/// clear.
public struct UpstreamSecurity: Hashable, Sendable {
    /// The authorities to trust, in PEM form; `nil` for those that the system trusts.
    public var authorityFile: String?
    /// The certificate that the gateway presents, and its private key, in PEM form; `nil` for none.
    public var certificateFile: String?
    public var keyFile: String?
    /// Whether the upstream must prove who it is.
    public var verifiesUpstream = true

    public init() {}
}
