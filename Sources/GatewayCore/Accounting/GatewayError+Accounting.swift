import GatewayPrimitives

extension GatewayError {
    /// A limit was hit; nothing was taken.
    static func rateLimited(_ hit: LimitHit, now: WallTime) -> GatewayError {
        let window = hit.seconds == 60 ? "per minute" : "in \(hit.seconds) s"
        let kind =
            switch hit.kind {
            case .requests: "requests \(window)"
            case .tokens: "tokens \(window)"
            case .inputTokens: "input tokens \(window)"
            case .outputTokens: "output tokens \(window)"
            case .requestsAtOnce: "requests at once"
            case .spend: "spend"
            }
        let subject = "\(hit.standing.subject.kind.name) `\(hit.standing.name)`"
        var message =
            "Rate limit exceeded: \(subject) may have \(hit.limit) \(kind), this request needs "
            + "\(hit.requested), and \(max(0, hit.remaining)) are left. "
        if let after = hit.after {
            let seconds = Int((Double(after.wholeNanoseconds) / 1e9).rounded(.up))
            message += "Try again in \(seconds) s."
        } else if hit.kind == .requestsAtOnce, hit.limit > 0 {
            message += "Try again when one has ended."
        } else {
            message += "It can never fit; ask for less, or for a higher limit."
        }
        var error = GatewayError(
            .rateLimited, origin: .client, message: message, retryAfter: hit.after)
        error.violations = [LimitViolation(hit, now: now)]
        return error
    }

    /// A budget has too little left for the worst case of a call.
    static func budgetExhausted(
        _ account: BudgetAccount, _ balance: BudgetBalance, needed: Money, at now: WallTime
    ) -> GatewayError {
        let cap = account.spec.max ?? .zero
        let period = account.spec.window.period(at: now)
        let reset = period.end.map { WallTime(nanoseconds: $0 &* 1_000_000_000) }
        var message =
            "Budget has been exceeded! \(account.subject.kind.name) `\(account.name)` may spend "
            + "$\(cap.dollars) (\(account.spec.window.text)): "
            + "$\(balance.settled.dollars) is spent, "
            + "$\(balance.held.dollars) is held for requests that are running, and this one "
            + "may cost $\(needed.dollars). "
        var after: Duration?
        if let reset {
            let seconds = max(1, reset.seconds - now.seconds)
            after = .seconds(seconds)
            message += "It is renewed in \(seconds) s, at \(CivilDate.text(of: reset))"
        } else {
            message += "It is not renewed"
        }
        message += balance.held > .zero ? "; some may be free again when they end." : "."
        var error = GatewayError(
            .budgetExhausted, origin: .client, message: message, retryAfter: after)
        error.violations = [LimitViolation(account, balance, needed: needed, at: now)]
        return error
    }

    /// A budget has nothing left for what a call would do next.
    static func budgetSpent(by what: String) -> GatewayError {
        GatewayError(
            .budgetExhausted, origin: .client,
            message: "What is left of a budget does not pay for \(what).")
    }

    /// The configuration wants a price, and there is none.
    static func priceUnknown(_ deployment: Deployment) -> GatewayError {
        GatewayError(
            .priceUnknown, origin: .gateway, retry: .otherDeployment,
            message: "Deployment `\(deployment.id)` of model `\(deployment.model)` has no known "
                + "price, and requests without one are refused here. Its operator can set "
                + "input_cost_per_token and output_cost_per_token.")
    }
}

extension LimitViolation {
    /// A limit that was hit.
    init(_ hit: LimitHit, now: WallTime) {
        self.init(
            subject: hit.standing.name, subjectKind: hit.standing.subject.kind, kind: hit.kind,
            window: hit.seconds == 0 ? nil : .seconds(hit.seconds), limit: Int64(hit.limit),
            requested: Int64(hit.requested), remaining: Int64(max(0, hit.remaining)),
            resetAt: hit.after.map {
                WallTime(
                    nanoseconds: now.nanoseconds &+ Int64(clamping: $0.wholeNanoseconds))
            })
    }

    /// A budget that has too little left.
    init(
        _ account: BudgetAccount, _ balance: BudgetBalance, needed: Money, at now: WallTime
    ) {
        let cap = account.spec.max ?? .zero
        let end = account.spec.window.period(at: now).end
        self.init(
            subject: account.name, subjectKind: account.subject.kind, kind: .spend, window: nil,
            limit: cap.nanoUSD, requested: needed.nanoUSD,
            remaining: max(.zero, balance.left(of: cap)).nanoUSD,
            resetAt: end.map { WallTime(nanoseconds: $0 &* 1_000_000_000) })
        spent = balance.settled.nanoUSD
        held = balance.held.nanoUSD
    }
}
