public import GatewayCore
import GatewayPrimitives
public import Storage

/// A pipeline with everything around it replaced: clock, doors, providers, observer.
public final class PipelineHarness {
    public let clock = VirtualClock()
    public let observer = RecordingObserver()
    public let provider: StepProvider
    public let pipeline: Pipeline
    public let limits = SlidingLimits()
    public let book = MemoryBook()
    public let ledger: DirectLedger
    public let alerts = RecordingAlerts()

    /// The hash of the key that is known, and of one that is not.
    public static let knownKey = KeyHash(words: (1, 2, 3, 4))
    public static let unknownKey = KeyHash(words: (9, 9, 9, 9))
    public static let timeouts = AttemptTimeouts(
        firstToken: .seconds(5), betweenTokens: .seconds(2), attempt: .seconds(30))

    public init(
        attempts: [[StepProvider.Step]], deployments: Int = 1, allowedModels: [String] = [],
        attemptsMax: Int = 3, standings: [Standing] = [], price: Price? = nil,
        rules: AccountingRules = AccountingRules(), principal: Principal? = nil,
        routing: RoutingRules = .withoutWaits, catalog: [Deployment]? = nil, seed: UInt64 = 7
    ) {
        provider = StepProvider(attempts)
        ledger = DirectLedger(book: book)
        let list =
            catalog
            ?? (0..<deployments).map { index in
                Deployment(
                    index: index, id: "d\(index)", model: "m", provider: .scripted,
                    upstreamModel: "u", apiBase: "", apiKey: nil, timeouts: Self.timeouts,
                    price: price)
            }
        pipeline = Pipeline(
            directory: KeyRing([
                Self.knownKey: principal
                    ?? Principal(
                        name: "alice", access: ModelAccess(models: allowedModels),
                        standings: standings)
            ]),
            catalog: Catalog(deployments: list, createdAt: 0, rules: routing),
            providers: [.scripted: provider],
            observer: observer,
            accountant: Accountant(
                directory: KeyRing([:]), ledger: ledger, limits: limits,
                rules: rules, clock: clock, alerts: alerts),
            clock: clock,
            limits: CallLimits(callTimeout: .seconds(60), attemptsMax: attemptsMax), seed: seed)
    }

    /// An accountant without limits and budgets.
    public static func accountant(
        clock: any Clock, directory: any Directory = KeyRing([:])
    ) -> Accountant {
        Accountant(
            directory: directory, ledger: DirectLedger(book: MemoryBook()),
            limits: SlidingLimits(), rules: AccountingRules(), clock: clock)
    }

    /// A door with a chat request.
    public func door(
        key: KeyHash? = knownKey, model: String = "m", timeout: Duration? = nil,
        isStream: Bool = true, routing: RequestRouting? = nil, tags: [String] = [],
        maxOutputTokens: Int? = nil, clampsToBudget: Bool = false,
        identity: RequestIdentity? = nil
    ) -> RecordingDoor {
        var request = ChatRequest(
            model: model, isStream: isStream, wantsUsage: false,
            maxOutputTokens: maxOutputTokens, body: .typed(ChatContent(messages: [])))
        request.routing = routing
        request.tags = tags
        request.clampsToBudget = clampsToBudget
        request.identity = identity
        return RecordingDoor(
            arrival: Arrival(
                receivedAt: clock.now(), timeout: timeout, credential: key.map { .key($0) }),
            request: .success(.chat(request)))
    }

    /// An upstream's failure that another deployment may not share.
    public static func unavailable(_ message: String = "down") -> GatewayError {
        GatewayError(
            .upstreamUnavailable, origin: .upstream, retry: .otherDeployment, message: message,
            outcome: .serverError)
    }
}
