// The life of a call, from its door to its record. Read `run` from top to bottom: it is the order
// in which everything happens to every request, whatever protocol it came in.

import GatewayPrimitives

/// Takes calls through their stages. One instance a loop: what it holds is either immutable and
/// shared by all loops, or belongs to its own.
public final class Pipeline {
    private let directory: any Directory
    private let catalog: Catalog
    private let router: Router
    private let providers: [ProviderKind: any Provider]
    private let observer: any Observer
    private let accountant: Accountant
    private let gate: CallGate
    private let clock: any Clock
    private let limits: CallLimits
    private let certificateRules: [CertificateRule]
    private var random: FastRandom

    public init(
        directory: any Directory, catalog: Catalog, providers: [ProviderKind: any Provider],
        observer: any Observer, accountant: Accountant, clock: any Clock, limits: CallLimits,
        seed: UInt64, certificateRules: [CertificateRule] = []
    ) {
        self.directory = directory
        self.catalog = catalog
        self.router = Router(catalog: catalog)
        self.providers = providers
        self.observer = observer
        self.accountant = accountant
        gate = CallGate(limits: limits.gate, clock: clock)
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
        var record = CallRecord(
            id: CallID(at: now, using: &random), endpoint: door.endpoint,
            receivedAt: arrival.receivedAt, receivedAtWall: now, client: arrival.client)
        let cancellation = Cancellation()
        door.attach(cancellation, id: record.id)
        // The bound of the whole call covers the reading of its body too.
        let deadline = arrival.receivedAt.advanced(
            by: min(arrival.timeout ?? limits.callTimeout, limits.callTimeout))
        let watch = TimeoutWatch(clock: clock, cancellation: cancellation, callDeadline: deadline)
        watch.start()
        var isIn = false
        var charge: CallCharge?

        do throws(GatewayError) {
            // Authenticated from the headers alone: a stranger's body is never read.
            let principal = try authenticate(arrival.credential)
            record.principal = principal

            // The cheapest refusal first: a gateway that is full reads no body either.
            try await gate.enter(cancellation)
            isIn = true
            let request = try await door.readRequest()
            try cancellation.check()
            record.describe(request, of: principal)

            // The model's name is looked up only after the key's right to it, so that a key learns
            // nothing about models it may not use.
            var plan = try router.plan(request, for: principal, random: &random)

            // Every limit above the call at once, or none; what was refused until here has taken
            // nothing. Money is held before each attempt, when its price is known.
            let opened = try accountant.open(request, for: principal, &plan)
            charge = opened
            record.limitRemainder = opened.limitRemainder

            let call = Call(record, of: principal, deadline: deadline)
            let relay = Relay(
                call: call, door: door, clock: clock, watch: watch, cancellation: cancellation,
                record: record, charge: opened, choiceCount: request.choiceCount)
            // Events reach the client from inside; the first one commits the call to its attempt.
            let failure = await attempt(request, plan, relay, opened, watch)
            record = relay.record
            if let failure { throw failure }
            guard var finished = relay.finished else { throw .unfinished }
            record.note(finished)

            // The end of the response is written last: when the client sees it, the ledger's row is
            // durable and the hold is gone.
            watch.stop()
            record.endedAt = clock.now()
            try await opened.settle(&record, finished: finished, failure: nil, wasAnswering: true)
            finished.usage = record.usage
            try await door.finish(finished, record: record)
        } catch {
            var failure = error
            failure.attempts = record.attempts
            record.endedAt = clock.now()
            watch.stop()
            // Whatever failed: what it used is charged, once, and its slots are free.
            if let charge { await charge.settleFailed(&record, failure) }
            record.error = failure
            await door.fail(failure, record: record)
        }
        if isIn { gate.leave() }
        cancellation.detach()
        observer.observe(record)
    }

    /// Who calls, for doors that do not go through the pipeline, such as a list of models.
    public func authenticate(_ credential: Credential?) throws(GatewayError) -> Principal {
        switch try certified(credential) {
        case nil, .certificate:
            throw GatewayError(
                .keyInvalid, origin: .client,
                message: "No API key was sent. Send it as `authorization: Bearer sk-...`.")
        case .malformed(let why):
            throw GatewayError(.keyInvalid, origin: .client, message: why)
        case .key(let hash):
            guard let principal = directory.principal(of: hash) else {
                throw GatewayError(
                    .keyInvalid, origin: .client,
                    message: "The API key is not known here. Check that it was copied whole.")
            }
            if let reason = principal.blockedReason {
                throw GatewayError(.keyInvalid, origin: .client, message: reason)
            }
            if let expiresAt = principal.expiresAt,
                expiresAt.nanoseconds <= clock.wallNow().nanoseconds
            {
                throw GatewayError(
                    .keyInvalid, origin: .client,
                    message: "The API key expired. Ask for a new one.")
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
        catalog.models.filter { principal.mayUse(model: $0.name) }
    }

    /// Tries the plan's deployments in order until one commits. Returns why all failed, or why the
    /// one that had committed was cut short; `nil` when the reply is complete.
    private func attempt(
        _ request: ModelRequest, _ plan: RoutePlan, _ relay: Relay, _ charge: CallCharge,
        _ watch: TimeoutWatch
    ) async -> GatewayError? {
        var failures = AttemptFailures()
        for deployment in plan.deployments.prefix(limits.attemptsMax) {
            // The worst case of this attempt is held before it is made, or it is not made.
            do throws(GatewayError) {
                if !failures.isEmpty, !charge.move(to: deployment) { continue }
                try await charge.prepare(deployment, relay.record)
                relay.record.budgetWarning = charge.budgetWarning
                try relay.cancellation.check()
            } catch {
                if error.reason == .budgetExhausted, !failures.isEmpty { break }
                if error.retry == .never { return error }
                failures.add(error)
                continue
            }
            let startedAt = clock.now()
            relay.record.attempts.append(Attempt(deployment: deployment, startedAt: startedAt))
            watch.beginAttempt(deployment.timeouts, at: startedAt)
            let failure = await attemptOnce(request, at: deployment, relay)
            watch.endAttempt()
            relay.cancellation.endAttempt()
            guard var failure, !relay.isCut else { return nil }
            let last = relay.record.attempts.count - 1
            relay.record.attempts[last].fail(
                failure, now: clock.now(), wasCommitted: relay.isCommitted)
            if relay.isCommitted {
                return failure.asInterruption()
            }
            charge.attemptFailed(failure)
            failures.add(failure)
            guard failure.retry == .otherDeployment, relay.cancellation.callError == nil else {
                failure.retry = .never
                return failure
            }
            relay.reset()
        }
        return failures.verdict(model: request.model)
    }

    private func attemptOnce(
        _ request: ModelRequest, at deployment: Deployment, _ relay: Relay
    ) async -> GatewayError? {
        guard let provider = providers[deployment.provider] else {
            return GatewayError(
                .internalFault, origin: .gateway,
                message: "No provider `\(deployment.provider.rawValue)` is built in.")
        }
        do throws(GatewayError) {
            try await provider.attempt(request, at: deployment, relay: relay)
            return nil
        } catch {
            // What was cancelled reports a broken connection; the reason is with the cancellation.
            return relay.cancellation.error ?? error
        }
    }
}

/// The bounds of every call.
public struct CallLimits: Sendable {
    /// The longest a call may take, whatever its client allows.
    public var callTimeout: Duration
    /// How many deployments are tried for one call.
    public var attemptsMax: Int
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
