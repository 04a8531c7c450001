import GatewayPrimitives

/// A server exchange without a socket: what the handler writes goes to an ``InProcessCall``.
///
/// It keeps the order of a real wire: nothing leaves before the end of the loop's turn, and a
/// client that takes nothing makes its handler wait.
///
/// `@unchecked Sendable` is safe as for its base: it is used on its loop only.
final class InProcessExchange: ServerExchange, @unchecked Sendable {
    private let call: InProcessCall
    private let flusher: Flusher
    private var head: InProcessResponse?
    /// How many bytes of the body the client still takes.
    private var window: Int

    /// Takes part in the loop's flush without a descriptor.
    private final class Flusher: SocketHandler {
        weak var exchange: InProcessExchange?

        override func flush() { exchange?.flush() }
    }

    init(loop: EventLoop, limits: Limits, request: InProcessRequest, call: InProcessCall) {
        self.call = call
        flusher = Flusher(loop: loop, takingOwnershipOf: -1)
        window = request.windowBytes
        super.init(loop: loop, limits: limits)
        flusher.exchange = self
        method = HTTPMethod(text: request.method)
        isHTTP2 = request.isHTTP2
        receivedAt = loop.now
        targetBytes.append(text: request.target)
        for field in request.headers { requestHeaders.append(field) }
        inbound.append(array: request.body)
        isRequestComplete = request.isComplete
    }

    // MARK: - The client's part

    /// More of the request's body has come.
    func receive(_ bytes: [UInt8]) {
        guard failure == nil, !isRequestComplete else { return }
        inbound.append(array: bytes)
        wakeReader()
    }

    /// The request is complete.
    func receiveEnd() {
        guard failure == nil, !isRequestComplete else { return }
        isRequestComplete = true
        wakeReader()
    }

    /// The client has gone.
    func clientGone() {
        guard failure == nil, !call.isOver else { return }
        call.end(.clientGone)
        fail(.closed)
    }

    /// The client takes so many more bytes of the response.
    func widenWindow(by count: Int) {
        window = window.addingReportingOverflow(count).overflow ? .max : window + count
        loop.markDirty(flusher)
    }

    /// The handler has returned; a response that it left incomplete is broken off.
    func handlerReturned() {
        if !isEnded { reset(.internalError) }
    }

    // MARK: - The wire's part

    override func wireSendHead(status: Int, body: ResponseBody) {
        var head = InProcessResponse()
        head.status = status
        head.headers = responseHeaders.texts()
        self.head = head
        loop.markDirty(flusher)
    }

    override func wireOutboundChanged() { loop.markDirty(flusher) }

    override func wireInboundTaken(_ count: Int) { call.serverTook(count) }

    override func wireReset(_ reason: ResetReason) { call.end(.reset(reason)) }

    private func flush() {
        guard failure == nil else { return }
        if let head {
            call.receiveHead(head)
            self.head = nil
        }
        let count = min(outbound.count, window)
        if count > 0 {
            call.receiveBody(outbound.view[0..<count])
            outbound.consume(count)
            if window != .max { window -= count }
        }
        if isEnded && outbound.isEmpty && !call.isOver {
            call.end(.complete, trailers: responseTrailers.texts())
        }
        outboundTaken()
    }
}

extension HeaderList {
    fileprivate mutating func append(_ field: InProcessRequest.Field) {
        var queue = ByteQueue()
        queue.append(text: field.name)
        let nameCount = queue.count
        queue.append(text: field.value)
        append(name: queue.view[0..<nameCount], value: queue.view.dropping(first: nameCount))
    }

    /// A copy as texts.
    fileprivate borrowing func texts() -> [InProcessRequest.Field] {
        (0..<count).map { InProcessRequest.Field(name(at: $0).string, value(at: $0).string) }
    }
}

extension HTTPMethod {
    fileprivate init(text: String) {
        var queue = ByteQueue()
        queue.append(text: text)
        self.init(queue.view)
    }
}
