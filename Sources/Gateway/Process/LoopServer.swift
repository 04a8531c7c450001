import GatewayCore
import Synchronization
import Transport

/// One event loop with its server, for the main thread.
///
/// `@unchecked Sendable`: the server and the checks are touched on the loop alone, once it runs.
final class LoopServer: DrainingServer, @unchecked Sendable {
    let loop: EventLoop
    private let server: HTTPServer
    /// What checks deployments from time to time, where this loop does.
    private let checks: BackgroundChecks?
    private let hasEmptied = Atomic<Bool>(false)

    init(loop: EventLoop, server: HTTPServer, checks: BackgroundChecks? = nil) {
        self.loop = loop
        self.server = server
        self.checks = checks
    }

    /// Before the loop starts.
    func listen(on socket: ListeningSocket) throws(ListenError) { try server.listen(on: socket) }

    /// Checks deployments from now on, until the drain.
    func startChecks() {
        guard checks != nil else { return }
        loop.spawn { [self] in await checks?.run() }
    }

    var isEmpty: Bool { hasEmptied.load(ordering: .acquiring) }

    func beginDrain() {
        loop.spawn { [self] in
            server.beginDrain()
            // Their calls are recorded like all others.
            await checks?.stop()
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
