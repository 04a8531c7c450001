import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport

/// One run of many calls through the real pipeline, router, limits and ledger's book, with an
/// upstream, a store and clients that fail by seed, and a gateway that dies in the middle.
///
/// After every step, every budget has to hold; at the end nothing may be held, no slot taken, and
/// every row has to agree with the upstream's own bill as far as its source promises.
final class Simulation {
    private let seed: UInt64
    private let book: any LedgerBook
    private let clock = VirtualClock()
    private let executor: SeededExecutor
    private var random: FastRandom
    private let limits = SlidingLimits()
    private let catalog: Catalog
    private let accounts: [BudgetAccount]
    private var principals: [KeyHash: Principal]
    private let lateAccount: BudgetAccount
    private var late: LateBudget?
    /// The process that serves at the moment, and those that died.
    private var process: Process
    private var dead: [Process] = []
    private var doors: [RecordingDoor] = []
    /// What clients called their requests: the doors that a key's id came in by.
    private var doorsByRequest: [String: [RecordingDoor]] = [:]

    /// What one process has.
    private final class Process {
        let ledger: DirectLedger
        let upstream: SimulatedUpstream
        let pipeline: Pipeline

        init(ledger: DirectLedger, upstream: SimulatedUpstream, pipeline: Pipeline) {
            self.ledger = ledger
            self.upstream = upstream
            self.pipeline = pipeline
        }
    }

    /// What a run came to, for the sums that are published.
    struct Outcome {
        var calls = 0
        var rows = 0
        var crashes = 0
        /// What a budget began with that was set while calls ran.
        var opening = Money.zero
        /// Charged above the upstream's bill, by rows that are not `reported`.
        var chargedMore = Money.zero
        /// Billed by the upstream and not charged.
        var billedMore = Money.zero
    }

    /// What does not hold, in words.
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    init(seed: UInt64, book: any LedgerBook) {
        self.seed = seed
        self.book = book
        executor = SeededExecutor(seed: seed &+ 1)
        var random = FastRandom(seed: seed)
        let world = World(using: &random)
        catalog = world.catalog
        accounts = world.accounts
        principals = world.principals
        lateAccount = world.late
        self.random = random
        process = Self.makeProcess(
            owner: 1, book: book, clock: clock, world: (catalog, principals), limits: limits,
            seed: seed)
    }

    private static func makeProcess(
        owner: Int64, book: any LedgerBook, clock: VirtualClock,
        world: (catalog: Catalog, principals: [KeyHash: Principal]), limits: SlidingLimits,
        seed: UInt64
    ) -> Process {
        let ledger = DirectLedger(book: book, owner: owner)
        let upstream = SimulatedUpstream(clock: clock, seed: seed &+ UInt64(owner))
        var rules = AccountingRules()
        rules.trancheTokens = 12
        rules.marginTokens = SimulatedUpstream.burstMax + SimulatedUpstream.lateMax
        let directory = KeyRing(world.principals)
        return Process(
            ledger: ledger, upstream: upstream,
            pipeline: Pipeline(
                directory: directory, catalog: world.catalog, providers: [.scripted: upstream],
                observer: RecordingObserver(),
                accountant: Accountant(
                    directory: directory, ledger: ledger, limits: limits, rules: rules,
                    clock: clock),
                clock: clock,
                limits: CallLimits(
                    callTimeout: .seconds(20), attemptsMax: 3,
                    gate: GateLimits(runningMax: 12, waitingMax: 4, waitMax: .seconds(1))),
                seed: seed))
    }

    // MARK: - The run

    func run(calls: Int, mayCrash: Bool) throws -> Outcome {
        var outcome = Outcome()
        outcome.calls = calls
        var started = 0
        var steps = 0
        while started < calls || steps < 200_000 {
            steps += 1
            if started < calls, Int.random(in: 0..<6, using: &random) == 0 {
                start()
                started += 1
            }
            if mayCrash, Int.random(in: 0..<400, using: &random) == 0 {
                try crash()
                outcome.crashes += 1
            }
            if Int.random(in: 0..<80, using: &random) == 0 {
                doors.randomElement(using: &random)?.cancellation?.cancelCall(.clientGone)
            }
            let didWork = executor.step()
            try check()
            if !didWork {
                if started == calls && clock.armedCount == 0 { break }
                clock.advance(by: .milliseconds(Int.random(in: 1..<200, using: &random)))
            }
        }
        try finish(&outcome)
        return outcome
    }

    private func start() {
        let key =
            principals.keys.sorted { $0.words.0 < $1.words.0 }
            .randomElement(using: &random) ?? KeyHash(words: (0, 0, 0, 0))
        var request = ChatRequest(
            model: "m", isStream: Bool.random(using: &random), wantsUsage: true,
            maxOutputTokens: Bool.random(using: &random)
                ? Int.random(in: 1..<60, using: &random) : nil,
            textBytes: Int.random(in: 0..<400, using: &random),
            body: .typed(ChatContent(messages: [])))
        request.clampsToBudget = Bool.random(using: &random)
        if Int.random(in: 0..<4, using: &random) == 0 {
            let number = Int.random(in: 0..<6, using: &random)
            request.identity = RequestIdentity(id: "r\(number)", bodyDigest: [1])
        }
        let door = RecordingDoor(
            arrival: Arrival(receivedAt: clock.now(), timeout: nil, credential: .key(key)),
            request: .success(.chat(request)))
        doors.append(door)
        if let identity = request.identity {
            doorsByRequest["\(key.words.0)/\(identity.id)", default: []].append(door)
        }
        let work = PipelineCall(pipeline: process.pipeline, door: door)
        Task(executorPreference: executor) { await work.run() }
    }

