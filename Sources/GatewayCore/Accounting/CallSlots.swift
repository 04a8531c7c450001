import GatewayPrimitives

/// What one call has taken of limits: with its admission, and for models and deployments that it
/// came to later. Each is given back once.
struct CallSlots {
    private let limits: any LimitStore
    /// How many tokens the call is expected to use.
    private let tokens: TokenCount
    /// What was taken with the admission, and moves from deployment to deployment.
    private var ticket: LimitTicket?
    private var others: [LimitTicket] = []

    init(_ ticket: LimitTicket?, of limits: any LimitStore, for worst: WorstCase) {
        self.ticket = ticket
        self.limits = limits
        let output = worst.outputTokensAsked.map { $0.multipliedClamped(by: worst.choiceCount) }
        tokens = TokenCount(
            input: Int(clamping: min(.max / 4, worst.input.likely)),
            output: Int(clamping: min(.max / 4, output ?? 0)))
    }

    private init(_ ticket: LimitTicket?, beside main: CallSlots) {
        self.ticket = ticket
        limits = main.limits
        tokens = main.tokens
    }

    /// What remains of the limits, for the headers of the answer.
    var remainder: LimitRemainder? { ticket?.remainder }

    /// Whether the deployment chosen with the limits is the one, or its own limits let one more in.
    mutating func move(to deployment: Deployment, now: MonotonicTime) -> Bool {
        if let ticket { return limits.move(ticket, to: deployment, now: now) }
        guard !deployment.limits.isEmpty else { return true }
        ticket = take([], [deployment], now)
        return ticket != nil
    }

    /// Takes what the use of a model that stands in is held to; false where that is full.
    mutating func enter(_ standings: [Standing], now: MonotonicTime) -> Bool {
        guard standings.contains(where: { !$0.limits.isEmpty }) else { return true }
        guard let taken = take(standings, [], now) else { return false }
        others.append(taken)
        return true
    }

    private func take(
        _ standings: [Standing], _ deployments: [Deployment], _ now: MonotonicTime
    ) -> LimitTicket? {
        let demand = LimitDemand(standings: standings, deployments: deployments, tokens: tokens)
        guard case .taken(let taken) = limits.take(demand, now: now) else { return nil }
        return taken
    }

    /// Those of an attempt beside the one that is made; `nil` where its deployment is full.
    func fork(for deployment: Deployment, now: MonotonicTime) -> CallSlots? {
        guard !deployment.limits.isEmpty else { return CallSlots(nil, beside: self) }
        return take([], [deployment], now).map { CallSlots($0, beside: self) }
    }

    /// Takes over what a fork has, to be settled with what the call has used.
    mutating func join(_ fork: CallSlots) {
        if let ticket = fork.ticket { others.append(ticket) }
        others += fork.others
    }

    /// Gives everything back.
    /// - Parameters:
    ///   - used: what the call has used; `nil` for nothing.
    ///   - wasTried: whether anything was; else the request itself is given back too.
    func settle(used: TokenCount?, wasTried: Bool, now: MonotonicTime) {
        if let ticket {
            limits.settle(ticket, tokens: wasTried ? used ?? .zero : nil, now: now)
        }
        for ticket in others { limits.settle(ticket, tokens: used ?? .zero, now: now) }
    }
}
