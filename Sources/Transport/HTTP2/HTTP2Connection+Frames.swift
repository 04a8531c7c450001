import CNghttp2
import GatewayPrimitives

// What nghttp2 would pass over in silence: frames on streams that are closed.
extension HTTP2Connection {
    /// Gives nghttp2 what has come, frame by frame. False when it is of no further use, which has
    /// been dealt with.
    func feed(_ bytes: ByteView, _ session: OpaquePointer) -> Bool {
        var start = 0
        var offset = 0
        while let header = walker.next(bytes, at: &offset) {
            let end = max(start, offset &- FrameWalker.headerBytes)
            guard give(bytes[start..<end], session) else { return false }
            start = end
            if condemnedAt != nil || abuse.offence != nil || !admits(header, session) {
                return true
            }
        }
        return give(bytes[start..<bytes.count], session)
    }

    private func give(_ bytes: ByteView, _ session: OpaquePointer) -> Bool {
        guard !bytes.isEmpty else { return true }
        let taken = nghttp2_session_mem_recv(session, bytes.start, bytes.count)
        if taken >= 0 { return true }
        // An error of the library's own or a bound of its own; what it has to send can be sent.
        switch taken {
        case Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue):
            condemn(NGHTTP2_ENHANCE_YOUR_CALM, for: .floodOfContinuations, session)
        // Answers to SETTINGS and PING that the client does not take.
        case Int(NGHTTP2_ERR_FLOODED.rawValue):
            condemn(NGHTTP2_ENHANCE_YOUR_CALM, for: .floodOfControlFrames, session)
        default: condemn(NGHTTP2_INTERNAL_ERROR, for: .malformed, session)
        }
        return false
    }

    /// Whether a frame may come now, as far as nghttp2 does not check it. False when it ends the
    /// connection.
    private func admits(_ header: FrameWalker.Header, _ session: OpaquePointer) -> Bool {
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            if header.streamID > history.last {
                history.opened(header.streamID)
                return true
            }
            if !mayContinue(header.streamID, session) { return false }
            if history.isSkipped(header.streamID) {
                condemn(NGHTTP2_PROTOCOL_ERROR, for: .malformed, session)
                return false
            }
        case NGHTTP2_DATA.rawValue:
            return mayContinue(header.streamID, session)
        case NGHTTP2_PRIORITY.rawValue where header.streamID == 0:
            condemn(NGHTTP2_PROTOCOL_ERROR, for: .malformed, session)
            return false
        default: break
        }
        return true
    }

    /// Whether a stream is open, or may have been closed by a reset that the client has not seen
    /// yet (RFC 9113, 5.1, "closed").
    private func mayContinue(_ streamID: Int32, _ session: OpaquePointer) -> Bool {
        guard exchange(streamID: streamID) == nil else { return true }
        switch history.close(of: streamID) {
        case .complete:
            condemn(NGHTTP2_STREAM_CLOSED, for: .malformed, session)
            return false
        case .resetByClient:
            abuse.countReset(now: loop.now)
            nghttp2_submit_rst_stream(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), streamID,
                NGHTTP2_STREAM_CLOSED.rawValue)
            return true
        case nil: return true
        }
    }
}
