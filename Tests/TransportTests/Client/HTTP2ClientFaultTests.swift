import GatewayPrimitives
import Testing

@testable import Transport

/// Upstreams that break the rules of HTTP/2, or end too early.
@Suite(.timeLimit(.minutes(1))) struct HTTP2ClientFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var isTooLarge = false
        /// Whether the fault is the stream's alone, so that the connection lives on.
        var isOfStream = false
        let send: @Sendable (FrameUpstream, Int32) throws -> Void
    }

    static let ofStreams = [
        Fault(testDescription: "no status", isOfStream: true) { upstream, id in
            try upstream.head(id, status: nil, fields: [("a", "b")])
        },
        Fault(testDescription: "a status of letters", isOfStream: true) { upstream, id in
            try upstream.head(id, status: "2xx")
        },
        Fault(testDescription: "status 101", isOfStream: true) { upstream, id in
            try upstream.head(id, status: "101")
        },
        Fault(testDescription: "a name in upper case", isOfStream: true) { upstream, id in
            try upstream.head(id, fields: [("Content-Type", "x")])
        },
        Fault(testDescription: "a pseudo-header of requests", isOfStream: true) { upstream, id in
            try upstream.head(id, fields: [(":path", "/")])
        },
        Fault(testDescription: "a field of HTTP/1.1", isOfStream: true) { upstream, id in
            try upstream.head(id, fields: [("transfer-encoding", "chunked")])
        },
        Fault(testDescription: "more bytes than announced", isOfStream: true) { upstream, id in
            try upstream.head(id, fields: [("content-length", "1")])
            try upstream.data(id, [1, 2], ends: true)
        },
        Fault(testDescription: "fewer bytes than announced", isOfStream: true) { upstream, id in
            try upstream.head(id, fields: [("content-length", "3")])
            try upstream.data(id, [1, 2], ends: true)
        },
        Fault(testDescription: "an end without a response", isOfStream: true) { upstream, id in
            try upstream.head(id, status: "103", ends: true)
        },
        Fault(testDescription: "a long head", isTooLarge: true, isOfStream: true) { upstream, id in
            let value = String(repeating: "x", count: 5_000)
            // In several heads' worth of frames: none is larger than a frame may be.
            let fields = (0..<20).flatMap { FramePeer.literal("a\($0)", value) }
            try upstream.sendHead(id, FramePeer.literal(":status", "200") + fields)
        },
        Fault(testDescription: "many fields", isTooLarge: true, isOfStream: true) { upstream, id in
            try upstream.head(id, fields: (0..<200).map { ("a\($0)", "b") })
        },
        Fault(
            testDescription: "interim responses without end", isTooLarge: true, isOfStream: true
        ) { upstream, id in
            for _ in 0..<20 { try upstream.head(id, status: "100") }
        },
    ]

    static let ofConnections = [
        Fault(testDescription: "data before the head") { upstream, id in
            try upstream.data(id, [1])
        },
        Fault(testDescription: "data of no stream") { upstream, _ in try upstream.data(0, [1]) },
        Fault(testDescription: "a stream of its own") { upstream, id in
            try upstream.head(id + 1)
        },
        Fault(testDescription: "a push") { upstream, id in
            try upstream.send(
                Frame(
                    type: 5, flags: Frame.endHeaders, streamID: id,
                    payload: big(2) + FramePeer.head()))
        },
        Fault(testDescription: "a frame too long") { upstream, id in
            try upstream.data(id, [UInt8](repeating: 0, count: 20_000))
        },
        Fault(testDescription: "an index of no field") { upstream, id in
            try upstream.send(
                Frame(
                    type: Frame.headers, flags: Frame.endHeaders, streamID: id,
                    payload: [0xFF, 0xFF, 0xFF, 0x7F]))
        },
        Fault(testDescription: "a window beyond all numbers") { upstream, _ in
            try upstream.openWindow(0, by: 0x7FFF_FFFF)
        },
    ]

    /// The exchange fails, and others are served: on the same connection where the fault was the
    /// stream's, on a new one otherwise.
    @Test(arguments: ofStreams + ofConnections)
    func isRefused(_ fault: Fault) async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let upstream = try FrameUpstream(listener)
            try fault.send(upstream, try upstream.request().streamID)
            switch await call.reply().error {
            case .malformed: #expect(!fault.isTooLarge)
            case .tooLarge: #expect(fault.isTooLarge)
            case let other: Issue.record("unexpected: \(String(describing: other))")
            }
            await harness.turn()
            let next = await harness.start(to: listener.port)
            let other = fault.isOfStream ? upstream : try FrameUpstream(listener)
            try other.answer(try other.request().streamID)
            #expect(await next.reply().body == "ok")
            #expect(await harness.connectionCount == 1)
        }
    }

    /// An HTTP/1.1 server, which somebody took for one of HTTP/2.
    @Test func anUpstreamOfHTTP1IsNamed() async throws {
        try await withHTTP2Client { harness, listener in
            let call = await harness.start(to: listener.port)
            let peer = try listener.accept()
            _ = try peer.take(24)
            try peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            #expect(await call.reply().error == .malformed("the upstream does not speak HTTP/2"))
            #expect(await harness.connectionCount == 0)
        }
    }

    /// An upstream that dies is never taken to have finished.
    @Test func aResponseCutShortIsAnError() async throws {
        try await withHTTP2Client { harness, listener in
            for pieces in 0..<3 {
                let call = await harness.start(to: listener.port)
                let upstream = try FrameUpstream(listener)
                let id = try upstream.request().streamID
                if pieces > 0 { try upstream.head(id) }
                if pieces > 1 { try upstream.data(id, [1, 2, 3]) }
                upstream.peer.finishSending()
                #expect(await call.reply().error == .closed, "after \(pieces) frames")
            }
        }
    }
}

extension FrameUpstream {
    /// A head in as many frames as it needs.
    func sendHead(_ streamID: Int32, _ block: [UInt8]) throws {
        var rest = block[...]
        var type = Frame.headers
        while !rest.isEmpty {
            let piece = rest.prefix(16_384)
            rest = rest.dropFirst(piece.count)
            try send(
                Frame(
                    type: type, flags: rest.isEmpty ? Frame.endHeaders : 0, streamID: streamID,
                    payload: Array(piece)))
            type = Frame.continuation
        }
    }
}
