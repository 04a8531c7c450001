import GatewayPrimitives
import Synchronization

/// The client's side of one exchange without sockets. Its functions may be called from any task;
/// what the client does happens on the loop, in the order of the calls.
///
/// Whatever is awaited returns at the latest when the response ends.
public final class InProcessCall: Sendable {
    private let loop: EventLoop
    private let state = Mutex(State())

    private struct State: ~Copyable {
        var response = InProcessResponse()
        /// How much of the body ``InProcessCall/nextBytes()`` has handed out.
        var bodyReturned = 0
        /// How much of the request's body the server has taken.
        var serverTaken = 0
        var exchange: InProcessExchange?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(loop: EventLoop) { self.loop = loop }

    // MARK: - What the client does

    /// Sends more of the body.
    public func send(_ bytes: [UInt8]) { onLoop { $0.receive(bytes) } }

    /// Completes the request.
    public func finish() { onLoop { $0.receiveEnd() } }

    /// Goes away, as a client that resets its stream or closes its connection.
    public func goAway() { onLoop { $0.clientGone() } }

    /// Takes so many more bytes of the response than its window let it.
    public func take(_ count: Int) { onLoop { $0.widenWindow(by: count) } }

    // MARK: - What the client sees

    /// Waits for the response's head: its status and fields. The status is zero when the exchange
    /// ended without one.
    public func head() async -> InProcessResponse {
        await wait { $0.response.status != 0 || $0.response.ending != nil ? $0.response : nil }
    }

    /// Waits for what has come of the body since the last call; `nil` when there is no more.
    public func nextBytes() async -> [UInt8]? {
        await wait { state -> [UInt8]?? in
            let fresh = Array(state.response.body.dropFirst(state.bodyReturned))
            state.bodyReturned += fresh.count
            if !fresh.isEmpty { return .some(fresh) }
            return state.response.ending == nil ? .none : .some(nil)
        }
    }

    /// Waits until so much of the body has come, or the response is over.
    public func received(atLeast count: Int) async -> InProcessResponse {
        await wait { state in
            let isEnough = state.response.body.count >= count || state.response.ending != nil
            return isEnough ? state.response : nil
        }
    }

    /// Waits until the server has taken so much of the request's body, or the response is over;
    /// returns how much it has taken.
    public func serverTook(atLeast count: Int) async -> Int {
        await wait { state in
            let isEnough = state.serverTaken >= count || state.response.ending != nil
            return isEnough ? state.serverTaken : nil
        }
    }

    /// Waits for the end and returns all that came.
    public func response() async -> InProcessResponse {
        await wait { $0.response.ending == nil ? nil : $0.response }
    }

    /// What has come so far.
    public var soFar: InProcessResponse { state.withLock { $0.response } }

    private func wait<Value: Sendable>(_ read: @Sendable (inout State) -> Value?) async -> Value {
        while true {
            if let value = state.withLock({ read(&$0) }) { return value }
            await withCheckedContinuation { continuation in
                // Looked at again under the lock that a change takes, so that none is missed.
                let isReady = state.withLock { state in
                    if read(&state) != nil { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    // MARK: - From the exchange, on the loop

    func attach(_ exchange: InProcessExchange) { change { $0.exchange = exchange } }

    func receiveHead(_ head: InProcessResponse) {
        change {
            $0.response.status = head.status
            $0.response.headers = head.headers
        }
    }

    func receiveBody(_ bytes: ByteView) {
        let copy = bytes.bytes
        change { $0.response.body += copy }
    }

    func serverTook(_ count: Int) { change { $0.serverTaken += count } }

    func end(_ ending: InProcessResponse.Ending, trailers: [InProcessRequest.Field] = []) {
        change { state in
            guard state.response.ending == nil else { return }
            state.response.ending = ending
            state.response.trailers = trailers
            // Else the two would keep each other.
            state.exchange = nil
        }
    }

    /// Whether the response has ended.
    var isOver: Bool { state.withLock { $0.response.ending != nil } }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func onLoop(_ body: @escaping @Sendable (InProcessExchange) -> Void) {
        loop.execute {
            guard let exchange = self.state.withLock({ $0.exchange }) else { return }
            body(exchange)
        }
    }
}
