import GatewayPrimitives

/// Tries deployments, each with a call of its own through the whole pipeline: a completion of one
/// token, or one embedding. It costs what it costs, and stands in the ledger under the key
/// ``keyID``. One a loop.
public final class DeploymentProbe {
    private let providers: [ProviderKind: any Provider]
    private let observer: any Observer
    private let accountant: Accountant
    private let clock: any Clock
    private var random: FastRandom

    /// Names probes in the ledger.
    public static let keyID = "health-check"
    /// What the pipeline knows the probe by; it is nobody's key.
    private static let key = KeyHash(words: (0, 0, 0, 0))

    public init(
        providers: [ProviderKind: any Provider], observer: any Observer, accountant: Accountant,
        clock: any Clock, seed: UInt64
    ) {
        self.providers = providers
        self.observer = observer
        self.accountant = accountant
        self.clock = clock
        random = FastRandom(seed: seed)
    }

    /// Why a deployment does not answer; `nil` when it does.
    public func probe(_ deployment: Deployment, timeout: Duration) async -> GatewayError? {
        var rules = RoutingRules()
        rules.retries.count = 0
        let pipeline = Pipeline(
            directory: KeyRing([Self.key: Principal(name: Self.keyID)]),
            catalog: Catalog(deployments: [deployment], createdAt: 0, rules: rules),
            providers: providers,
            observer: observer, accountant: accountant, clock: clock,
            limits: CallLimits(callTimeout: timeout, attemptsMax: 1), seed: random.next())
        let door = ProbeDoor(
            request: Self.request(to: deployment),
            arrival: Arrival(
                receivedAt: clock.now(), timeout: timeout, credential: .key(Self.key)))
        await pipeline.run(door)
        return door.failure
    }

    /// The least that the deployment can be asked for.
    private static func request(to deployment: Deployment) -> ModelRequest {
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
                model: deployment.model, isStream: false, wantsUsage: false, maxOutputTokens: 1,
                textBytes: text.utf8.count,
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
    private(set) var failure: GatewayError?

    init(request: ModelRequest, arrival: Arrival) {
        self.request = request
        self.arrival = arrival
    }

    func attach(_ cancellation: Cancellation, id: CallID) {}

    func readRequest() async throws(GatewayError) -> ModelRequest { request }

    func commit(_ record: CallRecord) {}

    func write(_ event: ReplyEvent) throws(GatewayError) {}

    func awaitRoom() async throws(GatewayError) {}

    func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {}

    func fail(_ error: GatewayError, record: CallRecord) async { failure = error }
}
