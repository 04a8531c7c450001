import GatewayPrimitives

/// What all HTTP/1.1 requests to one origin have in common: straight to it, or through a proxy that
/// passes them on.
struct RequestForm: ~Copyable {
    private static let hostName: StaticString = "host: "

    /// What stands in front of the target: nothing, or what makes it the absolute form that proxies
    /// are sent (RFC 9112, 3.2.2).
    let prefix: ByteQueue
    /// The line of `host`, and of `proxy-authorization` where that is needed.
    let fields: ByteQueue
    private let authorityCount: Int
    private let origin: Origin
    private let proxy: HTTPProxy?

    /// - Parameter proxy: who passes the requests on; `nil` where they go straight to the origin.
    init(of origin: Origin, through proxy: HTTPProxy?) {
        self.origin = origin
        self.proxy = proxy
        let authority = origin.authority
        authorityCount = authority.utf8.count
        var prefix = ByteQueue()
        var fields = ByteQueue()
        fields.append(Self.hostName)
        fields.append(text: authority)
        fields.append("\r\n")
        if let proxy {
            prefix.append("http://")
            prefix.append(text: authority)
            if let authorization = proxy.authorization {
                fields.append("proxy-authorization: ")
                fields.append(text: authorization)
                fields.append("\r\n")
            }
        }
        self.prefix = prefix
        self.fields = fields
    }

    /// The `host` field's value.
    var authority: ByteView {
        fields.view.dropping(first: Self.hostName.utf8CodeUnitCount)[0..<authorityCount]
    }

    /// Why an answer is not the origin's but its proxy's refusal (RFC 9110, 15.5.8); `nil` for the
    /// others.
    func refusal(status: Int) -> TransportError? {
        guard let proxy, status == 407 else { return nil }
        return .connectFailed(proxy.words(refusing: origin.authorityWithPort, status: status))
    }
}
