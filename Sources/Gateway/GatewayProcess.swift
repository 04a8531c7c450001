import API
import Foundation
import GatewayCore
import GatewayPrimitives
import Glibc
import Synchronization
import Telemetry
import Transport

/// The running gateway: its loops, and their orderly end.
///
/// Used on the main thread, which waits for signals while the loops serve.
final class GatewayProcess {
    private let settings: Settings
    private let log: Log
    private let composition: Composition
    private var loops: [EventLoop] = []
    private var servers: [HTTPServer] = []
    private let drainedCount = DrainCounter()

    /// How often the end of a drain is looked for.
    private static let drainPollNanoseconds = 10_000_000

    init(settings: Settings) throws {
        self.settings = settings
        log = Log(
            level: settings.log.level, format: settings.log.format, descriptor: STDERR_FILENO)
        composition = try Composition(
            settings: settings, log: log, createdAt: WallTime.system().seconds)
    }

    /// Starts every loop and returns the port that all of them listen on.
    func start() throws -> UInt16 {
        Self.prepareProcess()
        log.start()
        var port = settings.port
        let count = settings.loops ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        for index in 0..<count {
            let loop = EventLoop(index: index)
            // The loop does not run yet: what is done here is done on its behalf.
            let server = try composition.makeServer(on: loop)
            port = try server.listen(host: settings.host, port: port)
            loops.append(loop)
            servers.append(server)
        }
        for loop in loops { loop.start() }
        return port
    }

    /// Waits for SIGTERM or SIGINT, then drains: no new connections, those that are idle closed,
    /// the calls in flight finished within the time that is allowed. A second signal ends at once.
    func waitForEnd() {
        waitForSignal()
        log.write(.info, "draining")
        composition.beginDrain()
        let counter = drainedCount
        for (loop, server) in zip(loops, servers) {
            loop.spawn {
                server.beginDrain()
                await server.waitUntilEmpty()
                counter.count.add(1, ordering: .relaxed)
            }
        }
        waitUntilDrained()
        for (loop, server) in zip(loops, servers) {
            loop.execute { server.closeAll() }
            loop.stop()
        }
        for loop in loops { loop.join() }
        log.write(.info, "stopped")
        _ = log.close()
    }

    private func waitUntilDrained() {
        let allowed = settings.timeoutDrain.wholeNanoseconds
        let polls = Int(allowed) / Self.drainPollNanoseconds
        var signals = Self.endSignals
        var pause = timespec(tv_sec: 0, tv_nsec: Self.drainPollNanoseconds)
        for _ in 0..<max(polls, 1) {
            if drainedCount.count.load(ordering: .relaxed) == loops.count { return }
            if sigtimedwait(&signals, nil, &pause) > 0 { return }
        }
        log.write(.warning, "calls were still in flight at the end of the drain")
    }

    private func waitForSignal() {
        var signals = Self.endSignals
        var received: Int32 = 0
        while sigwait(&signals, &received) != 0 {}
    }

    private static var endSignals: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        return signals
    }

    /// Signals go to the main thread alone; broken pipes are errors, not signals; the process may
    /// open as many descriptors as it is allowed to.
    private static func prepareProcess() {
        var signals = endSignals
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
        var files = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 {
            files.rlim_cur = files.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        }
    }
}

/// How many loops have no connection left.
private final class DrainCounter: Sendable {
    let count = Atomic<Int>(0)
}
