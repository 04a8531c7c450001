import Testing

extension ConformanceCase {
    private static let protocolError = Answer.connectionError([.protocolError])
    private static let frameSize = Answer.connectionError([.frameSize])

    private static func settings(_ payload: [UInt8], flags: UInt8 = 0, streamID: Int32 = 0) -> Frame
    {
        Frame(type: Frame.settings, flags: flags, streamID: streamID, payload: payload)
    }

    /// RFC 9113, 6 and 7, but for windows.
    static let definitions: [ConformanceCase] = [
        ConformanceCase("http2/6.1/1", "DATA on stream 0", protocolError) {
            try $0.send([FramePeer.data(0)])
        },
        ConformanceCase(
            "http2/6.1/2", "DATA on a stream that is not open",
            .connectionError([.streamClosed]),
            because: "nghttp2 ends the connection, which RFC 9113, 5.4.2 leaves to the endpoint"
        ) { try $0.send([FramePeer.whole(), FramePeer.data()]) },
        ConformanceCase("http2/6.1/3", "DATA with more padding than frame", protocolError) {
            let padded = Frame(type: Frame.data, flags: 9, streamID: 1, payload: [6, 1, 2, 3, 4])
            try $0.send([FramePeer.open(), padded])
        },
        ConformanceCase("http2/6.2/1", "HEADERS, then PRIORITY", protocolError) {
            try $0.send([FramePeer.begun(), FramePeer.priority(1)])
        },
        ConformanceCase("http2/6.2/2", "HEADERS, then another stream's", protocolError) {
            try $0.send([FramePeer.begun(), FramePeer.whole(3)])
        },
        ConformanceCase("http2/6.2/3", "HEADERS on stream 0", protocolError) {
            try $0.send([FramePeer.whole(0)])
        },
        ConformanceCase("http2/6.2/4", "HEADERS with more padding than frame", protocolError) {
            try $0.send(
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders | Frame.endStream | 8, streamID: 1,
                    payload: [200] + FramePeer.get))
        },
        ConformanceCase("http2/6.3/1", "PRIORITY on stream 0", protocolError) {
            try $0.send([FramePeer.priority(0)])
        },
        ConformanceCase(
            "http2/6.3/2", "PRIORITY of four bytes", frameSize,
            because: "nghttp2 ends the connection, which RFC 9113, 5.4.2 leaves to the endpoint"
        ) {
            let short = Frame(type: Frame.priority, streamID: 1, payload: [0, 0, 0, 0])
            try $0.send([FramePeer.open(), short])
        },
        ConformanceCase("http2/6.4/1", "RST_STREAM on stream 0", protocolError) {
            try $0.reset(0)
        },
        ConformanceCase("http2/6.4/2", "RST_STREAM on an idle stream", protocolError) {
            try $0.reset(1)
        },
        ConformanceCase("http2/6.4/3", "RST_STREAM of three bytes", frameSize) {
            let short = Frame(type: Frame.reset, streamID: 1, payload: [0, 0, 0])
            try $0.send([FramePeer.open(), short])
        },
        ConformanceCase("http2/6.5/1", "an acknowledgement with a payload", frameSize) {
            try $0.send(settings(FramePeer.setting(3, 1), flags: Frame.acknowledgement))
        },
        ConformanceCase("http2/6.5/2", "SETTINGS on a stream", protocolError) {
            try $0.send(settings(FramePeer.setting(3, 1), streamID: 1))
        },
        ConformanceCase("http2/6.5/3", "SETTINGS of three bytes", frameSize) {
            try $0.send(settings([0, 3, 0]))
        },
        ConformanceCase("http2/6.5.2/1", "ENABLE_PUSH of 2", protocolError) {
            try $0.send(settings(FramePeer.setting(2, 2)))
        },
        ConformanceCase(
            "http2/6.5.2/2", "INITIAL_WINDOW_SIZE of 2^31", .connectionError([.flowControl])
        ) { try $0.send(settings(FramePeer.setting(4, 0x8000_0000))) },
        ConformanceCase("http2/6.5.2/3", "MAX_FRAME_SIZE of 2^14 - 1", protocolError) {
            try $0.send(settings(FramePeer.setting(5, 16_383)))
        },
        ConformanceCase("http2/6.5.2/4", "MAX_FRAME_SIZE of 2^24", protocolError) {
            try $0.send(settings(FramePeer.setting(5, 16_777_216)))
        },
        ConformanceCase("http2/6.5.2/5", "a setting that is not known", .alive) {
            try $0.send(settings(FramePeer.setting(0xFF, 1)))
        },
        ConformanceCase(
            "http2/6.5.3/1", "the last of several values",
            .checked { try $0.expectData(of: 1) }
        ) {
            let values = FramePeer.setting(4, 100) + FramePeer.setting(4, 1)
            try $0.send([settings(values), FramePeer.whole()])
        },
        ConformanceCase(
            "http2/6.5.3/2", "SETTINGS are acknowledged",
            .checked { peer in
                // The runner's own, and these.
                for _ in 0..<2 {
                    var frame = try peer.next(Frame.settings)
                    while frame.flags != Frame.acknowledgement {
                        frame = try peer.next(Frame.settings)
                    }
                    #expect(frame.payload.isEmpty)
                }
            }
        ) { try $0.send(settings(FramePeer.setting(3, 1))) },
        ConformanceCase(
            "http2/6.7/1", "PING",
            .checked { try $0.expectPong() }
        ) { try $0.send(FramePeer.ping) },
        ConformanceCase(
            "http2/6.7/2", "an answer to no PING",
            .checked { try $0.expectPong() }
        ) {
            let answer = Frame(
                type: Frame.ping, flags: Frame.acknowledgement,
                payload: Array("unwanted".utf8))
            try $0.send([answer, FramePeer.ping])
        },
        ConformanceCase("http2/6.7/3", "PING on a stream", protocolError) {
            try $0.send(
                Frame(type: Frame.ping, streamID: 1, payload: [UInt8](repeating: 0, count: 8)))
        },
        ConformanceCase("http2/6.7/4", "PING of six bytes", frameSize) {
            try $0.send(Frame(type: Frame.ping, payload: [0, 0, 0, 0, 0, 0]))
        },
        ConformanceCase("http2/6.8/1", "GOAWAY on a stream", protocolError) {
            try $0.send(Frame(type: Frame.goaway, streamID: 1, payload: big(0) + big(0)))
        },
        ConformanceCase(
            "http2/7/1", "GOAWAY with a code that is not known",
            .checked { peer in while let frame = try peer.next() { #expect(frame.type != 7) } }
        ) { try $0.send(Frame(type: Frame.goaway, payload: big(0) + big(0xFF))) },
        ConformanceCase("http2/7/2", "RST_STREAM with a code that is not known", .alive) {
            try $0.send([FramePeer.open()])
            try $0.reset(1, code: 0xFF)
        },
    ]
}
