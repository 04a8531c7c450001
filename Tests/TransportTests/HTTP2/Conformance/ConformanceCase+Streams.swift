import Testing

extension ConformanceCase {
    private static let reset = Frame(type: Frame.reset, streamID: 1, payload: big(8))

    private static let strayContinuation = """
        it follows no head, which is a fault of the connection whatever the stream's state \
        (RFC 9113, 6.10)
        """

    /// RFC 9113, 5.
    static let streams: [ConformanceCase] = [
        ConformanceCase("http2/5.1/1", "idle: DATA", .connectionError([.protocolError])) {
            try $0.send([FramePeer.data()])
        },
        ConformanceCase("http2/5.1/2", "idle: RST_STREAM", .connectionError([.protocolError])) {
            try $0.send([reset])
        },
        ConformanceCase("http2/5.1/3", "idle: WINDOW_UPDATE", .connectionError([.protocolError])) {
            try $0.send([FramePeer.window(1, 100)])
        },
        ConformanceCase("http2/5.1/4", "idle: CONTINUATION", .connectionError([.protocolError])) {
            try $0.send([FramePeer.continuation(1, FramePeer.get)])
        },
        ConformanceCase(
            "http2/5.1/5", "half-closed (remote): DATA", .connectionError([.streamClosed]),
            because: "nghttp2 ends the connection, which RFC 9113, 5.4.2 leaves to the endpoint"
        ) { try $0.send([FramePeer.whole(), FramePeer.data()]) },
        ConformanceCase(
            "http2/5.1/6", "half-closed (remote): HEADERS", .connectionError([.streamClosed]),
            because: "nghttp2 ends the connection, which RFC 9113, 5.4.2 leaves to the endpoint"
        ) { try $0.send([FramePeer.whole(), FramePeer.whole()]) },
        ConformanceCase(
            "http2/5.1/7", "half-closed (remote): CONTINUATION",
            .connectionError([.protocolError]), because: strayContinuation
        ) { try $0.send([FramePeer.whole(), FramePeer.continuation(1, FramePeer.get)]) },
        ConformanceCase(
            "http2/5.1/8", "closed by RST_STREAM: DATA", .streamError(1, [.streamClosed])
        ) { try $0.send([FramePeer.open(), reset, FramePeer.data()]) },
        ConformanceCase(
            "http2/5.1/9", "closed by RST_STREAM: HEADERS", .streamError(1, [.streamClosed])
        ) { try $0.send([FramePeer.open(), reset, FramePeer.whole()]) },
        ConformanceCase(
            "http2/5.1/10", "closed by RST_STREAM: CONTINUATION",
            .connectionError([.protocolError]), because: strayContinuation
        ) { try $0.send([FramePeer.open(), reset, FramePeer.continuation(1, FramePeer.get)]) },
        ConformanceCase("http2/5.1/11", "closed: DATA", .connectionError([.streamClosed])) {
            try $0.send([FramePeer.whole()])
            try $0.expectResponse(1)
            try $0.send([FramePeer.data()])
        },
        ConformanceCase("http2/5.1/12", "closed: HEADERS", .connectionError([.streamClosed])) {
            try $0.send([FramePeer.whole()])
            try $0.expectResponse(1)
            try $0.send([FramePeer.whole()])
        },
        ConformanceCase(
            "http2/5.1/13", "closed: CONTINUATION", .connectionError([.protocolError]),
            because: strayContinuation
        ) {
            try $0.send([FramePeer.whole()])
            try $0.expectResponse(1)
            try $0.send([FramePeer.continuation(1, FramePeer.get)])
        },
        ConformanceCase(
            "http2/5.1.1/1", "an even stream", .connectionError([.protocolError])
        ) { try $0.send([FramePeer.whole(2)]) },
        ConformanceCase(
            "http2/5.1.1/2", "a stream below the last", .connectionError([.protocolError])
        ) { try $0.send([FramePeer.whole(5), FramePeer.whole(3)]) },
        ConformanceCase(
            "http2/5.1.2/1", "more streams than are allowed", .connectionError([.protocolError]),
            because: "the limit was acknowledged, so it is no accident"
        ) { peer in
            let head = FramePeer.head(method: "GET", path: "/wait")
            // The acknowledgement has been sent; the answer shows that it has been read.
            try peer.expectAlive()
            try peer.send((0...20).map { FramePeer.whole(Int32($0 * 2 + 1), head) })
        },
        ConformanceCase(
            "http2/5.3.1/1", "HEADERS that depend on themselves",
            .connectionError([.protocolError]),
            because: "nghttp2 ends the connection, which RFC 9113, 5.4.2 leaves to the endpoint"
        ) {
            try $0.send(
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders | Frame.endStream | 0x20,
                    streamID: 1, payload: big(1) + [255] + FramePeer.get))
        },
        ConformanceCase(
            "http2/5.3.1/2", "PRIORITY that depends on itself", .response(1),
            because: "RFC 9113, 5.3.2 has abolished priorities, and the rule with them"
        ) { try $0.send([FramePeer.priority(1, on: 1), FramePeer.whole()]) },
    ]
}
