public import GatewayPrimitives
import Transport

extension GRPCCall {
    // MARK: - Metadata of the response

    /// Adds a field to the head of the response; before the first message.
    public func addInitialMetadata(_ name: StaticString, _ value: ByteView) {
        assert(!exchange.isHeadSent, "initial metadata goes before the first message")
        exchange.responseHeaders.append(name, value)
    }

    /// Adds a field to the trailers; before the call is ended.
    public func addTrailingMetadata(_ name: StaticString, _ value: ByteView) {
        exchange.responseTrailers.append(name, value)
    }

    /// Adds a field with bytes for its value, whose name ends in `-bin`, to the trailers.
    public func addTrailingMetadata(_ name: StaticString, binary value: [UInt8]) {
        assert(ByteView(name).hasSuffix("-bin"), "binary metadata has a name that says so")
        exchange.responseTrailers.append(name, base64: value)
    }

    /// Sends the head now instead of with the first message: for clients that wait for it.
    public func sendInitialMetadata() {
        guard isWritable, !exchange.isHeadSent else { return }
        wire.sendHead(of: self)
    }

    // MARK: - Messages

    /// Writes a message in place: `fill` appends it, in protobuf's wire form, behind what stands
    /// there and must leave that alone; nor may it use the call. It is not called when the client
    /// has gone. A message over the bound is not sent, and makes the call stop.
    public func writeMessage(_ fill: (inout ByteQueue) -> Void) {
        guard isWritable else { return }
        sendInitialMetadata()
        if let fault = wire.write(to: self, fill) { return cancel(fault) }
        messagesWritten += 1
    }

    /// Writes a message that is packed already.
    public func writeMessage(_ bytes: ByteView) {
        writeMessage { $0.append(bytes) }
    }

    /// Returns when there is room for more; at once in nearly all cases. Throws when the call has
    /// to stop.
    public func awaitRoom() async throws(GRPCStatusError) {
        if let cancellation { throw GRPCStatusError(cancellation) }
        do {
            try await exchange.awaitRoom()
        } catch {
            throw GRPCStatusError(cancellation ?? GRPCStatus(error))
        }
    }

    // MARK: - The end

    /// Whether the call was ended, or its client has gone.
    public var isFinished: Bool { !isWritable }

    /// Ends the call. A call that had to stop, or whose deadline has passed, does not succeed.
    /// Before the first message, the status goes into the head where the wire has it so
    /// ("Trailers-Only"). Does nothing when it has been ended already, or the client has gone.
    public func finish(_ status: GRPCStatus) {
        guard isWritable else { return }
        let status = status.code == .ok ? outcome : status
        close()
        wire.finish(self, status)
    }

    private var isWritable: Bool { !exchange.isEnded && exchange.failure == nil }
}
