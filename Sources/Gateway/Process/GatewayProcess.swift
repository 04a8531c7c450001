import GatewayCore
import GatewayPrimitives
import Glibc
import Telemetry
import Transport

/// The running gateway: its loops, and their orderly end.
///
/// Used on the main thread, which waits for signals while the loops serve.
final class GatewayProcess {
    private let settings: Settings
    private let log: Log
    private let composition: Composition
    private var servers: [LoopServer] = []

    /// Why it cannot start.
    struct StartError: Error, CustomStringConvertible {
        let description: String
    }

    init(settings: Settings) throws {
        self.settings = settings
        log = Log(
            level: settings.log.level, format: settings.log.format, descriptor: STDERR_FILENO)
        composition = try Composition(
            settings: settings, log: log, createdAt: WallTime.system().seconds)
    }

    /// Logs what of the configuration does nothing: a line a key and a line a deployment.
    func report(_ loaded: LoadedConfiguration) {
        for finding in loaded.findings where finding.verdict == .ignored {
            log.write(.warning, "configuration key ignored") { line in
                line.text("key", finding.path)
                if let position = finding.position { line.text("at", position.text) }
                line.text("why", finding.meaning)
            }
        }
        for configured in settings.configured {
            guard let reason = configured.disabledReason else { continue }
            log.write(.warning, "deployment disabled") { line in
                line.text("deployment", configured.deployment.id)
                line.text("model", configured.deployment.model)
                line.text("why", reason)
            }
        }
    }

    /// Starts every loop and returns the port that all of them listen on.
    func start() throws -> UInt16 {
        ProcessSignals.prepare()
        let descriptors = FileDescriptorLimit.raise()
        log.start()
        guard !PortProbe.isTaken(host: settings.host, port: settings.port) else {
            throw StartError(
                description: "port \(settings.port) of \(settings.host) is taken; end what listens "
                    + "there (`ss -ltnp` shows it) or choose another with --port")
        }
        let count = settings.loops ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var port = settings.port
        for index in 0..<count {
            let loop = EventLoop(index: index)
            // The loop does not run yet: what is done here is done on its behalf.
            let server = LoopServer(loop: loop, server: try composition.makeServer(on: loop))
            port = try server.listen(host: settings.host, port: port)
            servers.append(server)
        }
        for server in servers { server.loop.start() }
        log.write(.info, "listening") { line in
            line.text("host", settings.host)
            line.number("port", Int(port))
            line.number("loops", count)
            line.number("descriptors_max", descriptors)
        }
        return port
    }

    /// Waits for SIGTERM or SIGINT, drains, and returns the exit status. A second signal ends the
    /// drain at once.
    func waitForEnd() -> Int32 {
        let signal = ProcessSignals.wait()
        log.write(.info, "draining") { $0.number("signal", Int(signal)) }
        let drain = Drain(
            timeout: settings.timeoutDrain, refuseTraffic: composition.beginDrain,
            servers: servers, waitForSignal: ProcessSignals.wait(milliseconds:))
        let outcome = drain.run()
        switch outcome {
        case .completed: log.write(.info, "stopped")
        case .timedOut: log.write(.warning, "stopped, and cut off calls that were in flight")
        case .interrupted: log.write(.warning, "stopped at once by a second signal")
        }
        if case .interrupted(let signal) = outcome {
            log.close()
            return ExitStatus.ended(by: signal)
        }
        for server in servers { server.loop.stop() }
        for server in servers { server.loop.join() }
        log.close()
        return ExitStatus.success
    }
}
