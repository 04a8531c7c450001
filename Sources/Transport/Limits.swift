/// Every bound of this room. Those that are `static` are of the machinery; the others are
/// configured (`gateway_settings.limits` and `.timeouts`), and stand here with their defaults.
public struct Limits: Sendable {
    /// How hard gzip tries, from 1 to 9: most of the gain at a third of the usual cost.
    static let gzipLevel: Int32 = 3
    /// What compressing a stream makes room for at a time.
    static let deflateStepBytes = 1024
    /// What undoing gzip makes room for at a time.
    static let inflateStepBytes = 16 * 1024
    /// Memory for compressed bodies that a loop keeps for the next.
    static let gzipScratchBytesKept = 256 * 1024
    /// One read takes at most this much.
    static let receiveBufferBytes = 64 * 1024
    /// One send gathers at most about this much.
    static let sendBufferBytes = 64 * 1024 + 17 * 1024
    /// Memory for unsent bytes that a connection keeps for the next time.
    static let pendingKeptBytes = 16 * 1024
    /// How often the loop runs tasks that other tasks have woken before it looks at its sockets.
    static let jobRoundsPerTurn = 16
    /// Connections waiting to be accepted.
    static let acceptBacklog: Int32 = 4096
    /// Connections accepted in one turn of the loop, so that a flood of them leaves time for
    /// others.
    static let acceptsPerTurn = 64
    /// How long a loop that is out of descriptors accepts nothing.
    static let acceptPause = Duration.milliseconds(100)
    /// Exchanges of closed HTTP/2 streams that a loop keeps for new ones.
    static let spareExchangesMax = 256
    /// What one flush of an HTTP/2 connection sends at most before others have their turn.
    static let flushBytesMax = 512 * 1024
    /// Frames that ask for nothing and go with a request: settings, priorities, windows.
    static let controlFramesPerRequest = 16
    /// The same with a DATA frame of a response: a window or two, and a PING that measures.
    static let controlFramesPerDataFrame = 4
    /// A head whose fields are larger than this many times what is served, with 32 bytes a field as
    /// RFC 9113, 6.5.2 counts them, is not even refused in words: its stream is reset, and its
    /// fields are looked at no more.
    static let headBytesMultipleMax = 4
    /// Less than this is no progress of a client that a body is awaited from, or of one that takes
    /// a response, within `timeoutBodyStall` and `timeoutWriteStall`.
    static let progressBytesMin = 4096
    /// Bytes of further requests that wait on an HTTP/1.1 connection until the present one is
    /// served.
    static let pipelinedBytesMax = 64 * 1024
    /// The rest of a request's body that is read and dropped after the response, so that the
    /// connection can be kept; of a longer rest the connection is closed.
    static let droppedBodyBytesMax = 64 * 1024
    /// What is read and dropped of an HTTP/2 client after the last word to it, so that unread bytes
    /// do not make the kernel reset the connection and take that word with it.
    static let lingerBytesMax = 1024 * 1024
    static let timeoutLinger = Duration.seconds(2)
    /// A header of the PROXY protocol, version 2: the addresses and what else a proxy tells.
    static let proxyHeaderBytesMax = 4096
    /// A TLS handshake's bytes of the peer.
    static let handshakeBytesMax = 128 * 1024
    /// The peer's certificates, those that lead to its authority included.
    static let certificateListBytesMax = 64 * 1024
    /// A name in a peer's certificate; longer ones are not looked at.
    static let certificateNameBytesMax = 1024
    /// Key updates, tickets and the like that a peer sends after the handshake in
    /// ``postHandshakeInterval``.
    static let postHandshakeMessagesMax = 32
    static let postHandshakeInterval = Duration.seconds(10)
    /// What is encrypted before it is sent.
    static let encryptBytesMax = 128 * 1024
    /// Memory for encrypted bytes that a loop keeps.
    static let ciphertextKeptBytes = 256 * 1024
    /// Empty lines before a request line (RFC 9112, 2.2).
    static let emptyLinesMax = 2

