public import GatewayPrimitives
import Transport

extension GRPCCall {
    /// Waits for the next message and returns it; `nil` when the client has sent all of them.
    ///
    /// The view is valid until the next read, and behind it are ``ByteQueue/slack`` readable bytes.
    /// The client may send as many bytes more only when the message has been left: that is the
    /// back-pressure.
    ///
    /// - Parameter bytesMax: the bound of this message, if it is not the configured one.
    public func readMessage(bytesMax: Int? = nil) async throws(GRPCStatusError) -> ByteView? {
        leaveMessage()
        let bytesMax = bytesMax ?? limits.messageBytesMax
        while true {
            if let cancellation { throw GRPCStatusError(cancellation) }
            switch try wire.front(of: self, bytesMax: bytesMax) {
            case .message(let frame): return try hold(frame, bytesMax: bytesMax)
            case .end: return nil
            case .incomplete: break
            }
            try await readMore()
        }
    }

    /// Waits for the only message of a call and the end of its request. The view is valid until the
    /// call ends. None or several are refused as gRPC has it ("Status codes and their use": request
    /// cardinality violation).
    public func readOnlyMessage(bytesMax: Int? = nil) async throws(GRPCStatusError) -> ByteView {
        let bytesMax = bytesMax ?? limits.messageBytesMax
        while true {
            if let cancellation { throw GRPCStatusError(cancellation) }
            switch try wire.front(of: self, bytesMax: bytesMax) {
            case .message(let frame):
                if frame.hasMore {
                    throw GRPCStatusError(
                        .unimplemented, "The method takes one message; the call sent several.")
                }
                if exchange.isRequestComplete { return try hold(frame, bytesMax: bytesMax) }
            case .end:
                throw GRPCStatusError(
                    .unimplemented, "The method takes one message; the call sent none.")
            case .incomplete: break
            }
            try await readMore()
        }
    }

    private func hold(
        _ frame: CallWire.MessageFrame, bytesMax: Int
    ) throws(GRPCStatusError) -> ByteView {
        held = frame
        return try wire.open(frame, of: self, bytesMax: bytesMax)
    }

    /// Takes the message handed out last from the request.
    private func leaveMessage() {
        guard let frame = held else { return }
        held = nil
        wire.leave(frame, of: self)
    }

    private func readMore() async throws(GRPCStatusError) {
        // A message may be larger than the client's window; its bound has been checked.
        exchange.announceInbound()
        do {
            _ = try await exchange.readMore()
        } catch {
            throw GRPCStatusError(cancellation ?? GRPCStatus(error))
        }
    }
}
