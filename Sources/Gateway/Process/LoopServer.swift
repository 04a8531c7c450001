import Synchronization
import Transport

/// One event loop with its server, for the main thread.
final class LoopServer: DrainingServer {
    let loop: EventLoop
    private let server: HTTPServer
    private let hasEmptied = Atomic<Bool>(false)

    init(loop: EventLoop, server: HTTPServer) {
        self.loop = loop
        self.server = server
    }

    /// Before the loop starts.
    func listen(on socket: ListeningSocket) throws(ListenError) { try server.listen(on: socket) }

    var isEmpty: Bool { hasEmptied.load(ordering: .acquiring) }

    func beginDrain() {
        loop.spawn { [self] in
            server.beginDrain()
            await server.waitUntilEmpty()
            hasEmptied.store(true, ordering: .releasing)
        }
    }

    func expireCalls() {
        loop.execute { [server] in server.expireExchanges() }
    }

    func closeAll() {
        loop.execute { [server] in server.closeAll() }
    }
}
