import CNghttp2
import Glibc

/// One HTTP/2 frame.
struct Frame {
    var type: UInt8
    var flags: UInt8 = 0
    var streamID: Int32 = 0
    var payload: [UInt8] = []

    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goaway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
    static let endStream: UInt8 = 1
    static let acknowledgement: UInt8 = 1
    static let endHeaders: UInt8 = 4

    var bytes: [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
            + big(UInt32(bitPattern: streamID)) + payload
    }

    var endsStream: Bool { flags & Frame.endStream != 0 }
    /// Of RST_STREAM and, behind the last stream, GOAWAY.
    var code: Int {
        Int(
            payload.dropFirst(type == Frame.goaway ? 4 : 0).prefix(4).reduce(0) {
                $0 << 8 | UInt32($1)
            })
    }
}

func big(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
}

/// A client that speaks HTTP/2 frame by frame, so that it can break the rules. Heads are written
/// without compression and read with nghttp2's inflater.
final class FramePeer {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let peer: RawPeer
    /// The type of the first frame that has come.
    private(set) var firstType: UInt8?
    private var second: RawPeer?
    private let port: UInt16
    private var inflater: OpaquePointer?

    /// - Parameter settings: identifiers and values.
    init(_ harness: ServerHarness, settings: [(UInt16, UInt32)] = []) throws {
        peer = try harness.connect()
        port = harness.port
        nghttp2_hd_inflate_new(&inflater)
        let payload = settings.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + big($0.1) }
        try peer.send(Self.preface + Frame(type: Frame.settings, payload: payload).bytes)
    }

    deinit { nghttp2_hd_inflate_del(inflater) }

    /// A second connection, on which nothing has been sent at first.
    func other() throws -> RawPeer {
        let other = try second ?? RawPeer(port: port)
        second = other
        return other
    }

    func send(_ frame: Frame) throws { try peer.send(frame.bytes) }

    static func literal(_ name: String, _ value: String) -> [UInt8] {
        func text(_ text: String) -> [UInt8] {
            let count = text.utf8.count
            if count < 127 { return [UInt8(count)] + Array(text.utf8) }
            var rest = count - 127
            var prefix: [UInt8] = [127]
            while rest >= 128 {
                prefix.append(UInt8(rest & 127 | 128))
                rest >>= 7
            }
            return prefix + [UInt8(rest)] + Array(text.utf8)
        }
        return [0] + text(name) + text(value)
    }

    static func head(
        method: String = "POST", path: String = "/", fields: [(String, String)] = []
    ) -> [UInt8] {
        let pseudo = [
            (":method", method), (":scheme", "http"), (":path", path), (":authority", "test"),
        ]
        return (pseudo + fields).flatMap { literal($0.0, $0.1) }
    }

    func request(
        _ streamID: Int32, method: String = "POST", path: String = "/",
        fields: [(String, String)] = [], body: [UInt8]? = nil
    ) throws {
        let flags = Frame.endHeaders | (body == nil ? Frame.endStream : 0)
        let head = Self.head(method: method, path: path, fields: fields)
        try send(Frame(type: Frame.headers, flags: flags, streamID: streamID, payload: head))
        guard let body else { return }
        try data(streamID, body, ends: true)
    }

    func data(_ streamID: Int32, _ bytes: [UInt8], ends: Bool) throws {
        try send(
            Frame(
                type: Frame.data, flags: ends ? Frame.endStream : 0, streamID: streamID,
                payload: bytes))
    }

    func reset(_ streamID: Int32, code: UInt32 = 8) throws {
        try send(Frame(type: Frame.reset, streamID: streamID, payload: big(code)))
    }

    func openWindow(_ streamID: Int32, by count: UInt32) throws {
        try send(Frame(type: Frame.windowUpdate, streamID: streamID, payload: big(count)))
    }

    /// The next frame; `nil` at the connection's end. Settings are acknowledged.
    func next() throws -> Frame? {
        while peer.buffer.count < 9 {
            guard try peer.receive() else { return nil }
        }
        let header = try peer.take(9)
        let count = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
        let id = header[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let frame = Frame(
            type: header[3], flags: header[4], streamID: Int32(id & 0x7FFF_FFFF),
            payload: try peer.take(count))
        firstType = firstType ?? frame.type
        if frame.type == Frame.settings && frame.flags & Frame.acknowledgement == 0 {
            // A server that has closed already takes it no more.
            try? send(Frame(type: Frame.settings, flags: Frame.acknowledgement))
        }
        return frame
    }

    /// The next frame of a type; others are passed over.
    func next(_ type: UInt8) throws -> Frame {
        while let frame = try next() {
            if frame.type == type { return frame }
        }
        throw RawPeer.Failure(description: "the end came before a frame of type \(type)")
    }

    /// The fields of a HEADERS frame, which must be given in the order received.
    func fields(of frame: Frame) -> [String: String] {
        var fields: [String: String] = [:]
        var input = frame.payload
        input.withUnsafeMutableBufferPointer { buffer in
            var offset = 0
            while true {
                var field = nghttp2_nv()
                var flags: Int32 = 0
                let count = nghttp2_hd_inflate_hd(
                    inflater, &field, &flags, buffer.baseAddress.map { $0 + offset },
                    buffer.count - offset, 1)
                if count < 0 { return }
                offset += count
                if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                    let name = UnsafeBufferPointer(start: field.name, count: field.namelen)
                    let value = UnsafeBufferPointer(start: field.value, count: field.valuelen)
                    fields[String(decoding: name, as: UTF8.self)] = String(
                        decoding: value, as: UTF8.self)
                }
                if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 { break }
            }
            nghttp2_hd_inflate_end_headers(inflater)
        }
        return fields
    }

    /// What a stream has answered.
    struct Answer {
        var status = ""
        var fields: [String: String] = [:]
        var body: [UInt8] = []
        var trailers: [String: String] = [:]
        var isComplete = false
        var resetCode: Int?
    }

    /// Reads until as many streams have ended, opening the windows again.
    func answers(_ count: Int, opensWindows: Bool = true) throws -> [Int32: Answer] {
        var answers: [Int32: Answer] = [:]
        var ended = 0
        while ended < count {
            guard let frame = try next() else {
                throw RawPeer.Failure(description: "the end came after \(ended) answers")
            }
            if frame.streamID == 0 { continue }
            var answer = answers[frame.streamID] ?? Answer()
            take(frame, into: &answer)
            if frame.type == Frame.data && !frame.payload.isEmpty && opensWindows {
                try openWindow(0, by: UInt32(frame.payload.count))
                if !answer.isComplete {
                    try openWindow(frame.streamID, by: UInt32(frame.payload.count))
                }
            }
            answers[frame.streamID] = answer
            if frame.type == Frame.reset || (frame.type < 2 && frame.endsStream) { ended += 1 }
        }
        return answers
    }

    private func take(_ frame: Frame, into answer: inout Answer) {
        switch frame.type {
        case Frame.headers:
            let fields = fields(of: frame)
            if fields[":status"] == "100" {
                break
            } else if let status = fields[":status"] {
                answer.status = status
                answer.fields = fields
            } else {
                answer.trailers = fields
            }
            answer.isComplete = frame.endsStream
        case Frame.data:
            answer.body += frame.payload
            answer.isComplete = frame.endsStream
        case Frame.reset:
            answer.resetCode = frame.code
        default:
            break
        }
    }
}
