import CNghttp2

/// An upstream that speaks HTTP/2 frame by frame, so that a test decides on each of them. Heads are
/// written without compression and read with nghttp2's inflater.
final class FrameUpstream {
    let peer: RawPeer
    private var inflater: OpaquePointer?
    /// The client's settings, by identifier.
    private(set) var settings: [Int: Int] = [:]
    private var unfinished: [Int32: Request] = [:]

    /// Accepts a connection and begins.
    ///
    /// - Parameter settings: identifiers and values.
    init(_ listener: RawListener, settings: [(UInt16, UInt32)] = []) throws {
        peer = try listener.accept()
        nghttp2_hd_inflate_new(&inflater)
        guard try peer.take(FramePeer.preface.count) == FramePeer.preface else {
            throw RawPeer.Failure(description: "the client does not begin as RFC 9113 has it")
        }
        try send(settings: settings)
    }

    deinit { nghttp2_hd_inflate_del(inflater) }

    // MARK: - Sending

    func send(_ frame: Frame) throws { try peer.send(frame.bytes) }

    func send(settings: [(UInt16, UInt32)]) throws {
        let payload = settings.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + big($0.1) }
        try send(Frame(type: Frame.settings, payload: payload))
    }

    func head(
        _ streamID: Int32, status: String? = "200", fields: [(String, String)] = [],
        ends: Bool = false
    ) throws {
        let all = (status.map { [(":status", $0)] } ?? []) + fields
        try send(
            Frame(
                type: Frame.headers, flags: Frame.endHeaders | (ends ? Frame.endStream : 0),
                streamID: streamID, payload: all.flatMap { FramePeer.literal($0.0, $0.1) }))
    }

    func data(_ streamID: Int32, _ bytes: [UInt8], ends: Bool = false) throws {
        try send(
            Frame(
                type: Frame.data, flags: ends ? Frame.endStream : 0, streamID: streamID,
                payload: bytes))
    }

    /// A whole response.
    func answer(_ streamID: Int32, _ body: String = "ok") throws {
        try head(streamID)
        try data(streamID, Array(body.utf8), ends: true)
    }

    func reset(_ streamID: Int32, code: UInt32) throws {
        try send(Frame(type: Frame.reset, streamID: streamID, payload: big(code)))
    }

    func goAway(last streamID: UInt32, code: UInt32 = 0) throws {
        try send(Frame(type: Frame.goaway, payload: big(streamID) + big(code)))
    }

    func openWindow(_ streamID: Int32, by count: UInt32) throws {
        try send(Frame(type: Frame.windowUpdate, streamID: streamID, payload: big(count)))
    }

    // MARK: - Receiving

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
        if frame.type == Frame.settings && frame.flags & Frame.acknowledgement == 0 {
            take(settings: frame.payload)
            try? send(Frame(type: Frame.settings, flags: Frame.acknowledgement))
        }
        return frame
    }

    private func take(settings payload: [UInt8]) {
        for start in stride(from: 0, to: payload.count, by: 6) {
            let id = Int(payload[start]) << 8 | Int(payload[start + 1])
            settings[id] = payload[start + 2..<start + 6].reduce(0) { $0 << 8 | Int($1) }
        }
    }

    /// The next frame of a type, of a stream where one is given; others are passed over.
    func next(_ type: UInt8, of streamID: Int32? = nil) throws -> Frame {
        while let frame = try next() {
            if frame.type == type && (streamID == nil || frame.streamID == streamID) {
                return frame
            }
        }
        throw RawPeer.Failure(description: "the end came before a frame of type \(type)")
    }

    struct Request {
        var streamID: Int32 = 0
        var fields: [(String, String)] = []
        var body: [UInt8] = []

        subscript(_ name: String) -> String? { fields.first { $0.0 == name }?.1 }
    }

    /// The next request that is complete; windows are opened as its body comes.
    func request() throws -> Request {
        while let frame = try next() {
            if frame.type == Frame.headers {
                unfinished[frame.streamID] = Request(
                    streamID: frame.streamID, fields: fields(of: frame))
            } else if frame.type == Frame.data {
                unfinished[frame.streamID]?.body += frame.payload
                if !frame.payload.isEmpty && !frame.endsStream {
                    try openWindow(0, by: UInt32(frame.payload.count))
                    try openWindow(frame.streamID, by: UInt32(frame.payload.count))
                }
            } else {
                continue
            }
            guard frame.endsStream else { continue }
            if let request = unfinished.removeValue(forKey: frame.streamID) { return request }
        }
        throw RawPeer.Failure(description: "the end came before a request")
    }

    /// The fields of a HEADERS frame, which must be given in the order received.
    private func fields(of frame: Frame) -> [(String, String)] {
        var fields: [(String, String)] = []
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
                    fields.append(
                        (
                            String(decoding: name, as: UTF8.self),
                            String(decoding: value, as: UTF8.self)
                        ))
                }
                if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 { break }
            }
            nghttp2_hd_inflate_end_headers(inflater)
        }
        return fields
    }
}
