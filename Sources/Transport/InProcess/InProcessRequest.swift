/// A request as a client without sockets makes it.
public struct InProcessRequest: Sendable {
    /// The method's token, such as `POST`.
    public var method: String
    /// Path and query.
    public var target: String
    /// Fields in order; names in lower case.
    public var headers: [Field]
    /// What is sent with the head.
    public var body: [UInt8]
    /// Whether the request ends with ``body``; else it goes on with ``InProcessCall/send(_:)``.
    public var isComplete: Bool
    /// Whether the handler is told that it speaks HTTP/2.
    public var isHTTP2: Bool
    /// How many bytes of the response's body the client takes before it is told to take more.
    public var windowBytes: Int

    /// A field of a head or of trailers.
    public struct Field: Sendable, Equatable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        method: String = "POST", target: String, headers: [Field] = [], body: [UInt8] = [],
        isComplete: Bool = true, isHTTP2: Bool = true, windowBytes: Int = .max
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.isComplete = isComplete
        self.isHTTP2 = isHTTP2
        self.windowBytes = windowBytes
    }
}

/// A response as a client without sockets saw it.
public struct InProcessResponse: Sendable {
    /// Zero when the exchange ended before its head was sent.
    public var status = 0
    public var headers: [InProcessRequest.Field] = []
    public var body: [UInt8] = []
    public var trailers: [InProcessRequest.Field] = []
    /// How it ended; `nil` while it goes on.
    public var ending: Ending?

    public init() {}

    /// How a response ended.
    public enum Ending: Sendable, Equatable {
        /// By its own framing.
        case complete
        /// The server broke it off.
        case reset(ResetReason)
        /// The client left first.
        case clientGone
    }

    /// The first value of a field of the head.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The first value of a trailer.
    public func trailer(_ name: String) -> String? { trailers.first { $0.name == name }?.value }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
