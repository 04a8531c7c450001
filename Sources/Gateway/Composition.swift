import API
import Dialects
import GRPC
import GatewayCore
import GatewayPrimitives
import Glibc
import Providers
import Storage
import Telemetry
import Transport

/// Puts the rooms together: what all loops share, and what each has for itself.
struct Composition {
    let settings: Settings
    let log: Log
    /// What SIGHUP reads again.
    let reloads = ReloadList()
    let readiness: Readiness
    private let health: HealthService
    private let reflection: ContractReflection?
    let administration: Administration
    let catalog: Catalog
    /// The models of the file, and those that were made over the API.
    let models: ModelBook
    private let metrics: Metrics
    private let resolver = Resolver()
    private let counts: ConnectionCounts
    /// What the servers of all loops refuse.
    let refusals = ServerRefusals()
    private let tls: TLSServer?
    private let tlsClient = TLSClient()
    /// What reads certificates again.
    let certificates: CertificateReload
    let store: SQLiteStore
    let ledger: SQLiteLedger
    let gates = GateTallies()
    /// Tells of budgets; `nil` where nobody is told.
    let alerts: WebhookAlerts?
    /// The loop of those.
    private let alertLoop: EventLoop?
    private let limits = SlidingLimits()

    init(settings: Settings, log: Log, startedAt: WallTime) throws {
        self.settings = settings
        self.log = log
        counts = ConnectionCounts(
            totalMax: settings.server.connectionsMax,
            perAddressMax: settings.server.connectionsPerAddressMax)
        tls = try settings.tls.map { (tls) throws(TLSFailure) in try TLSServer(tls) }
        let certificates = CertificateReload(server: tls, client: tlsClient, log: log)
        self.certificates = certificates
        if tls != nil || !TLSFiles.profiles(of: settings).isEmpty {
            reloads.add("certificates") { try certificates.read() }
        }
        readiness = Readiness(disabled: settings.disabled)
        health = HealthService(services: V1Services.names)
        reflection = settings.offersReflection ? ContractReflection() : nil
        catalog = Catalog(
            deployments: settings.deployments, unable: settings.unable,
            createdAt: startedAt.seconds,
            rules: settings.routing, prices: settings.prices)
        try File.createPrivateFolder(settings.dataDirectory)
        let instances = settings.dataDirectory + "/instances"
        store = try SQLiteStore(
            path: settings.databasePath ?? settings.dataDirectory + "/llm-gateway.db",
            durability: settings.durability, instances: instances,
            lockWait: settings.timeoutDatabaseLock)
        models = ModelBook(
            settings: settings, catalog: catalog, rows: SQLiteModels(store: store), log: log)
        try models.load()
        let records = SQLiteDirectory(store: store)
        let stored = try records.loadAll()
        administration = Administration(
            store: records, mint: KeyMint(hash: KeyStrength.hash(of:)),
            limits: settings.directory, keyDefaults: settings.keyDefaults,
            keyBounds: settings.keyBounds, fixed: settings.masterKeys, stored: stored.records,
            place: stored.place, configured: settings.records(at: startedAt),
            everyone: settings.standingOfAll, now: WallTime.system)
        ledger = try SQLiteLedger(
            store: store, instances: instances, startedAt: startedAt)
        if settings.alerts != nil {
            let loop = EventLoop(index: Self.alertLoopIndex)
            alertLoop = loop
            alerts = try Self.makeAlerts(
                on: loop, settings, tlsClient, resolver, store, administration, log)
        } else {
            alertLoop = nil
            alerts = nil
        }
        metrics = Metrics(catalog: catalog, ledger: ledger)
    }

    /// Has the models read again with everything else that is.
    func reloadModels(_ load: @escaping ModelReload.Load) {
        let reload = ModelReload(models: models, readiness: readiness, log: log, load: load)
        reloads.add("models") { try reload.read() }
    }

    /// Starts what serves all loops.
    func start() {
        store.health.listen { [log, readiness] failure in
            readiness.setStore(isWritable: failure == nil)
            guard let failure else { return log.write(.info, "the ledger can be written again") }
            log.write(
                .error, "the ledger cannot be written: what has a budget is refused until it can"
            ) { $0.text("why", failure.description) }
        }
        store.start()
        alertLoop?.start()
        let recovered = ledger.recovered
        guard recovered.instanceCount > 0 else { return }
        log.write(.warning, "an earlier process ended without settling its calls") { line in
            line.number("processes", recovered.instanceCount)
            line.number("holds_settled_whole", recovered.holdCount)
        }
    }

    /// Writes what is left and closes the ledger; no loop runs any more.
    func close() {
        alerts?.close()
        alertLoop?.stop()
        alertLoop?.join()
        do throws(StoreFailure) {
            store.stopWriter()
            try ledger.close()
            try store.close()
        } catch {
            log.write(.error, "the ledger was not closed in order") { $0.text("why", "\(error)") }
        }
    }

    /// Tells probes and health checks that the process is on its way out.
    func beginDrain() {
        readiness.beginDrain()
        health.drain()
    }

    /// Another process serves now: what would outlast all other calls is ended.
    func beginHandover() { health.handOver() }

