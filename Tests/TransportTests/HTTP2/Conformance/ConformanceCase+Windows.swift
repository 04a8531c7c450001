import Testing

extension ConformanceCase {
    private static let protocolError = Answer.connectionError([.protocolError])

    /// RFC 9113, 6.9 and 6.10.
    static let windows: [ConformanceCase] = [
        ConformanceCase("http2/6.9/1", "WINDOW_UPDATE of nothing", protocolError) {
            try $0.send([FramePeer.window(0, 0)])
        },
        ConformanceCase(
            "http2/6.9/2", "WINDOW_UPDATE of nothing on a stream",
            protocolError,
            because: "nghttp2 ends the connection, which RFC 9113, 5.4.2 leaves to the endpoint"
        ) { try $0.send([FramePeer.open(), FramePeer.window(1, 0)]) },
        ConformanceCase(
            "http2/6.9/3", "WINDOW_UPDATE of three bytes", .connectionError([.frameSize])
        ) { try $0.send(Frame(type: Frame.windowUpdate, payload: [0, 0, 1])) },
        ConformanceCase(
            "http2/6.9.1/1", "a window of one byte",
            .checked { try $0.expectData(of: 1) }
        ) {
            let settings = Frame(type: Frame.settings, payload: FramePeer.setting(4, 1))
            try $0.send([settings, FramePeer.whole()])
        },
        ConformanceCase(
            "http2/6.9.1/2", "a window above 2^31 - 1", .connectionError([.flowControl])
        ) { try $0.send([FramePeer.window(0, 0x7FFF_FFFF), FramePeer.window(0, 0x7FFF_FFFF)]) },
        ConformanceCase(
            "http2/6.9.1/3", "a stream's window above 2^31 - 1", .streamError(1, [.flowControl])
        ) {
            try $0.send([
                FramePeer.open(), FramePeer.window(1, 0x7FFF_FFFF),
                FramePeer.window(1, 0x7FFF_FFFF),
            ])
        },
        ConformanceCase(
            "http2/6.9.2/1", "windows follow the setting",
            .checked { try $0.expectData(of: 1) }
        ) {
            let none = Frame(type: Frame.settings, payload: FramePeer.setting(4, 0))
            try $0.send([none, FramePeer.whole()])
            _ = try $0.next(Frame.headers)
            try $0.send(Frame(type: Frame.settings, payload: FramePeer.setting(4, 1)))
        },
        ConformanceCase(
            "http2/6.9.2/2", "a window below zero",
            .checked { peer in
                #expect(try peer.next(Frame.data).payload.count == 3)
                // Two below zero, opened by three: one byte.
                let two = Frame(type: Frame.settings, payload: FramePeer.setting(4, 1))
                try peer.send([two, FramePeer.window(1, 3)])
                #expect(try peer.next(Frame.data).payload.count == 1)
            }
        ) {
            let three = Frame(type: Frame.settings, payload: FramePeer.setting(4, 3))
            try $0.send([three, FramePeer.whole()])
        },
        ConformanceCase(
            "http2/6.9.2/3", "a setting above 2^31 - 1", .connectionError([.flowControl])
        ) {
            try $0.send(Frame(type: Frame.settings, payload: FramePeer.setting(4, 0xFFFF_FFFF)))
        },
        ConformanceCase("http2/6.10/1", "several CONTINUATION", .response(1)) {
            let field = FramePeer.literal("a", "b")
            try $0.send([
                FramePeer.begun(), FramePeer.continuation(1, field, ends: false),
                FramePeer.continuation(1, field),
            ])
        },
        ConformanceCase("http2/6.10/2", "CONTINUATION, then DATA", protocolError) {
            let field = FramePeer.literal("a", "b")
            try $0.send([
                FramePeer.begun(), FramePeer.continuation(1, field, ends: false), FramePeer.data(),
            ])
        },
        ConformanceCase("http2/6.10/3", "CONTINUATION on stream 0", protocolError) {
            try $0.send([FramePeer.begun(), FramePeer.continuation(0, FramePeer.get)])
        },
        ConformanceCase("http2/6.10/4", "CONTINUATION behind a whole head", protocolError) {
            try $0.send([FramePeer.open(), FramePeer.continuation(1, FramePeer.get)])
        },
        ConformanceCase("http2/6.10/5", "CONTINUATION behind the last one", protocolError) {
            let field = FramePeer.literal("a", "b")
            try $0.send([
                FramePeer.begun(), FramePeer.continuation(1, field),
                FramePeer.continuation(1, field),
            ])
        },
        ConformanceCase("http2/6.10/6", "CONTINUATION behind DATA", protocolError) {
            try $0.send([
                FramePeer.open(), FramePeer.data(), FramePeer.continuation(1, FramePeer.get),
            ])
        },
    ]
}
