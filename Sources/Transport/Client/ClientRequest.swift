public import GatewayPrimitives

/// A request to an upstream. Its views must stay valid until it has been sent.
public struct ClientRequest: ~Copyable {
    public var method: StaticString
    /// Path and query.
    public var target: ByteView
    /// All fields but `host`, `content-length` and `connection`, which the wire adds.
    public var headers: HeaderList
    public var body: ByteView

    public init(
        method: StaticString, target: ByteView, headers: consuming HeaderList, body: ByteView
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}