    /// Sees on a loop when certificates have changed, and reads them again; `nil` when there are
    /// none. To be kept as long as the loop runs.
    func watchCertificates(on loop: EventLoop) -> FileWatch? {
        let profiles = Set(TLSFiles.profiles(of: settings).map(\.profile))
        let files = (settings.tls?.files ?? []) + profiles.flatMap(\.files)
        guard !files.isEmpty else { return nil }
        return FileWatch(loop: loop, files: files) { [certificates] in certificates.readAndLog() }
    }

    /// What calls the upstreams of one loop, by their kind.
    private func makeProviders(
        _ client: HTTPClient, _ clock: any Clock
    ) throws -> [ProviderKind: any Provider] {
        [
            .openAI: try OpenAIProvider(
                client: client, clock: clock, deployments: settings.deployments,
                limits: settings.replies),
            .anthropic: try AnthropicProvider(
                client: client, clock: clock, deployments: settings.deployments,
                limits: settings.replies),
            .azure: try OpenAIProvider(
                client: client, clock: clock, deployments: settings.deployments, kind: .azure,
                limits: settings.replies),
            .ollama: try OllamaProvider(
                client: client, clock: clock, deployments: settings.deployments,
                limits: settings.replies),
            .gemini: try GeminiProvider(
                client: client, clock: clock, deployments: settings.deployments,
                limits: settings.replies),
            .scripted: try ScriptedProvider(clock: clock, deployments: settings.deployments),
        ]
    }

    /// Everything of one loop, from its port to its upstreams; called on that loop, or before it
    /// runs.
    func makeServer(on loop: EventLoop) throws -> (server: HTTPServer, probe: DeploymentProbe) {
        var random = SystemRandomNumberGenerator()
        let clock = LoopClock(loop: loop)
        let client = HTTPClient(
            loop: loop, resolver: resolver, limits: settings.client, http2: settings.http2,
            tls: tlsClient, proxies: settings.proxies, egress: settings.egress)
        let providers = try makeProviders(client, clock)
        let loopCount = settings.loops ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var calls = settings.calls
        calls.gate = GateLimits(
            runningMax: max(1, (settings.callsMax + loopCount - 1) / loopCount),
            waitingMax: (settings.callsWaitingMax + loopCount - 1) / loopCount,
            waitMax: settings.timeoutQueue)
        calls.cooledWaitingMax = (settings.callsCooledMax + loopCount - 1) / loopCount
        let observer = ObserverList([
            CallLogger(log: log, sample: settings.log.sample, seed: random.next()),
            metrics.makeObserver(),
        ])
        let pipeline = Pipeline(
            directory: administration.directory, catalog: catalog, providers: providers,
            observer: observer,
            accountant: Accountant(
                directory: administration.directory, ledger: ledger, limits: limits,
                rules: settings.accounting,
                clock: clock,
                everyone: settings.standingOfAll, counter: RequestTokenCounter(),
                alerts: alerts),
            clock: clock, limits: calls, seed: random.next(),
            certificateRules: settings.certificateRules, tally: gates.make())
        var grpcLimits = GRPCLimits()
        grpcLimits.messageBytesMax = settings.messageBytesMax
        grpcLimits.responseBytesMax = settings.responseBytesMax
        grpcLimits.compressesResponses = settings.compressesMessages
        var services = V1Services.make(
            pipeline: pipeline, clock: clock,
            admin: AdminSources(
                administration: administration, reports: SQLiteReports(store: store)))
        services.append(health.service)
        services += try reflection?.services(reflecting: services) ?? []
        let probe = makeProbe(providers, observer, clock, seed: random.next())
        let handler = GatewayHandler(
            pipeline: pipeline, grpc: GRPCServer(services: services, limits: grpcLimits),
            readiness: readiness, clock: clock,
            limits: doorLimits,
            usesLiteLLMStatuses: settings.usesLiteLLMStatuses,
            statusBudget: settings.statusBudgetExhausted,
            management: managementGroups(pipeline: pipeline, clock: clock, probe: probe),
            metrics: MetricsPage(needsKey: settings.metricsNeedKey) {
                [metrics, refusals, clock] in
                await metrics.page(
                    at: clock.now(), clock.wallNow(),
                    refusals: refusals.counts.map { ($0.kind.rawValue, $0.count) })
            },
            cors: settings.corsOrigins.isEmpty ? nil : CORSPolicy(origins: settings.corsOrigins),
            compressor: ResponseCompressor(
                bytesMin: settings.compressesJSON ? settings.compressionBytesMin : nil,
                compressesEvents: settings.compressesEvents),
            seed: random.next())
        let server = HTTPServer(
            loop: loop, limits: settings.server, handler: handler, counts: counts,
            refusals: refusals, trust: settings.trust, tls: tls)
        return (server, probe)
    }

    /// What checks deployments from time to time, on a loop.
    func makeChecks(on loop: EventLoop, probe: DeploymentProbe) -> BackgroundChecks {
        var random = SystemRandomNumberGenerator()
        return BackgroundChecks(
            catalog: catalog, probe: probe, clock: LoopClock(loop: loop), seed: random.next())
    }

    private var doorLimits: DoorLimits {
        var limits = DoorLimits(
            bodyBytesMax: settings.server.bodyBytesMax,
            tellsCostInStreams: settings.tellsCostInStreams)
        limits.keepAliveInterval = settings.keepAliveInterval
        return limits
    }
}
