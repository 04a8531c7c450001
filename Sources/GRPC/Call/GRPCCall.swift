public import GatewayPrimitives
public import Transport

/// One call of a method, by gRPC, gRPC-Web or Connect: its metadata, its messages in both
/// directions, and its status. Handlers do not see which wire carries it, and messages are in
/// protobuf's wire form for all of them.
///
/// Order of use by a handler: read the metadata, read and write messages in any order, then return
/// or throw; the server ends the call with OK, or with the status thrown. A handler may also end it
/// itself by ``finish(_:)``. Belongs to its exchange's loop; one task reads and one writes.
public final class GRPCCall {
    /// The exchange that carries it.
    public let exchange: ServerExchange
    /// How long the client is willing to wait; `nil` when it did not say.
    public let timeout: Duration?
    /// Messages written so far.
    public internal(set) var messagesWritten = 0
    /// Whether the call has to stop because its server does.
    public private(set) var isExpired = false
    /// Why the call has to stop, once somebody said so; see ``cancel(_:)``.
    public private(set) var cancellation: GRPCStatus?
    /// Told once when the call has to stop: the client has gone, the deadline has passed, or
    /// ``cancel(_:)`` was called. For handlers that wait for something other than this call.
    public weak var cancelObserver: (any GRPCCancelObserver)?

    let wire: CallWire
    let limits: GRPCLimits
    /// The message handed out last, which stands at the front of the request until it is left.
    var held: CallWire.MessageFrame?
    private var watch: DeadlineWatch?

    /// - Parameter timeout: how long the client says that it waits.
    init(exchange: ServerExchange, wire: CallWire, timeout: Duration?, limits: GRPCLimits) {
        self.exchange = exchange
        self.wire = wire
        self.timeout = timeout
        self.limits = limits
        wire.begin(self)
        exchange.closeObserver = self
    }

    /// When the client gives up; `nil` when it did not say.
    public var deadline: MonotonicTime? {
        timeout.map { exchange.receivedAt.advanced(by: $0) }
    }

    // MARK: - Metadata of the request

    /// The first value of a metadata field; `nil` without one. The name is lower case. Valid until
    /// the call ends.
    public func metadata(_ name: StaticString) -> ByteView? {
        exchange.requestHeaders.value(of: name)
    }

    /// The first value of a field whose name ends in `-bin`, decoded; `nil` without one.
    public func binaryMetadata(_ name: StaticString) throws(GRPCStatusError) -> [UInt8]? {
        try binaryMetadataValues(name).first
    }

    /// All values of a field whose name ends in `-bin`, decoded, in order. Each may be padded or
    /// not, and several may have been joined by commas on the way (gRPC over HTTP/2, "Requests").
    public func binaryMetadataValues(
        _ name: StaticString
    ) throws(GRPCStatusError) -> [[UInt8]] {
        var values: [[UInt8]] = []
        for index in 0..<exchange.requestHeaders.count
        where exchange.requestHeaders.name(at: index).equals(name) {
            var rest = exchange.requestHeaders.value(at: index)
            while true {
                let end = rest.firstIndex(of: UInt8(ascii: ","))
                let value = Self.trimmed(end.map { rest[0..<$0] } ?? rest)
                guard let bytes = Base64.decode(value, as: .unpadded) else {
                    throw GRPCStatusError(
                        .invalidArgument,
                        "The metadata field \(ByteView(name).string) is not base64.")
                }
                values.append(bytes)
                guard let end else { break }
                rest = rest.dropping(first: end + 1)
            }
        }
        return values
    }

    private static func trimmed(_ value: ByteView) -> ByteView {
        var start = 0
        var end = value.count
        while start < end, value[start] == 0x20 { start += 1 }
        while end > start, value[end - 1] == 0x20 { end -= 1 }
        return value[start..<end]
    }

    // MARK: - Cancellation

    /// Makes the call stop: whatever waits in it throws this status. Only the first reason counts.
    /// What was written still leaves, and the call still has to be ended.
    public func cancel(_ status: GRPCStatus) {
        guard cancellation == nil else { return }
        cancellation = status
        exchange.cancelWaiting()
        notifyCancelObserver()
    }

    /// Throws if the call has to stop, or its client has gone.
    public func checkCancellation() throws(GRPCStatusError) {
        if let cancellation { throw GRPCStatusError(cancellation) }
        if let failure = exchange.failure { throw GRPCStatusError(GRPCStatus(failure)) }
    }

    /// Bounds the call by the client's deadline: it is cancelled when that passes.
    func enforceDeadline() {
        guard let deadline else { return }
        watch = DeadlineWatch(self, at: deadline)
    }

    /// What a call that did all it should comes to: its client may have given up in the meantime.
    var outcome: GRPCStatus {
        if let cancellation { return cancellation }
        if watch != nil, let deadline, exchange.loop.now >= deadline {
            return DeadlineWatch.status
        }
        return .ok
    }

    /// Lets go of what the call holds on to; it is over.
    func close() {
        watch = nil
        exchange.closeObserver = nil
    }

    private func notifyCancelObserver() {
        let observer = cancelObserver
        cancelObserver = nil
        observer?.callCancelled()
    }
}

extension GRPCCall: ExchangeCloseObserver {
    /// The client has gone. Its exchange calls this.
    public func exchangeClosed() { notifyCancelObserver() }

    /// The server is about to stop. Its exchange calls this.
    public func exchangeExpired() {
        isExpired = true
        cancel(
            GRPCStatus(
                .unavailable,
                "The gateway is shutting down and cut this call short; send it again."))
    }
}

/// Told when a call has to stop.
public protocol GRPCCancelObserver: AnyObject {
    /// Comes on the call's loop, at most once.
    func callCancelled()
}