    /// A request's body.
    public var bodyBytesMax = 32 * 1024 * 1024
    /// A request's or a response's head: request line and fields, names and values.
    public var headerBytesMax = 64 * 1024
    /// Fields of a head.
    public var headerCountMax = 128
    /// Streams open at once on one HTTP/2 connection.
    public var streamsPerConnectionMax = 256
    /// Connections of clients, over all loops that count together.
    public var connectionsMax = 16_384
    /// Of those, from one IPv4 address or one IPv6 network of 64 bits. Half: nobody alone can keep
    /// everybody else out.
    public var connectionsPerAddressMax = 8_192
    /// What a client may send on one HTTP/2 stream before the handler takes of it: enough to upload
    /// at 100 Mbit/s over 20 ms of delay.
    public var streamWindowBytes = 256 * 1024
    /// The same for all streams of one connection.
    public var connectionWindowBytes = 1024 * 1024
    /// CONTINUATION frames of one head. With the least frame size it takes four for the largest
    /// head that is served.
    public var continuationsMax = 8
    /// Streams that a client opens and breaks off, or makes this side break off, before anything is
    /// answered, at once and in the long run.
    public var resetsBurstMax = 1_000
    public var resetsPerSecondMax = 50
    /// Frames that ask for nothing (see ``HTTP2Guard``), beyond those that go with requests and
    /// responses, at once and in the long run.
    public var controlFramesBurstMax = 2_000
    public var controlFramesPerSecondMax = 200
    /// How often a client may send PING while nothing is sent to it. Every gRPC library has a least
    /// interval of 10 s.
    public var pingIntervalMin = Duration.seconds(5)
    /// How often it may do so more often. gRPC servers allow as many.
    public var pingStrikesMax = 2
    /// The rest of a request that is read and dropped after its response: a client that sends it
    /// all before it reads would lose the response with the connection (RFC 9112, 9.6; RFC 9113,
    /// 8.1). Enough for a body of twice what is served.
    public var unwantedBodyBytesMax = 64 * 1024 * 1024
    /// What waits to be sent to a client before its sender is suspended.
    public var outboundHighWaterBytes = 64 * 1024
    /// Where the sender is resumed.
    var outboundLowWaterBytes: Int { outboundHighWaterBytes / 4 }
    /// What waits in all streams of an HTTP/2 connection: with many streams each gets its share of
    /// this, however much that is less than ``outboundHighWaterBytes``.
    public var connectionOutboundBytesMax = 2 * 1024 * 1024
    /// What a reader has not yet taken before its peer is no longer read.
    public var inboundHighWaterBytes = 64 * 1024

    /// From accepting a connection, or its first byte of a request, to the end of the head.
    public var timeoutHeaders = Duration.seconds(10)
    /// From the head to the end of the body.
    public var timeoutBody = Duration.seconds(60)
    /// A body that its reader waits for and of which next to nothing comes.
    public var timeoutBodyStall = Duration.seconds(20)
    /// The rest of a request, after its response, of which next to nothing comes. In all it may
    /// take as long as a body.
    public var timeoutUnwantedBody = Duration.seconds(5)
    /// A connection without a request.
    public var timeoutIdle = Duration.seconds(300)
    /// A client that takes next to nothing of what waits for it.
    public var timeoutWriteStall = Duration.seconds(60)
    /// While draining, an HTTP/1.1 connection without a request. Closed at once, it would meet the
    /// next request halfway, and that would fail; so its next response says that it closes.
    public var timeoutDrainIdle = Duration.seconds(2)
    /// How long an HTTP/2 client of a draining server may take to answer the ping that follows the
    /// notice of the end, before streams it has opened meanwhile are no longer waited for.
    public var timeoutDrainNotice = Duration.seconds(1)
    /// An HTTP/2 client with open streams that has sent nothing, before it is asked by PING whether
    /// it is there.
    public var timeoutKeepalive = Duration.seconds(60)
    /// How long it may take to answer.
    public var timeoutKeepaliveAnswer = Duration.seconds(20)

    public init() {}
}

/// The bounds of the client's side.
public struct ClientLimits: Sendable {
    /// Origins whose sessions of TLS are kept.
    static let routesMax = 1024
    /// Addresses of one name that are tried.
    static let addressesMax = 8
    /// What may come behind a body that its reader called complete, until its framing ends; of a
    /// longer rest the connection is closed.
    static let endingBytesMax = 4 * 1024
    /// How long that may take.
    static let timeoutEnding = Duration.seconds(1)
    /// How often a request is sent again that the upstream says it has not acted on.
    static let resendsMax = 3
    /// What an upstream may send on one HTTP/2 stream before the reader takes of it; see
    /// ``Limits/streamWindowBytes``.
    static let streamWindowBytes: Int32 = 256 * 1024
    /// What may be on its way on one HTTP/2 connection.
    static let connectionWindowBytes: Int32 = 1024 * 1024

    /// Connections of one loop to one origin, idle ones included.
    public var connectionsPerOriginMax = 1024
    /// Of those, idle ones kept for reuse.
    public var idleConnectionsPerOriginMax = 256
    /// Requests that wait for a connection to one origin.
    public var waitersPerOriginMax = 1024
    /// A response's head.
    public var headerBytesMax = 64 * 1024
    public var headerCountMax = 128
    /// What the reader has not yet taken before the upstream is no longer read.
    public var inboundHighWaterBytes = 64 * 1024
    /// Streams open at once on one HTTP/2 connection, where the upstream allows as many; beyond
    /// that another connection is made. As many as RFC 9113, 6.5.2, asks servers to allow.
    public var streamsPerConnectionMax = 100
    /// How long an HTTP/2 upstream may be silent while it has something to answer, before it is
    /// asked whether it is still there.
    public var pingSilence = Duration.seconds(30)
    /// How long it may take to answer that.
    public var timeoutPing = Duration.seconds(10)
    /// From the question for a name to a connection.
    public var timeoutConnect = Duration.seconds(5)
    /// How long an address may be silent before the next one is tried beside it (RFC 8305, 8).
    public var connectionAttemptDelay = Duration.milliseconds(250)
    /// An idle connection kept for reuse; below the keep-alive of common servers (nginx 75 s,
    /// uvicorn 5 s closes first and is noticed).
    public var timeoutIdle = Duration.seconds(60)
    /// A connection idle for as long is looked at once more in the moment it is used again.
    public var staleCheckAge = Duration.seconds(1)
    /// How long a resolved name is believed.
    public var resolutionLifetime = Duration.seconds(30)

    public init() {}
}
