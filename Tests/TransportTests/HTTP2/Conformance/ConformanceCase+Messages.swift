import Testing

extension ConformanceCase {
    private static let malformed = Answer.streamError(1, [.protocolError])

    /// A request of these fields is malformed.
    private static func fields(
        _ id: String, _ what: String, _ fields: [(String, String)]
    ) -> ConformanceCase {
        let head = fields.flatMap { FramePeer.literal($0.0, $0.1) }
        return ConformanceCase("http2/\(id)", what, malformed) {
            try $0.send(FramePeer.whole(1, head))
        }
    }

    private static let method = (":method", "GET")
    private static let scheme = (":scheme", "http")
    private static let path = (":path", "/")
    private static let authority = (":authority", "test")

    /// RFC 9113, 8.
    static let messages: [ConformanceCase] = [
        ConformanceCase("http2/8.1/1", "a second head that ends nothing", malformed) {
            try $0.send([FramePeer.open(), FramePeer.open(1, FramePeer.literal("a", "b"))])
        },
        fields("8.1.2/1", "upper case", [method, scheme, path, authority, ("X-TEST", "ok")]),
        fields("8.1.2.1/1", "a pseudo-field not known", [method, scheme, path, (":test", "ok")]),
        fields("8.1.2.1/2", "a response's", [method, scheme, path, authority, (":status", "200")]),
        ConformanceCase("http2/8.1.2.1/3", "a pseudo-field in trailers", malformed) {
            let trailers = FramePeer.whole(1, FramePeer.literal(":method", "200"))
            try $0.send([FramePeer.open(), FramePeer.data(ends: false), trailers])
        },
        fields("8.1.2.1/4", "one behind a field", [scheme, path, authority, ("a", "b"), method]),
        fields(
            "8.1.2.2/1", "a connection's field",
            [method, scheme, path, authority, ("connection", "keep-alive")]),
        fields(
            "8.1.2.2/2", "TE that is not trailers",
            [method, scheme, path, authority, ("te", "trailers, deflate")]),
        fields("8.1.2.3/1", "an empty path", [method, scheme, authority, (":path", "")]),
        fields("8.1.2.3/2", "no method", [scheme, path, authority]),
        fields("8.1.2.3/3", "no scheme", [method, path, authority]),
        fields("8.1.2.3/4", "no path", [method, scheme, authority]),
        fields("8.1.2.3/5", "two methods", [method, method, scheme, path, authority]),
        fields("8.1.2.3/6", "two schemes", [method, scheme, scheme, path, authority]),
        fields("8.1.2.3/7", "two paths", [method, scheme, path, path, authority]),
        ConformanceCase("http2/8.1.2.6/1", "a length that is not the body's", malformed) {
            let head = FramePeer.head(fields: [("content-length", "1")])
            try $0.send([FramePeer.open(1, head), FramePeer.data()])
        },
        ConformanceCase("http2/8.1.2.6/2", "nor that of its frames", malformed) {
            let head = FramePeer.head(fields: [("content-length", "1")])
            try $0.send([
                FramePeer.open(1, head), FramePeer.data(1, [1], ends: false), FramePeer.data(),
            ])
        },
        ConformanceCase(
            "http2/8.2/1", "PUSH_PROMISE", .connectionError([.protocolError])
        ) {
            try $0.send([
                FramePeer.open(),
                Frame(
                    type: 5, flags: Frame.endHeaders, streamID: 1,
                    payload: big(3) + FramePeer.get),
            ])
        },
    ]

    /// A head with this in it cannot be decoded (RFC 7541).
    private static func broken(_ id: String, _ what: String, _ bytes: [UInt8]) -> ConformanceCase {
        ConformanceCase("hpack/\(id)", what, .connectionError([.compression])) {
            try $0.send(FramePeer.whole(1, FramePeer.get + bytes))
        }
    }

    static let hpack: [ConformanceCase] = [
        broken("2.3.3/1", "an index beyond the tables", [0xC6]),
        broken("2.3.3/2", "a name's index beyond the tables", [0x0F, 0x40, 1, 0x61]),
        broken("4.2/1", "a table size update behind fields", [0x30]),
        broken("5.2/1", "more than seven bits of padding", [0, 1, 0x61, 0x82, 0x1F, 0xFF]),
        broken("5.2/2", "padding of zeros", [0, 1, 0x61, 0x81, 0x18]),
        broken("5.2/3", "the end of a string", [0, 1, 0x61, 0x84, 0xFF, 0xFF, 0xFF, 0xFC]),
        broken("6.1/1", "index 0", [0x80]),
        ConformanceCase(
            "hpack/6.3/1", "a table larger than is allowed", .connectionError([.compression])
        ) { try $0.send(FramePeer.whole(1, [0x3F, 0xE2, 0x1F] + FramePeer.get)) },
    ]
}
