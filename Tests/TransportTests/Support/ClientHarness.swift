import GatewayPrimitives
import Synchronization
import Testing

@testable import Transport

/// A time of a test's own: it stands still until the test lets it leap.
final class LeapingTime: Sendable {
    private let nanoseconds = Atomic<UInt64>(1_000_000_000_000)

    var now: MonotonicTime { MonotonicTime(nanoseconds: nanoseconds.load(ordering: .acquiring)) }

    func leap(by duration: Duration) {
        nanoseconds.add(duration.wholeNanoseconds, ordering: .releasing)
    }
}

/// A client on a loop of its own, for one test that plays the upstream.
final class ClientHarness: Sendable {
    let time = LeapingTime()
    let loop: EventLoop
    let client: HTTPClient

    init(
        limits: ClientLimits = ClientLimits(), resolver: Resolver = Resolver(),
        http2: HTTP2Policy = HTTP2Policy(), proxies: ProxyRules = ProxyRules(),
        egress: EgressRule = EgressRule()
    ) {
        let time = time
        loop = EventLoop(index: 0) { time.now }
        client = HTTPClient(
            loop: loop, resolver: resolver, limits: limits, http2: http2, proxies: proxies,
            egress: egress)
        loop.start()
    }

    /// Lets time pass, and the loop do what is due.
    func leap(by duration: Duration) async {
        time.leap(by: duration)
        await turn()
    }

    /// Lets the loop do what there is to do.
    func turn() async {
        // What the first turn finds may be dealt with in the next.
        for _ in 0..<3 { await loop.run {} }
    }

    /// Waits until something on the loop is so.
    func wait(until isSo: @escaping @Sendable (HTTPClient) -> Bool) async {
        let client = client
        while await !loop.run({ isSo(client) }) { await Task.yield() }
    }

    var connectionCount: Int {
        get async {
            let client = client
            return await loop.run { client.connectionCount }
        }
    }

    var idleCount: Int {
        get async {
            let client = client
            return await loop.run { client.idleConnectionCount }
        }
    }

    var waiterCount: Int {
        get async {
            let client = client
            return await loop.run { client.waiterCount }
        }
    }

    /// Begins an exchange, which goes on beside the test; returns when it first has to wait.
    func start(
        to port: UInt16, host: String = "127.0.0.1", tls: TLSProfile? = nil,
        _ use: @escaping @Sendable (ClientExchange) async throws(TransportError) -> String =
            sendHello
    ) async -> ClientCall {
        let call = ClientCall()
        await loop.run { [self] in begin(call, Origin(host: host, port: port, tls: tls), use) }
        return call
    }

    /// Begins several.
    func start(_ count: Int, to port: UInt16) async -> [ClientCall] {
        var calls: [ClientCall] = []
        for _ in 0..<count { calls.append(await start(to: port)) }
        return calls
    }

    /// The same from the loop itself, without waiting.
    func begin(
        _ call: ClientCall, _ origin: Origin,
        _ use: @escaping @Sendable (ClientExchange) async throws(TransportError) -> String =
            sendHello
    ) {
        let exchange = client.exchange(to: origin)
        call.begin(exchange)
        loop.spawn {
            do throws(TransportError) {
                call.finish(
                    ClientCall.Reply(body: try await use(exchange), status: exchange.status))
            } catch {
                call.finish(ClientCall.Reply(status: exchange.status, error: error))
            }
            exchange.close()
            call.closed()
        }
    }

    func stop() async {
        let client = client
        await loop.run { client.closeIdle() }
        loop.stop()
        loop.join()
    }
}

/// What has become of an exchange that a test has begun.
final class ClientCall: Sendable {
    struct Reply: Sendable {
        var body = ""
        var status = 0
        var error: TransportError?
    }

    private struct State {
        var exchange: ClientExchange?
        var reply: Reply?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let done = Signal()

    func begin(_ exchange: ClientExchange) { state.withLock { $0.exchange = exchange } }
    func finish(_ reply: Reply) { state.withLock { $0.reply = reply } }

    func closed() {
        state.withLock {
            $0.isClosed = true
            $0.exchange = nil
        }
        done.send()
    }

    var exchange: ClientExchange? { state.withLock { $0.exchange } }
    var isOver: Bool { state.withLock { $0.isClosed } }

    /// Waits for its end.
    func reply() async -> Reply {
        await done.wait()
        return state.withLock { $0.reply ?? Reply() }
    }

    /// Calls it off, on its loop.
    func cancel(on loop: EventLoop) async {
        guard let exchange else { return }
        await loop.run { exchange.cancel() }
    }
}

/// Runs a test with a client and an upstream that the test plays.
func withClient(
    limits: ClientLimits = ClientLimits(), resolver: Resolver = Resolver(),
    http2: HTTP2Policy = HTTP2Policy(), proxies: ProxyRules = ProxyRules(),
    test: (ClientHarness, RawListener) async throws -> Void
) async throws {
    let upstream = try RawListener()
    let harness = ClientHarness(
        limits: limits, resolver: resolver, http2: http2, proxies: proxies)
    do {
        try await test(harness, upstream)
    } catch {
        await harness.stop()
        throw error
    }
    await harness.stop()
}

/// The same by HTTP/2, with prior knowledge.
func withHTTP2Client(
    limits: ClientLimits = ClientLimits(),
    test: (ClientHarness, RawListener) async throws -> Void
) async throws {
    try await withClient(limits: limits, http2: HTTP2Policy(mode: .priorKnowledge), test: test)
}

/// Posts `hello` and reads the whole reply.
@Sendable func sendHello(_ exchange: ClientExchange) async throws(TransportError) -> String {
    try await post("hello", to: exchange)
    try await exchange.receiveHead()
    return try await exchange.readBody(bytesMax: 1 << 20).string
}

/// Posts a body, with a field, to `/v1/chat`.
func post(_ body: StaticString, to exchange: ClientExchange) async throws(TransportError) {
    var headers = HeaderList()
    headers.append("content-type", "text/plain")
    try await exchange.send(
        ClientRequest(
            method: "POST", target: ByteView("/v1/chat"), headers: headers, body: ByteView(body)))
}

/// A request without a body.
func ask(
    _ method: StaticString, _ exchange: ClientExchange
) async throws(TransportError) -> String {
    try await exchange.send(
        ClientRequest(
            method: method, target: ByteView("/v1/models"), headers: HeaderList(), body: .empty))
    try await exchange.receiveHead()
    return try await exchange.readBody(bytesMax: 1 << 20).string
}
