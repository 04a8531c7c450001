import Testing

extension ConformanceCase {
    /// RFC 9113, 3.4, 4 and 5.4 and 5.5 (RFC 7540's numbers in the names).
    static let frames: [ConformanceCase] = [
        ConformanceCase(
            "http2/3.5/1", "the preface: settings come first",
            // The runner has read a SETTINGS frame; none came before it.
            .checked { #expect($0.firstType == Frame.settings) }
        ) { _ in },
        ConformanceCase(
            "http2/3.5/2", "another preface",
            .checked { try $0.expectRefusalInHTTP1() },
            because: "HTTP/1.1 is served on the same port, so it is refused in that version's words"
        ) { try $0.other().send("INVALID CONNECTION PREFACE\r\n\r\n") },
        ConformanceCase("http2/4.1/1", "a type that is not known", .alive) {
            try $0.send(Frame(type: 0x16, payload: [0, 0, 0, 0, 0, 0, 0, 0]))
        },
        ConformanceCase("http2/4.1/2", "flags that are not known", .alive) {
            try $0.send(
                Frame(type: Frame.ping, flags: 0x16, payload: [UInt8](repeating: 0, count: 8)))
        },
        ConformanceCase("http2/4.1/3", "the reserved bit", .alive) {
            try $0.send(
                Frame(type: Frame.ping, streamID: .min, payload: [UInt8](repeating: 0, count: 8)))
        },
        ConformanceCase("http2/4.2/1", "DATA of 2^14 bytes", .response(1)) {
            let bytes = [UInt8](repeating: 0, count: 16_384)
            try $0.send([FramePeer.open(), FramePeer.data(1, bytes)])
        },
        ConformanceCase("http2/4.2/2", "DATA too large", .connectionError([.frameSize])) {
            let bytes = [UInt8](repeating: 0, count: 16_385)
            try $0.send([FramePeer.open(), FramePeer.data(1, bytes)])
        },
        ConformanceCase("http2/4.2/3", "HEADERS too large", .connectionError([.frameSize])) {
            let field = FramePeer.literal("a", String(repeating: "x", count: 16_400))
            try $0.send([FramePeer.whole(1, FramePeer.get + field)])
        },
        ConformanceCase("http2/4.3/1", "a broken head", .connectionError([.compression])) {
            try $0.send([FramePeer.whole(1, FramePeer.get + [0, 5, 0x61])])
        },
        ConformanceCase(
            "http2/4.3/2", "PRIORITY inside a head", .connectionError([.protocolError])
        ) { try $0.send([FramePeer.begun(), FramePeer.priority(1)]) },
        ConformanceCase(
            "http2/4.3/3", "another stream's HEADERS inside a head",
            .connectionError([.protocolError])
        ) { try $0.send([FramePeer.begun(), FramePeer.whole(3)]) },
        ConformanceCase(
            "http2/5.4.1/1", "a PING too short, and the end", .connectionError([.frameSize])
        ) { try $0.send(Frame(type: Frame.ping, payload: [0, 0, 0, 0, 0, 0])) },
        ConformanceCase(
            "http2/5.4.1/2", "a PING on a stream, and GOAWAY", .connectionError([.protocolError])
        ) {
            try $0.send(
                Frame(type: Frame.ping, streamID: 1, payload: [UInt8](repeating: 0, count: 8)))
        },
        ConformanceCase("http2/5.5/1", "an extension", .response(1)) {
            try $0.send([
                FramePeer.open(), Frame(type: 0xFE, streamID: 1, payload: [1]), FramePeer.data(),
            ])
        },
        ConformanceCase(
            "http2/5.5/2", "an extension inside a head", .connectionError([.protocolError])
        ) { try $0.send([FramePeer.begun(), Frame(type: 0xFE, streamID: 1, payload: [1])]) },
    ]
}
