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
    private let notifier: ServiceNotifier
    private var servers: [LoopServer] = []
    private var handover: HandoverServer?
    private var certificateWatch: FileWatch?
    private let configFiles: [String]
    private var configWatch: FileWatch?
    private var retentionSweep: RetentionSweep?
    private var refusalReport: RefusalReport?
    private var directoryWatch: DirectoryWatch?

    /// Why it cannot start.
    struct StartError: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter reload: reads the configuration again; `nil` where there is no file.
    init(
        settings: Settings, environment: [String: String], reload: ModelReload.Load? = nil,
        configFiles: [String] = []
    ) throws {
        self.configFiles = configFiles
        self.settings = settings
        log = Log(
            level: settings.log.level, format: settings.log.format, descriptor: STDERR_FILENO)
        composition = try Composition(
            settings: settings, log: log, startedAt: WallTime.system())
        notifier = ServiceNotifier(environment)
        if let reload { composition.reloadModels(reload) }
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
        for deployment in settings.deployments where deployment.price == nil {
            log.write(.warning, "deployment without a known price") { line in
                line.text("deployment", deployment.id)
                line.text("model", deployment.model)
                line.text(
                    "meaning",
                    settings.accounting.refusesUnknownPrice
                        ? "its calls are refused: set its input_ and output_cost_per_token"
                        : "its calls are counted at zero")
            }
        }
        settings.warnOfDisabled(in: log)
        if settings.storesModels, settings.modelSalt == nil {
            log.write(.warning, "models cannot be made over the API") { line in
                line.text("why", "LLM_GATEWAY_SALT_KEY is not set in the environment")
            }
        }
    }

    /// Warns of upstreams that anyone could pass for.
    func warnOfUnverified() {
        for (deployment, profile) in TLSFiles.profiles(of: settings) where !profile.verifiesServer {
            log.write(.warning, "the upstream's certificate is not checked") { line in
                line.text("deployment", deployment.id)
                line.text("why", "ssl_verify is false")
            }
        }
    }

    /// Starts every loop and returns the address that they listen on.
    /// - Parameter takesOver: whether to take the sockets of the process that serves now, if there
    ///   is one, and have it drain.
    func start(
        takesOver: Bool, environment: [String: String]
    ) throws -> (host: String, port: UInt16) {
        ProcessSignals.prepare()
        let descriptors = FileDescriptorLimit.raise()
        log.start()
        let loops = settings.loops ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let opening = SocketOpening(settings: settings, log: log)
        let supplied = try SupervisorSockets.take(environment)
        let predecessor = takesOver ? try opening.findPredecessor() : nil
        let sockets = try opening.open(
            supervisor: supplied, predecessor: predecessor?.sockets ?? [], loops: loops)
        let shares = SocketShares.of(sockets: sockets.count, loops: loops)
        for index in 0..<loops {
            let loop = EventLoop(index: index)
            // The loop does not run yet: what is done here is done on its behalf.
            let (made, probe) = try composition.makeServer(on: loop)
            // One loop checks deployments for all.
            let checks = index == 0 ? composition.makeChecks(on: loop, probe: probe) : nil
            let server = LoopServer(loop: loop, server: made, checks: checks)
            for share in shares[index] { try server.listen(on: sockets[share]) }
            servers.append(server)
        }
        certificateWatch = composition.watchCertificates(on: servers[0].loop)
        if !configFiles.isEmpty {
            // Read on the main thread, as if somebody had sent the signal.
            configWatch = FileWatch(loop: servers[0].loop, files: configFiles) {
                ProcessSignals.tellReload()
            }
        }
        directoryWatch = composition.watchDirectory(on: servers[0].loop)
        retentionSweep = composition.sweepRows(on: servers[0].loop)
        refusalReport = RefusalReport(
            loop: servers[0].loop, refusals: composition.refusals, log: log)
        composition.certificates.warn()
        warnOfUnverified()
        composition.start()
        for server in servers {
            server.loop.start()
            server.startChecks()
        }
        log.write(.info, "listening") { line in
            line.text("host", sockets[0].host)
            line.number("port", Int(sockets[0].port))
            line.number("loops", loops)
            line.number("sockets", sockets.count)
            line.number("descriptors_max", descriptors)
            line.text("tls", settings.tls.map { "from \($0.minimumVersion.rawValue)" } ?? "off")
        }
        if let predecessor { replace(predecessor) }
        handover = opening.makeHandoverServer(sockets)
        handover?.start()
        notifier.ready()
        return (sockets[0].host, sockets[0].port)
    }

    private func replace(_ predecessor: Predecessor) {
        let isDraining = predecessor.release()
        log.write(isDraining ? .info : .warning, "took over") { line in
            line.number("predecessor", predecessor.processID)
            line.text("predecessor_state", isDraining ? "draining" : "gone")
        }
    }

    /// Serves until SIGTERM, SIGINT or a takeover, drains, and returns the exit status. A second
    /// signal ends the drain at once.
    func waitForEnd() -> Int32 {
        while true {
            switch ProcessSignals.wait() {
            case .reload: reload()
            case .restart: startSuccessor()
            case .childEnded:
                while let status = Successor.reap() {
                    log.write(.warning, "the successor ended; this process goes on serving") {
                        $0.number("wait_status", Int(status))
                    }
                }
            case .handedOver:
                guard let successor = handover?.successor else { continue }
                log.write(.info, "draining: handed over") { $0.number("successor", successor) }
                return drain { [composition] in composition.beginHandover() }
            case .end(let signal):
                log.write(.info, "draining") { $0.number("signal", Int(signal)) }
                notifier.stopping()
                return drain { [composition] in composition.beginDrain() }
            }
        }
    }

    private func reload() {
        notifier.reloading()
        composition.reloads.run(log: log)
        notifier.ready()
    }

    private func startSuccessor() {
        switch Successor.start() {
        case .success(let process):
            log.write(.info, "started a successor") { $0.number("successor", Int(process)) }
        case .failure(let error):
            log.write(.error, "cannot start a successor; this process goes on serving") {
                $0.text("why", error.description)
            }
        }
    }

    private func drain(_ refuseTraffic: @escaping () -> Void) -> Int32 {
        // Lets go of its descriptors: a socket that nobody else holds closes with the listeners.
        handover?.stop()
        let drain = Drain(
            timeout: settings.timeoutDrain, refuseTraffic: refuseTraffic, servers: servers,
            waitForSignal: ProcessSignals.wait(milliseconds:))
        let outcome = drain.run()
        switch outcome {
        case .completed: log.write(.info, "stopped")
        case .timedOut: log.write(.warning, "stopped, and cut short calls that were in flight")
        case .interrupted: log.write(.warning, "stopped at once by a second signal")
        }
        if case .interrupted(let signal) = outcome {
            log.close()
            return ExitStatus.ended(by: signal)
        }
        for server in servers { server.loop.stop() }
        for server in servers { server.loop.join() }
        composition.close()
        RefusalReport.write(composition.refusals, to: log)
        log.close()
        return ExitStatus.success
    }
}
