// The life of a call, from its door to its record. Read `run` from top to bottom: it is the order
// in which everything happens to every request, whatever protocol it came in.

import GatewayPrimitives

/// Takes calls through their stages. One instance a loop: what it holds is either immutable and
/// shared by all loops, or belongs to its own.
public final class Pipeline {
    private let directory: any Directory
    private let catalog: Catalog
    let router: Router
    let providers: [ProviderKind: any Provider]
    private let observer: any Observer
    let accountant: Accountant
    private let gate: CallGate
    let clock: any Clock
    let limits: CallLimits
    private let certificateRules: [CertificateRule]
    let cooled: CooledQueue
    var retryBudget = RetryBudget()
    var hedgeBudget = HedgeBudget()
    var random: FastRandom

    public init(
        directory: any Directory, catalog: Catalog, providers: [ProviderKind: any Provider],
        observer: any Observer, accountant: Accountant, clock: any Clock, limits: CallLimits,
        seed: UInt64, certificateRules: [CertificateRule] = [], tally: GateTally = GateTally()
    ) {
        self.directory = directory
        self.catalog = catalog
        self.router = Router(catalog: catalog)
        self.providers = providers
        self.observer = observer
        self.accountant = accountant
        gate = CallGate(limits: limits.gate, clock: clock, tally: tally)
        cooled = CooledQueue(waitingMax: limits.cooledWaitingMax, clock: clock)
        self.clock = clock
        self.limits = limits
        self.random = FastRandom(seed: seed)
        self.certificateRules = certificateRules
    }

    /// Serves one call. It never throws: whatever goes wrong is told to the client by the door, and
    /// every call is recorded.
    public func run(_ door: any Door) async {
        let arrival = door.arrival
        let now = clock.wallNow()
        let record = CallRecord(
            id: CallID(at: now, using: &random), endpoint: door.endpoint,
            receivedAt: arrival.receivedAt, receivedAtWall: now, client: arrival.client)
        record.userAgent = arrival.userAgent
        let cancellation = Cancellation()
        door.attach(cancellation, id: record.id)
        // The bound of the whole call covers the reading of its body too.
        let bound = CallBound(asked: arrival.timeout, configured: limits.callTimeout)
        let deadline = arrival.receivedAt.advanced(by: bound.length)
        let watch = TimeoutWatch(clock, cancellation, until: deadline, of: bound)
        watch.start()
        var isIn = false
        var charge: CallCharge?

        do throws(GatewayError) {
            // Authenticated from the headers alone: a stranger's body is never read.
            let principal = try authenticate(arrival.credential)
            record.principal = principal

            // The cheapest refusal first: a gateway that is full reads no body either.
            record.queueTime = try await gate.enter(cancellation)
            isIn = true
            let request = try await door.readRequest()
            try cancellation.check()
            record.describe(request, of: principal)

            // The model's name is looked up only after the key's right to it, so that a key learns
            // nothing about models it may not use.
            let plan = try plan(request, for: principal)

            // Every limit above the call at once, or none; what was refused until here has taken
            // nothing. Money is held before each attempt, when its price is known.
            let opened = try open(request, for: principal, plan)
            charge = opened
            record.limitRemainder = opened.limitRemainder
            record.inputTokensLikely = opened.inputTokensLikely

            // An id that the client gave its request is this call's, or an earlier one's: then
            // nothing else is done.
            if let identity = request.identity { try await opened.claim(identity, for: record) }

            let call = Call(record, of: principal, deadline: deadline)
            let relay = Relay(
                call: call, door: door, clock: clock, watch: watch, cancellation: cancellation,
                record: record, charge: opened, choiceCount: request.choiceCount)
            // Events reach the client from inside; the first one commits the call to its attempt.
            let failure = await attempt(request, plan, relay, opened, watch)
            if let failure { throw failure }
            guard var finished = relay.finished else { throw .unfinished }
            record.note(finished)

            // The end of the response is written last: when the client sees it, the ledger's row is
            // durable and the hold is gone.
            watch.stop()
            record.endedAt = clock.now()
            try await opened.settle(record, finished: finished, failure: nil, wasAnswering: true)
            finished.usage = record.usage
            finished.outcomes = record.outcomes
            try await door.finish(finished, record: record)
        } catch {
            watch.stop()
            await fail(door, error, charge, record)
        }
        if isIn { gate.leave() }
        cancellation.detach()
        observer.observe(record)
    }

