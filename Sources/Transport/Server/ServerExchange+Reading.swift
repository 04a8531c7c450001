public import GatewayPrimitives

// What a handler reads of a request.
extension ServerExchange {
    /// The request target: path and query.
    public var target: ByteView { targetBytes.view }

    /// The path, without the query.
    public var path: ByteView {
        let target = targetBytes.view
        return target.firstIndex(of: 0x3F).map { target[0..<$0] } ?? target
    }

    /// What has been received of the body and not been taken; valid until the next read or take.
    /// Behind it are ``ByteQueue/slack`` readable bytes.
    public var inboundView: ByteView { inbound.view }

    /// Waits until there is something to take. False when the body is complete and all is taken.
    public func readSome() async throws(TransportError) -> Bool {
        let before = inbound.count
        return try await readMore(than: 0, before: before)
    }

    /// Waits until there is more than was there already. False when the body is complete.
    public func readMore() async throws(TransportError) -> Bool {
        try await readMore(than: inbound.count, before: inbound.count)
    }

    private func readMore(than count: Int, before: Int) async throws(TransportError) -> Bool {
        while true {
            if inbound.count > count { return true }
            if isRequestComplete { return false }
            if let failure { throw failure }
            if isWaitingCancelled { throw .cancelled }
            precondition(reader == nil, "two tasks read the body of one exchange")
            wireAwaitsBody()
            await withUnsafeContinuation { reader = $0 }
        }
    }

    /// Takes bytes from the front of the body.
    public func takeInbound(_ count: Int) {
        inbound.consume(count)
        let announced = min(count, inboundAnnounced)
        inboundAnnounced -= announced
        if count > announced { wireInboundTaken(count - announced) }
    }

    /// Lets the client send on though nothing is taken: for a reader that needs a piece whole which
    /// may be larger than the client's window. The reader bounds what gathers.
    public func announceInbound() {
        let fresh = inbound.count - inboundAnnounced
        guard fresh > 0 else { return }
        inboundAnnounced = inbound.count
        wireInboundTaken(fresh)
    }

    /// Waits for the whole body; valid until the exchange ends, with ``ByteQueue/slack`` readable
    /// bytes behind it. Throws ``TransportError/tooLarge(what:limit:)`` as soon as it is certain
    /// that the body is larger than `bytesMax`.
    public func readBody(bytesMax: Int) async throws(TransportError) -> ByteView {
        if let length = requestHeaders.value(of: "content-length")?.decimal, length > bytesMax {
            throw .tooLarge(what: "request body", limit: bytesMax)
        }
        while true {
            let more = try await readMore()
            if inbound.count > bytesMax { throw .tooLarge(what: "request body", limit: bytesMax) }
            announceInbound()
            if !more { return inbound.view }
        }
    }
}
