/// Every bound of this room. Those that are `static` are of the machinery; the others are
/// configured (`gateway_settings.limits`), and stand here with their defaults.
public struct GRPCLimits: Sendable {
    /// Digits of a `grpc-timeout` (gRPC over HTTP/2, "Requests").
    static let timeoutDigitsMax = 8
    /// Bytes of a `grpc-message` before it is encoded. With ``statusDetailsBytesMax`` it keeps the
    /// trailers below the 8 KiB of metadata that clients accept by default.
    static let statusMessageBytesMax = 1024
    /// Bytes of a `google.rpc.Status` that go into `grpc-status-details-bin`; larger ones are left
    /// out, since a piece of one is of no use.
    static let statusDetailsBytesMax = 3072
    /// Bytes of a name a client asks the health or the reflection service about.
    static let nameBytesMax = 512
    /// Questions of one call to the reflection service.
    static let reflectionRequestsMax = 4096
    /// Bytes of one message to the health or the reflection service.
    static let controlMessageBytesMax = 16 * 1024
    /// How deep messages may be nested in a descriptor that is served.
    static let descriptorDepthMax = 32
    /// Bytes of a client's name that a message repeats.
    static let shownNameBytesMax = 100
    /// Responses shorter than this are not compressed: it would cost more than it saves.
    static let compressedBytesMin = 1024
    /// Memory for coded messages that a loop keeps for the next.
    static let codedBytesKept = 256 * 1024
    /// Digits of a `connect-timeout-ms` (connectrpc.com, "Unary-Request").
    static let connectTimeoutDigitsMax = 10
    /// Calls that watch one health service.
    static let healthWatchersMax = 1024

    /// One message of a client (`message_bytes_max`).
    public var messageBytesMax = 4 * 1024 * 1024
    /// One message to a client (`response_bytes_max`).
    public var responseBytesMax = 64 * 1024 * 1024
    /// Whether messages are compressed for clients that want it (`grpc.compression`). Compressed
    /// messages of clients are read in any case.
    public var compressesResponses = true

    public init() {}
}
