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
        while true {
            if let cancellation { throw GRPCStatusError(cancellation) }
            switch Envelope.front(of: exchange.inboundView, bytesMax: bytesMax ?? limits.messageBytesMax) {
            case .refused(let status): throw GRPCStatusError(status)
            case .message(let length): return hold(length)
            case .incomplete: break
            }
            if exchange.isRequestComplete {
                if exchange.inboundView.isEmpty { return nil }
                throw Self.truncated
            }
            try await readMore()
        }
    }

    /// Waits for the only message of a call and the end of its request. The view is valid until the
    /// call ends. None or several are refused as gRPC has it ("Status codes and their use": request
    /// cardinality violation).
    public func readOnlyMessage(bytesMax: Int? = nil) async throws(GRPCStatusError) -> ByteView {
        while true {
            if let cancellation { throw GRPCStatusError(cancellation) }
            let body = exchange.inboundView
            switch Envelope.front(of: body, bytesMax: bytesMax ?? limits.messageBytesMax) {
            case .refused(let status): throw GRPCStatusError(status)
            case .message(let length):
                if body.count > Envelope.byteCount + length {
                    throw GRPCStatusError(
                        .unimplemented, "The method takes one message; the call sent several.")
                }
                if exchange.isRequestComplete { return hold(length) }
            case .incomplete:
                guard exchange.isRequestComplete else { break }
                if !body.isEmpty { throw Self.truncated }
                throw GRPCStatusError(
                    .unimplemented, "The method takes one message; the call sent none.")
            }
            try await readMore()
        }
    }

    private static var truncated: GRPCStatusError {
        GRPCStatusError(.internalFault, "The request ended in the middle of a message.")
    }

    private func hold(_ length: Int) -> ByteView {
        heldBytes = Envelope.byteCount + length
        return exchange.inboundView[Envelope.byteCount..<heldBytes]
    }

    /// Takes the message handed out last from the body.
    private func leaveMessage() {
        guard heldBytes > 0 else { return }
        let count = heldBytes
        heldBytes = 0
        exchange.takeInbound(count)
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
