public import GatewayPrimitives

// What a handler writes of a response.
extension ServerExchange {
    /// Sends the head; once, first.
    public func sendHead(status: Int, body: ResponseBody) {
        precondition(!isHeadSent, "the head of a response is sent once")
        isHeadSent = true
        guard failure == nil else { return }
        wireSendHead(status: status, body: body)
    }

    /// Has what is written compressed, each piece so that the client can read it at once, where
    /// that is done and the client asks for it. Before ``sendHead(status:body:)``, whose fields it
    /// adds to; the body must be one that goes on until its end.
    public func compressEvents() {
        guard let compressor, compressor.compressesEvents else { return }
        responseHeaders.append("vary", "accept-encoding")
        guard AcceptedEncodings.includeGzip(requestHeaders.value(of: "accept-encoding")) else {
            return
        }
        responseHeaders.append("content-encoding", "gzip")
        encoder = StreamDeflater()
    }

    /// Appends to the body. It leaves at the end of the loop's turn.
    public func write(_ bytes: ByteView) {
        assert(isHeadSent && !isEnded, "the body stands between head and end")
        guard failure == nil else { return }
        if let encoder {
            encoder.append(bytes, to: &outbound)
        } else {
            outbound.append(bytes)
        }
        wireOutboundChanged()
    }

    /// Appends to the body in place. Not after ``end()``.
    public func write(_ append: (inout ByteQueue) -> Void) {
        assert(isHeadSent && !isEnded, "the body stands between head and end")
        guard failure == nil else { return }
        if let encoder {
            encoder.append(append, to: &outbound)
        } else {
            append(&outbound)
        }
        wireOutboundChanged()
    }

    /// How much the client has not taken yet, the connection's own share not counted.
    public var outboundCount: Int { outbound.count }

    /// Returns when there is room for more: at once in nearly all cases, else when the client has
    /// taken enough of what waits.
    public func awaitRoom() async throws(TransportError) {
        while true {
            if let failure { throw failure }
            if outbound.count <= wireRoomBytes { return }
            if isWaitingCancelled { throw .cancelled }
            precondition(writer == nil, "two tasks write to one exchange")
            await withUnsafeContinuation { writer = $0 }
        }
    }

    /// Completes the response, with ``responseTrailers`` if there are any.
    public func end() {
        guard !isEnded else { return }
        isEnded = true
        guard failure == nil else { return }
        encoder?.finish(into: &outbound)
        wireOutboundChanged()
    }

    /// Breaks the exchange off: the client sees a reset stream or a closed connection.
    public func reset(_ reason: ResetReason) {
        guard failure == nil else { return }
        isEnded = true
        wireReset(reason)
        fail(.closed)
    }

    /// Wakes whoever waits in the functions above; they throw ``TransportError/cancelled``. What is
    /// there can still be read, and a response can still be written.
    public func cancelWaiting() {
        isWaitingCancelled = true
        wakeReader()
        wakeWriter()
    }
}