    /// The process dies: its calls write nothing any more, and its successor settles what it held.
    private func crash() throws {
        let old = process
        old.upstream.isCutOff = true
        old.ledger.fault = { _ in .before }
        for door in doors { door.cancellation?.cancelCall(.clientGone) }
        for hold in try book.holds(of: old.ledger.owner) { _ = try book.settleWhole(hold) }
        try book.releaseClaims(of: old.ledger.owner)
        dead.append(old)
        if late == nil { try setLateBudget() }
        process = Self.makeProcess(
            owner: old.ledger.owner + 1, book: book, clock: clock, world: (catalog, principals),
            limits: limits, seed: seed &+ UInt64(dead.count) &* 1_000)
        installFaults()
    }

    /// Gives the key that has none a budget, in the process that comes now.
    private func setLateBudget() throws {
        let late = try LateBudget(lateAccount, in: book, at: clock.wallNow())
        for (hash, principal) in principals
        where principal.standings.contains(where: { $0.subject == lateAccount.subject }) {
            principals[hash] = late.principal(from: principal)
        }
        self.late = late
    }

    /// Lets the store fail now and then: before the work, or after it, so that nobody knows.
    func installFaults() {
        let faults = FaultSource(seed: seed &+ UInt64(dead.count) &+ 77)
        process.ledger.fault = { operation in faults.next(operation) }
    }

    // MARK: - What has to hold

    private func check() throws {
        if let fault = try late?.fault(in: book, at: clock.wallNow()) {
            throw Broken(description: "seed \(seed): \(fault)")
        }
        for account in accounts {
            let balance = try book.balance(of: account, at: clock.wallNow())
            guard let cap = account.spec.max else { continue }
            guard balance.held >= .zero, balance.settled >= .zero,
                balance.settled + balance.held <= cap
            else {
                throw Broken(
                    description: "seed \(seed): \(account.name) has \(balance) under \(cap.nanoUSD)"
                )
            }
        }
    }

    private func finish(_ outcome: inout Outcome) throws {
        process.ledger.fault = nil
        try process.ledger.retry()
        try check()
        if let late {
            outcome.opening = late.opening
            if let fault = try late.faultAtEnd(in: book, at: clock.wallNow()) {
                throw Broken(description: "seed \(seed): \(fault)")
            }
        }
        let audit = try book.audit()
        outcome.rows = audit.rowCount
        guard audit.holdCount == 0, audit.balances.allSatisfy({ $0.held == .zero }) else {
            throw Broken(description: "seed \(seed): money is held: \(audit)")
        }
        guard limits.requestsAtOnceTotal == 0 else {
            throw Broken(description: "seed \(seed): slots are taken")
        }
        guard audit.charged == audit.chargedByDay else {
            throw Broken(description: "seed \(seed): days do not add up: \(audit)")
        }
        guard process.ledger.forgotten.count == 0 else {
            throw Broken(description: "seed \(seed): a reservation was dropped")
        }
        var bills = process.upstream.bills
        for old in dead { bills.merge(old.upstream.bills) { $0 + $1 } }
        try checkBills(bills)
        try checkRepeats(try book.allRows())
        for row in try book.allRows() {
            let bill = bills[row.callID] ?? .zero
            let charged = row.cost.total
            let isExact = row.usage.source == .reported && row.cost.failedAttempts == .zero
            if isExact, row.failure == nil, charged + row.cost.excess != bill, bill != .zero {
                throw Broken(
                    description: "seed \(seed): a reported row of \(charged) for \(bill): \(row)")
            }
            if row.cost.excess > .zero {
                throw Broken(description: "seed \(seed): more was used than held: \(row)")
            }
            if charged > bill { outcome.chargedMore += charged - bill }
            if bill > charged { outcome.billedMore += bill - charged }
        }
    }
}

extension Simulation {
    /// However often a request was sent, it was charged once.
    private func checkRepeats(_ rows: [LedgerRow]) throws {
        let charged = Set(rows.filter { $0.cost.total > .zero }.map(\.callID))
        for (request, doors) in doorsByRequest {
            let calls = doors.compactMap { $0.record?.id }.filter { charged.contains($0) }
            if calls.count > 1 {
                throw Broken(
                    description: "seed \(seed): \(request) was charged \(calls.count) times")
            }
        }
    }

    /// What a budget is for: the upstream's own bill of all calls under it, cut and broken ones
    /// included, never passes its cap.
    private func checkBills(_ bills: [CallID: Money]) throws {
        for account in accounts {
            guard let cap = account.spec.max, account.spec.window == .forever else { continue }
            var billed = Money.zero
            for door in doors {
                guard let record = door.record, let principal = record.principal,
                    principal.standings.contains(where: { $0.subject == account.subject })
                else { continue }
                billed += bills[record.id] ?? .zero
            }
            if billed > cap {
                throw Broken(
                    description: "seed \(seed): \(account.name) was billed \(billed.nanoUSD) under "
                        + "\(cap.nanoUSD)")
            }
        }
    }
}

/// Decides when the store fails.
///
/// `@unchecked Sendable`: asked on the simulation's one thread.
private final class FaultSource: @unchecked Sendable {
    private var random: FastRandom

    init(seed: UInt64) { random = FastRandom(seed: seed) }

    func next(_ operation: DirectLedger.Operation) -> DirectLedger.Fault? {
        guard Int.random(in: 0..<40, using: &random) == 0 else { return nil }
        return Bool.random(using: &random) ? .before : .after
    }
}
