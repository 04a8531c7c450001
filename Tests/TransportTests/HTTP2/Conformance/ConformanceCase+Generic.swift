import Testing

extension ConformanceCase {
    /// What every server takes.
    static let generic: [ConformanceCase] = [
        ConformanceCase(
            "generic/1/1", "the preface",
            .checked { peer in
                while let frame = try peer.next() {
                    if frame.type == Frame.settings && frame.flags == Frame.acknowledgement {
                        return
                    }
                }
                Issue.record("the settings were not acknowledged")
            }
        ) { _ in },
        ConformanceCase("generic/2/1", "PRIORITY on an idle stream", .response(1)) {
            try $0.send([FramePeer.priority(1), FramePeer.whole()])
        },
        ConformanceCase("generic/2/2", "WINDOW_UPDATE, half-closed (remote)", .response(1)) {
            try $0.send([FramePeer.whole(), FramePeer.window(1, 100)])
        },
        ConformanceCase("generic/2/3", "PRIORITY, half-closed (remote)", .response(1)) {
            try $0.send([FramePeer.whole(), FramePeer.priority(1)])
        },
        ConformanceCase("generic/2/4", "RST_STREAM, half-closed (remote)", .alive) {
            let reset = Frame(type: Frame.reset, streamID: 1, payload: big(8))
            try $0.send([FramePeer.whole(), reset])
        },
        ConformanceCase("generic/2/5", "PRIORITY, closed", .alive) {
            try $0.send([FramePeer.whole()])
            try $0.expectResponse(1)
            try $0.send([FramePeer.priority(1)])
        },
        ConformanceCase("generic/3.1/1", "DATA", .response(1)) {
            try $0.send([FramePeer.open(), FramePeer.data()])
        },
        ConformanceCase("generic/3.1/2", "several DATA", .response(1)) {
            try $0.send([
                FramePeer.open(), FramePeer.data(ends: false), FramePeer.data(ends: false),
                FramePeer.data(),
            ])
        },
        ConformanceCase("generic/3.1/3", "DATA with padding", .response(1)) {
            let padded = Frame(
                type: Frame.data, flags: Frame.endStream | 8, streamID: 1,
                payload: [5, 1, 2, 3] + [0, 0, 0, 0, 0])
            try $0.send([FramePeer.open(), padded])
        },
        ConformanceCase("generic/3.2/1", "HEADERS", .response(1)) {
            try $0.send([FramePeer.whole()])
        },
        ConformanceCase("generic/3.2/2", "HEADERS with padding", .response(1)) {
            try $0.send(
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders | Frame.endStream | 8, streamID: 1,
                    payload: [6] + FramePeer.get + [0, 0, 0, 0, 0, 0]))
        },
        ConformanceCase("generic/3.2/3", "HEADERS with a priority", .response(1)) {
            try $0.send(
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders | Frame.endStream | 0x20,
                    streamID: 1, payload: big(0) + [255] + FramePeer.get))
        },
        ConformanceCase("generic/3.3/1", "PRIORITY, weight 1", .response(1)) {
            try $0.send([FramePeer.priority(1, weight: 0), FramePeer.whole()])
        },
        ConformanceCase("generic/3.3/2", "PRIORITY, weight 256", .response(1)) {
            try $0.send([FramePeer.priority(1, weight: 255), FramePeer.whole()])
        },
        ConformanceCase("generic/3.3/3", "PRIORITY with a dependency", .response(3)) {
            try $0.send([
                FramePeer.priority(1), FramePeer.priority(3, on: 1), FramePeer.whole(3),
            ])
        },
        ConformanceCase("generic/3.3/4", "PRIORITY, exclusive", .response(3)) {
            try $0.send([FramePeer.priority(3, on: 1, exclusive: true), FramePeer.whole(3)])
        },
        ConformanceCase("generic/3.3/5", "PRIORITY on a later idle stream", .response(1)) {
            try $0.send([FramePeer.priority(3), FramePeer.whole(1)])
        },
        ConformanceCase("generic/3.4/1", "RST_STREAM", .alive) {
            try $0.send([FramePeer.open()])
            try $0.reset(1)
        },
        ConformanceCase("generic/3.5/1", "SETTINGS", .alive) {
            let settings = FramePeer.setting(3, 100)
            try $0.send(Frame(type: Frame.settings, payload: settings))
        },
        ConformanceCase("generic/3.7/1", "PING", .alive) { _ in },
        ConformanceCase(
            "generic/3.8/1", "GOAWAY",
            .checked { peer in
                // Without open streams there is nothing left to do but to end.
                while let frame = try peer.next() { #expect(frame.type != Frame.goaway) }
            }
        ) { try $0.send(Frame(type: Frame.goaway, payload: big(0) + big(0))) },
        ConformanceCase("generic/3.9/1", "WINDOW_UPDATE, stream 0", .response(1)) {
            try $0.send([FramePeer.window(0, 100), FramePeer.whole()])
        },
        ConformanceCase("generic/3.9/2", "WINDOW_UPDATE, stream 1", .response(1)) {
            try $0.send([FramePeer.open(), FramePeer.window(1, 100), FramePeer.data()])
        },
        ConformanceCase("generic/3.10/1", "CONTINUATION", .response(1)) {
            try $0.send([FramePeer.begun(), FramePeer.continuation(1, FramePeer.literal("a", "b"))])
        },
        ConformanceCase("generic/3.10/2", "several CONTINUATION", .response(1)) {
            let field = FramePeer.literal("a", "b")
            try $0.send([
                FramePeer.begun(), FramePeer.continuation(1, field, ends: false),
                FramePeer.continuation(1, field, ends: false), FramePeer.continuation(1, field),
            ])
        },
        ConformanceCase("generic/4/1", "GET", .response(1)) { try $0.request(1, method: "GET") },
        ConformanceCase("generic/4/2", "HEAD", .response(1)) { try $0.request(1, method: "HEAD") },
        ConformanceCase("generic/4/3", "POST", .response(1)) { try $0.request(1, body: [1, 2]) },
        ConformanceCase("generic/4/4", "POST with trailers", .response(1)) {
            let head = FramePeer.head(fields: [("trailer", "x-test")])
            let trailers = FramePeer.whole(1, FramePeer.literal("x-test", "ok"))
            try $0.send([FramePeer.open(1, head), FramePeer.data(ends: false), trailers])
        },
    ]

    /// "x-test" and "verify" in Huffman's code.
    private static let codedName: [UInt8] = [0x85, 0xF2, 0xB2, 0x4A, 0x84, 0xFF]
    private static let codedValue: [UInt8] = [0x85, 0xEE, 0x5B, 0x0D, 0x2F, 0xAF]
    private static let plainName: [UInt8] = [6] + Array("x-test".utf8)
    private static let plainValue: [UInt8] = [6] + Array("verify".utf8)

    /// A request whose head ends in a field (58 is user-agent's index) is answered.
    private static func field(
        _ number: Int, _ what: String, _ bytes: [UInt8], isFirst: Bool = false
    ) -> ConformanceCase {
        ConformanceCase("generic/5/\(number)", what, .response(1)) {
            let head = isFirst ? bytes + FramePeer.get : FramePeer.get + bytes
            try $0.send(FramePeer.whole(1, head))
        }
    }

    /// Each way to write a field (RFC 7541, 6).
    static let genericHPACK: [ConformanceCase] = [
        // :method GET, :path / and :scheme http are the static table's; the authority is not.
        ConformanceCase("generic/5/1", "indexed", .response(1)) {
            let head: [UInt8] = [0x82, 0x84, 0x86] + FramePeer.literal(":authority", "test")
            try $0.send(FramePeer.whole(1, head))
        },
        field(2, "incremental, indexed name", [0x7A] + plainValue),
        field(3, "incremental, indexed name, Huffman", [0x7A] + codedValue),
        field(4, "incremental, new name", [0x40] + plainName + plainValue),
        field(5, "incremental, new name, Huffman", [0x40] + codedName + codedValue),
        field(6, "without indexing, indexed name", [0x0F, 0x2B] + plainValue),
        field(7, "without indexing, indexed name, Huffman", [0x0F, 0x2B] + codedValue),
        field(8, "without indexing, new name", [0x00] + plainName + plainValue),
        field(9, "without indexing, new name, Huffman", [0x00] + codedName + codedValue),
        field(10, "never indexed, indexed name", [0x1F, 0x2B] + plainValue),
        field(11, "never indexed, indexed name, Huffman", [0x1F, 0x2B] + codedValue),
        field(12, "never indexed, new name", [0x10] + plainName + plainValue),
        field(13, "never indexed, new name, Huffman", [0x10] + codedName + codedValue),
        field(14, "a table size update", [0x30], isFirst: true),
        field(15, "several table size updates", [0x30, 0x31], isFirst: true),
    ]
}