    /// Ends a call that failed: what it used is charged, once, and its slots are free.
    private func fail(
        _ door: any Door, _ error: GatewayError, _ charge: CallCharge?, _ record: CallRecord
    ) async {
        var failure = error
        failure.attempts = record.attempts
        record.endedAt = clock.now()
        if let charge { await charge.settleFailed(record, failure) }
        record.error = failure
        await door.fail(failure, record: record)
    }

    /// Who calls, for doors that do not go through the pipeline, such as a list of models.
    @inline(never)
    public func authenticate(_ credential: Credential?) throws(GatewayError) -> Principal {
        switch try certified(credential) {
        case nil, .certificate:
            throw .keyInvalid(
                .missing, "No API key was sent. Send it as `authorization: Bearer sk-...`.")
        case .malformed(let why): throw .keyInvalid(.malformed, why)
        case .key(let hash):
            guard let principal = directory.principal(of: hash) else {
                throw .keyInvalid(
                    .unknown, "The API key is not known here. Check that it was copied whole.")
            }
            if let reason = principal.blockedReason { throw .keyInvalid(.blocked, reason) }
            let now = clock.wallNow()
            if let expiresAt = principal.expiresAt, expiresAt.nanoseconds <= now.nanoseconds {
                throw .keyInvalid(
                    .expired(hint: principal.keyHint),
                    "The API key expired at \(CivilDate.text(of: expiresAt)); it is "
                        + "\(CivilDate.text(of: now)). Ask for a new one.")
            }
            return principal
        }
    }

    /// The key that a certificate stands for, in its place. Where no certificate stands for one,
    /// it says nothing.
    private func certified(_ credential: Credential?) throws(GatewayError) -> Credential? {
        guard case .certificate(let certificate) = credential, !certificateRules.isEmpty else {
            return credential
        }
        guard let rule = certificateRules.first(where: { $0.applies(to: certificate) }) else {
            throw GatewayError(
                .keyInvalid, origin: .client,
                message: "The client certificate of `\(certificate.subject)` stands for no key "
                    + "here. Send a key, or have it named in gateway_settings.tls."
                    + "client_principal.")
        }
        return .key(rule.key)
    }

    /// The models a caller may use, by name.
    public func models(for principal: Principal) -> [ModelEntry] {
        let list = catalog.current
        let aliases = list.rules.aliases.filter { !$1.isHidden }.compactMap { alias, target in
            list[target.model].map { $0.named(alias) }
        }
        let allowed = (list.models + aliases).filter {
            principal.mayUse(model: $0.name, groups: $0.accessGroups)
        }
        if principal.modelAliases.isEmpty { return allowed }
        // A name of the key's own stands before a model's of the same name.
        let own = principal.modelAliases.sorted { $0.key < $1.key }.compactMap { alias, name in
            list[list.rules.aliases[name]?.model ?? name].flatMap {
                principal.mayUse($0, as: name) ? $0.named(alias) : nil
            }
        }
        return allowed.filter { principal.modelAliases[$0.name] == nil } + own
    }
}

extension GatewayError {
    fileprivate static func keyInvalid(_ fault: KeyFault, _ message: String) -> GatewayError {
        var error = GatewayError(.keyInvalid, origin: .client, message: message)
        error.keyFault = fault
        return error
    }
}

/// The bounds of every call.
public struct CallLimits: Sendable {
    /// The longest a call may take, whatever its client allows.
    public var callTimeout: Duration
    /// How many attempts are made for one call, whatever its retries and fallbacks.
    public var attemptsMax: Int
    /// How many calls of a loop wait for a deployment to return.
    public var cooledWaitingMax = 1_000
    /// How many calls a loop serves at once.
    public var gate: GateLimits

    public init(
        callTimeout: Duration, attemptsMax: Int,
        gate: GateLimits = GateLimits(
            runningMax: 100_000, waitingMax: 1_000, waitMax: .seconds(1))
    ) {
        self.callTimeout = callTimeout
        self.attemptsMax = attemptsMax
        self.gate = gate
    }
}
