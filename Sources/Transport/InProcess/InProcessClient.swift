/// A client that reaches a handler without sockets: for tests of what stands above the wires.
///
/// Each request runs as a task of the loop, as it would behind a connection. The loop must have
/// been started.
public final class InProcessClient: Sendable {
    private let loop: EventLoop
    private let handler: any ExchangeHandler
    private let limits: Limits

    public init(loop: EventLoop, handler: any ExchangeHandler, limits: Limits = Limits()) {
        self.loop = loop
        self.handler = handler
        self.limits = limits
    }

    /// Starts a request and returns its client's side.
    public func start(_ request: InProcessRequest) -> InProcessCall {
        let call = InProcessCall(loop: loop)
        loop.execute { [loop, handler, limits] in
            let exchange = InProcessExchange(
                loop: loop, limits: limits, request: request, call: call)
            call.attach(exchange)
            loop.spawn {
                await handler.handle(exchange)
                exchange.handlerReturned()
            }
        }
        return call
    }

    /// Makes a request and waits for the whole response.
    public func send(_ request: InProcessRequest) async -> InProcessResponse {
        await start(request).response()
    }
}
