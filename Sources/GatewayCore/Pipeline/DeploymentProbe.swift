import GatewayPrimitives

/// Tries deployments, each with a call of its own through the whole pipeline: a completion of one
/// token, or one embedding. It costs what it costs, and stands in the ledger under the key
/// ``keyID``: it is the gateway's own, held to no limit and no budget. One a loop.
///
/// What comes of it is the deployment's last check, apart from what the router has seen of it: a
/// check does not end a cooldown, nor begin one.
public final class DeploymentProbe {
    private let providers: [ProviderKind: any Provider]
    private let observer: any Observer
    private let accountant: Accountant
    private let clock: any Clock
    /// What one check may take, of a deployment that says nothing else.
    private let timeout: Duration
    private var random: FastRandom
    private var doors: [ObjectIdentifier: ProbeDoor] = [:]

    /// Names probes in the ledger.
    public static let keyID = "health-check"
    /// What the pipeline knows the probe by; it is nobody's key.
    private static let key = KeyHash(words: (0, 0, 0, 0))

    public init(
        providers: [ProviderKind: any Provider], observer: any Observer, accountant: Accountant,
        clock: any Clock, timeout: Duration, seed: UInt64
    ) {
        self.providers = providers
        self.observer = observer
        self.accountant = accountant
        self.clock = clock
        self.timeout = timeout
        random = FastRandom(seed: seed)
    }

    /// Tries a deployment and notes the result with its health, unless it was broken off. Returns
    /// why it does not answer; `nil` when it does.
    @discardableResult
    public func check(_ deployment: Deployment, rules: CheckRules) async -> GatewayError? {
        let start = clock.now()
        let failure = await probe(deployment)
        if failure?.reason == .drain { return failure }
        let isTransient = failure?.outcome == .rateLimited || failure?.reason == .timedOut
        let now = clock.now()
        deployment.health.noteCheck(
            CheckResult(at: now, duration: now.since(start), failure: failure),
            keepsAwayFor: isTransient && rules.ignoresTransient ? nil : rules.lifetime)
        return failure
    }

    /// Breaks off every check that runs.
    func cancelAll() { for door in doors.values { door.cancellation?.cancelCall(.drained) } }

    private func probe(_ deployment: Deployment) async -> GatewayError? {
        var rules = RoutingRules()
        rules.retries.count = 0
        let traits = deployment.traits.check
        let timeout = traits.timeout ?? timeout
        // With a health of its own: a deployment that is left alone is tried all the same.
        let target = Deployment(
            deployment, model: traits.model ?? deployment.model,
            upstreamModel: traits.model ?? deployment.upstreamModel, health: DeploymentHealth())
        let pipeline = Pipeline(
            directory: KeyRing([Self.key: Principal(name: Self.keyID)]),
            catalog: Catalog(deployments: [target], createdAt: 0, rules: rules),
            providers: providers,
            observer: observer, accountant: accountant, clock: clock,
            limits: CallLimits(callTimeout: timeout, attemptsMax: 1), seed: random.next())
        let door = ProbeDoor(
            request: Self.request(to: target, outputTokensMax: traits.outputTokensMax),
            arrival: Arrival(
                receivedAt: clock.now(), timeout: timeout, credential: .key(Self.key)))
        doors[ObjectIdentifier(door)] = door
        await pipeline.run(door)
        doors[ObjectIdentifier(door)] = nil
        return door.failure
    }

    /// The least that the deployment can be asked for.
    private static func request(
        to deployment: Deployment, outputTokensMax: Int
    ) -> ModelRequest {
        let text = "ping"
        if deployment.mode == .embedding {
            return .embeddings(
                EmbeddingRequest(
                    model: deployment.model, inputCount: 1, textBytes: text.utf8.count,
                    body: .typed(EmbeddingContent(inputs: [.text(text)]))))
        }
        if let relayed = RelayRequest(probing: deployment) { return .relay(relayed) }
        return .chat(
            ChatRequest(
                model: deployment.model, isStream: false, wantsUsage: false,
                maxOutputTokens: outputTokensMax, textBytes: text.utf8.count,
                body: .typed(
                    ChatContent(messages: [Message(role: .user, parts: [.text(text)])]))))
    }
}

/// The front of a probe: nobody reads the answer.
private final class ProbeDoor: Door {
    let endpoint: StaticString = "health"
    let arrival: Arrival
    let rawDialect: Dialect? = nil
    private let request: ModelRequest
    private(set) var cancellation: Cancellation?
    private(set) var failure: GatewayError?

    init(request: ModelRequest, arrival: Arrival) {
        self.request = request
        self.arrival = arrival
    }

    func attach(_ cancellation: Cancellation, id: CallID) { self.cancellation = cancellation }

    func readRequest() async throws(GatewayError) -> ModelRequest { request }

    func commit(_ record: CallRecord) {}

    func write(_ event: ReplyEvent) throws(GatewayError) {}

    func awaitRoom() async throws(GatewayError) {}

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {}

    func fail(_ error: GatewayError, record: CallRecord) async { failure = error }
}
