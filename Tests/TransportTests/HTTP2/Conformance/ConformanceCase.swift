import Testing

/// One thing that a client may send, and what RFC 9113 or RFC 7541 has a server do about it.
///
/// The cases and their numbers are those of h2spec 2.6 (`generic`, `http2`, `hpack`), so that its
/// report can be held against this one.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    enum Answer: Sendable {
        /// The request of this stream is answered, as if nothing had been.
        case response(Int32)
        /// A PING is answered: the connection goes on.
        case alive
        /// GOAWAY with one of these codes, and the connection's end.
        case connectionError([ErrorCode])
        /// RST_STREAM for this stream with one of these codes; the connection goes on.
        case streamError(Int32, [ErrorCode])
        /// What the function checks.
        case checked(@Sendable (FramePeer) throws -> Void)
    }

    let id: String
    /// What is sent.
    let what: String
    let answer: Answer
    /// Why the answer is another one than h2spec's first.
    let reason: String?
    let send: @Sendable (FramePeer) throws -> Void

    var testDescription: String { "\(id) \(what)" }

    init(
        _ id: String, _ what: String, _ answer: Answer, because reason: String? = nil,
        send: @escaping @Sendable (FramePeer) throws -> Void
    ) {
        self.id = id
        self.what = what
        self.answer = answer
        self.reason = reason
        self.send = send
    }
}

/// RFC 9113, 7.
enum ErrorCode: Int, Sendable {
    case noError = 0
    case protocolError
    case internalError
    case flowControl
    case settingsTimeout
    case streamClosed
    case frameSize
    case refusedStream
    case cancel
    case compression
    case connect
    case enhanceYourCalm
}

extension FramePeer {
    static let get = head(method: "GET")
    static let post = head(method: "POST")

    /// Sends frames in one piece, so that the server sees them before it answers any.
    func send(_ frames: [Frame]) throws { try peer.send(frames.flatMap(\.bytes)) }

    /// A request without a body.
    static func whole(_ streamID: Int32 = 1, _ head: [UInt8] = get) -> Frame {
        Frame(
            type: Frame.headers, flags: Frame.endHeaders | Frame.endStream, streamID: streamID,
            payload: head)
    }

    /// A request whose body is to come.
    static func open(_ streamID: Int32 = 1, _ head: [UInt8] = post) -> Frame {
        Frame(type: Frame.headers, flags: Frame.endHeaders, streamID: streamID, payload: head)
    }

    /// A head of which there is more to come.
    static func begun(_ streamID: Int32 = 1, _ fragment: [UInt8] = get) -> Frame {
        Frame(type: Frame.headers, flags: Frame.endStream, streamID: streamID, payload: fragment)
    }

    static func continuation(
        _ streamID: Int32, _ fragment: [UInt8], ends: Bool = true
    ) -> Frame {
        Frame(
            type: Frame.continuation, flags: ends ? Frame.endHeaders : 0, streamID: streamID,
            payload: fragment)
    }

    static func data(_ streamID: Int32 = 1, _ bytes: [UInt8] = [1, 2, 3], ends: Bool = true)
        -> Frame
    {
        Frame(
            type: Frame.data, flags: ends ? Frame.endStream : 0, streamID: streamID, payload: bytes)
    }

    static func priority(
        _ streamID: Int32, on parent: UInt32 = 0, weight: UInt8 = 15, exclusive: Bool = false
    ) -> Frame {
        Frame(
            type: Frame.priority, streamID: streamID,
            payload: big(parent | (exclusive ? 0x8000_0000 : 0)) + [weight])
    }

    static func setting(_ id: UInt8, _ value: UInt32) -> [UInt8] { [0, id] + big(value) }

    static func window(_ streamID: Int32, _ count: UInt32) -> Frame {
        Frame(type: Frame.windowUpdate, streamID: streamID, payload: big(count))
    }

    static let ping = Frame(type: Frame.ping, payload: Array("conforms".utf8))

    /// Reads until the stream is answered whole.
    func expectResponse(_ streamID: Int32) throws {
        var status: String?
        while let frame = try next() {
            guard frame.type != Frame.goaway else { break }
            guard frame.streamID == streamID else { continue }
            guard frame.type != Frame.reset else { break }
            if frame.type == Frame.headers { status = status ?? fields(of: frame)[":status"] }
            if frame.endsStream && frame.type <= Frame.headers {
                #expect(status == "200")
                return
            }
        }
        Issue.record("no response on stream \(streamID)")
    }

    func expectAlive() throws {
        try send(Self.ping)
        while let frame = try next() {
            if frame.type == Frame.ping && frame.payload == Self.ping.payload { return }
            try #require(frame.type != Frame.goaway, "GOAWAY with code \(frame.code)")
        }
        Issue.record("the connection has ended")
    }

    func expectData(of count: Int) throws {
        #expect(try next(Frame.data).payload.count == count)
    }

    /// The first PING to come answers ours.
    func expectPong() throws {
        let answer = try next(Frame.ping)
        #expect(answer.flags == Frame.acknowledgement)
        #expect(answer.payload == Self.ping.payload)
    }

    func expectRefusalInHTTP1() throws {
        #expect(try other().takeAll().hasPrefix("HTTP/1.1 400 "))
    }

    func expectConnectionError(_ codes: [ErrorCode]) throws {
        let frame = try next(Frame.goaway)
        #expect(codes.map(\.rawValue).contains(frame.code))
        while try next() != nil {}
    }

    func expectStreamError(_ streamID: Int32, _ codes: [ErrorCode]) throws {
        while let frame = try next() {
            try #require(frame.type != Frame.goaway, "GOAWAY with code \(frame.code)")
            guard frame.type == Frame.reset else { continue }
            #expect(frame.streamID == streamID)
            #expect(codes.map(\.rawValue).contains(frame.code))
            return try expectAlive()
        }
        Issue.record("the connection has ended")
    }
}
