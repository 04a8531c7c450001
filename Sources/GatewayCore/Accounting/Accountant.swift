import GatewayPrimitives

/// Opens the charge of every call: finds what holds it, and takes its limits in one step. One
/// instance a loop.
public final class Accountant {
    private let directory: any Directory
    let ledger: any Ledger
    let limits: any LimitStore
    let rules: AccountingRules
    let clock: any Clock
    /// What the whole gateway is held to, where the directory does not say.
    private let everyone: Standing?
    private let counter: (any InputCounter)?
    private let alerts: (any AlertSink)?

    /// - Parameter alerts: whom calls tell of bounds of budgets that they pass or meet.
    public init(
        directory: any Directory, ledger: any Ledger, limits: any LimitStore,
        rules: AccountingRules, clock: any Clock, everyone: Standing? = nil,
        counter: (any InputCounter)? = nil, alerts: (any AlertSink)? = nil
    ) {
        self.counter = counter
        self.alerts = alerts
        self.directory = directory
        self.ledger = ledger
        self.limits = limits
        self.rules = rules
        self.clock = clock
        self.everyone = everyone.flatMap { $0.isHeld ? $0 : nil }
    }

    /// Takes the limits of a request, all or none, and puts the deployment that has room first.
    func open(
        _ request: ModelRequest, for principal: Principal, _ plan: RoutePlan
    ) throws(GatewayError) -> CallCharge {
        let standings = standings(of: request, model: plan.modelAsked, for: principal)
        if let reason = standings.lazy.compactMap(\.blockedReason).first {
            throw GatewayError(.notAllowed, origin: .client, message: reason)
        }
        let input = request.inputTokens.counted(
            plan.deployments.first.flatMap { counted(request, by: $0) })
        var ticket: LimitTicket?
        if standings.contains(where: { !$0.limits.isEmpty })
            || plan.deployments.contains(where: { !$0.limits.isEmpty })
        {
            let demand = LimitDemand(
                standings: standings, deployments: plan.deployments,
                tokens: request.isFree
                    ? .zero : tokensLikely(request, plan, input, standings))
            switch limits.take(demand, now: clock.now()) {
            case .taken(let taken):
                ticket = taken
                plan.choose(taken.deploymentIndex)
            case .refused(let hit): throw .rateLimited(hit, now: clock.wallNow())
            }
        }
        return CallCharge(
            request: request, input: input,
            accounts: request.isFree ? [] : standings.accounts, ticket: ticket, rules: rules,
            ledger: ledger, limits: limits, clock: clock, first: plan.deployments.first,
            alerts: alerts)
    }

    /// The tokens of a request's input by the vocabulary of a deployment; `nil` where it has none.
    func counted(_ request: ModelRequest, by deployment: Deployment) -> Int64? {
        guard let tokenizer = deployment.tokenizer else { return nil }
        return counter?.tokens(of: request, by: tokenizer)
    }

    /// Everything that holds a request. Without an array of its own for most requests.
    /// - Parameter model: the model that the request's name stands for: what holds it, holds it by
    ///   every alias.
    func standings(
        of request: ModelRequest, model: String, for principal: Principal
    ) -> [Standing] {
        var all = principal.standings
        if let models = principal.modelStandings[model] { all += models }
        if request.model != model, let ofAlias = principal.modelStandings[request.model] {
            all += ofAlias
        }
        if !request.endUser.isEmpty,
            let user = directory.standing(of: Subject(.endUser, request.endUser))
        {
            all.append(user)
        }
        for tag in request.tags {
            if let standing = directory.standing(of: Subject(.tag, tag)) { all.append(standing) }
        }
        for tag in principal.tags where !request.tags.contains(tag) {
            if let standing = directory.standing(of: Subject(.tag, tag)) { all.append(standing) }
        }
        if let everyone = directory.standing(of: .global) ?? everyone { all.append(everyone) }
        return all
    }

    /// What limits of tokens are asked for. What is only assumed of the output is never the reason
    /// that a request can not fit at all.
    func tokensLikely(
        _ request: ModelRequest, _ plan: RoutePlan, _ tokens: InputTokens,
        _ standings: [Standing]
    ) -> TokenCount {
        let input = min(.max / 4, Int(clamping: tokens.likely))
        let ofFirst = plan.deployments.first?.defaults?.maxOutputTokens.map(Int64.init)
        if let asked = request.outputTokensAsked ?? ofFirst {
            let output = Int(clamping: asked).multipliedReportingOverflow(by: request.choiceCount)
            return TokenCount(
                input: input, output: output.overflow ? .max / 4 : min(output.0, .max / 4))
        }
        let smallest = standings.compactMap { $0.limits.least(of: .tokens) }.min() ?? .max
        let smallestOutput = standings.compactMap { $0.limits.least(of: .outputTokens) }.min()
        let assumed = min(
            rules.outputTokensLikely, Self.share(of: smallest),
            Self.share(of: smallestOutput ?? .max))
        return TokenCount(input: input, output: max(0, min(assumed, smallest - input)))
    }

    /// The part of a limit of tokens that is taken for an answer of unknown length: a quarter, as
    /// LiteLLM has it. The whole would let one short request a minute through; what an answer has
    /// beyond it is taken when it is known, and the requests after it wait for that.
    private static func share(of limit: Int) -> Int { max(1, limit / 4) }
}

extension [Standing] {
    /// Every budget of theirs.
    var accounts: [BudgetAccount] {
        var accounts: [BudgetAccount] = []
        for standing in self {
            for budget in standing.budgets {
                accounts.append(
                    BudgetAccount(subject: standing.subject, name: standing.name, spec: budget))
            }
        }
        return accounts
    }
}
