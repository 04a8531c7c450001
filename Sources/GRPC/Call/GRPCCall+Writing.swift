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
        exchange.sendHead(status: 200, body: .untilEnd)
    }

    // MARK: - Messages

    /// Writes a message in place: `fill` appends it behind its envelope and must leave what stands
    /// before alone; nor may it use the call. It is not called when the client has gone.
    public func writeMessage(_ fill: (inout ByteQueue) -> Void) {
        guard isWritable else { return }
        sendInitialMetadata()
        exchange.write { queue in Envelope.append(to: &queue, fill) }
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

    /// Ends the call. Before the first message, the status goes into the head ("Trailers-Only").
    /// Does nothing when it has been ended already, or the client has gone.
    public func finish(_ status: GRPCStatus) {
        guard isWritable else { return }
        close()
        if exchange.isHeadSent {
            exchange.responseTrailers.append(status)
        } else {
            exchange.responseHeaders.append(contentsOf: exchange.responseTrailers)
            exchange.responseTrailers.clear()
            exchange.responseHeaders.append(status)
            exchange.sendHead(status: 200, body: .none)
        }
        exchange.end()
    }

    private var isWritable: Bool { !exchange.isEnded && exchange.failure == nil }
}

extension HeaderList {
    /// Adds `grpc-status` and what explains it.
    fileprivate mutating func append(_ status: GRPCStatus) {
        append("grpc-status", decimal: status.code.rawValue)
        if !status.message.isEmpty {
            var encoded = ByteQueue()
            PercentEncoding.append(
                status.message, bytesMax: GRPCLimits.statusMessageBytesMax, to: &encoded)
            append("grpc-message", encoded.view)
        }
        if !status.details.isEmpty && status.details.count <= GRPCLimits.statusDetailsBytesMax {
            append("grpc-status-details-bin", base64: status.details)
        }
    }

    fileprivate mutating func append(_ name: StaticString, base64 value: [UInt8]) {
        var encoded = ByteQueue()
        value.withUnsafeBytes { Base64.append($0, isPadded: false, into: &encoded) }
        append(name, encoded.view)
    }

    fileprivate mutating func append(contentsOf other: borrowing HeaderList) {
        for index in 0..<other.count {
            append(name: other.name(at: index), value: other.value(at: index))
        }
    }
}
