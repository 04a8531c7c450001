import GatewayPrimitives
import Glibc
import Testing
import Transport

/// A server on a loop of its own, for one test.
final class ServerHarness: Sendable {
    let loop: EventLoop
    let server: HTTPServer
    let port: UInt16

    init(
        limits: Limits = Limits(), trust: ProxyTrust = ProxyTrust(), handler: any ExchangeHandler,
        tls: TLSServer? = nil
    ) throws {
        loop = EventLoop(index: 0)
        server = HTTPServer(loop: loop, limits: limits, handler: handler, trust: trust, tls: tls)
        port = try server.listen(host: "127.0.0.1", port: 0)
        loop.start()
    }

    func connect() throws -> RawPeer { try RawPeer(port: port) }

    func connectionCount() async -> Int {
        let server = server
        return await loop.run { server.connectionCount }
    }

    func stop() async {
        let server = server
        await loop.run {
            server.closeAll()
            await server.waitUntilEmpty()
        }
        loop.stop()
        loop.join()
    }
}

/// Runs a test against a server that serves every exchange by a function.
func withServer(
    limits: Limits = Limits(), trust: ProxyTrust = ProxyTrust(),
    _ serve: @escaping @Sendable (ServerExchange) async -> Void,
    test: (ServerHarness) async throws -> Void
) async throws {
    let harness = try ServerHarness(
        limits: limits, trust: trust, handler: FunctionHandler(serve))
    do {
        try await test(harness)
    } catch {
        await harness.stop()
        throw error
    }
    await harness.stop()
}

/// A handler made of a function.
final class FunctionHandler: ExchangeHandler {
    private let serve: @Sendable (ServerExchange) async -> Void

    init(_ serve: @escaping @Sendable (ServerExchange) async -> Void) { self.serve = serve }

    func handle(_ exchange: ServerExchange) async { await serve(exchange) }
}

/// Answers with the request's body, whole.
@Sendable func echo(_ exchange: ServerExchange) async {
    do {
        let body = try await exchange.readBody(bytesMax: 32 * 1024 * 1024)
        exchange.responseHeaders.append("content-type", "application/octet-stream")
        exchange.sendHead(status: 200, body: .known(body.count))
        exchange.write(body)
        exchange.end()
    } catch {
        exchange.reset(.internalError)
    }
}

/// Answers with the request's body as it comes, and a trailer.
@Sendable func echoAsItComes(_ exchange: ServerExchange) async {
    do {
        exchange.sendHead(status: 200, body: .untilEnd)
        while try await exchange.readSome() {
            let bytes = exchange.inboundView
            exchange.write(bytes)
            exchange.takeInbound(bytes.count)
            try await exchange.awaitRoom()
        }
        exchange.responseTrailers.append("x-end", "reached")
        exchange.end()
    } catch {
        exchange.reset(.internalError)
    }
}

/// Answers with a word.
@Sendable func sayOK(_ exchange: ServerExchange) async {
    exchange.sendHead(status: 200, body: .known(2))
    exchange.write(ByteView("ok"))
    exchange.end()
}

/// Drops the request's body, and answers nothing.
@Sendable func readToTheEnd(_ exchange: ServerExchange) async {
    do {
        while try await exchange.readSome() { exchange.takeInbound(exchange.inboundView.count) }
    } catch {
        return
    }
}

/// Lets a test wait for something that happens on a loop. Bounded by the test's own time limit.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self) }

    func send() { continuation.yield() }

    func wait() async {
        for await _ in stream { return }
    }
}
