import GatewayCore
import GatewayPrimitives

/// All series of one loop.
struct MetricTable {
    private(set) var calls: [CallSeries: CallCounts] = [:]
    private(set) var attempts: [AttemptSeries: AttemptCounts] = [:]
    /// From the request's arrival to its end, and what of that was not its attempts.
    private(set) var latency = Histogram()
    private(set) var overhead = Histogram()
    /// How long calls waited while the gateway was full.
    private(set) var queue = Histogram()
    /// Calls that the ledger should have a row of, and those that it could not be given.
    private(set) var rows = 0
    private(set) var rowsMissing = 0
    /// The capped budgets of those that have called.
    private(set) var budgets: [Subject: [BudgetAccount]] = [:]

    mutating func add(_ record: CallRecord) {
        addCall(record)
        let duration = record.endedAt.since(record.receivedAt).inSeconds
        latency.observe(duration)
        queue.observe(record.queueTime.inSeconds)
        addBudgets(of: record)
        if !record.attempts.isEmpty {
            rows += 1
            if record.isUnrecorded { rowsMissing += 1 }
        }
        for (index, attempt) in record.attempts.enumerated() {
            let isLast = index == record.answering ?? record.attempts.count - 1
            add(attempt, of: record, isLast: isLast)
        }
        guard let first = record.attempts.first else { return }
        overhead.observe(first.startedAt.since(record.receivedAt).inSeconds)
    }

    mutating func add(_ other: MetricTable) {
        for (series, counts) in other.calls { calls[series, default: CallCounts()].add(counts) }
        for (series, counts) in other.attempts {
            attempts[series, default: AttemptCounts()].add(counts)
        }
        latency.add(other.latency)
        overhead.add(other.overhead)
        queue.add(other.queue)
        rows += other.rows
        rowsMissing += other.rowsMissing
        budgets.merge(other.budgets) { _, newer in newer }
    }

    private mutating func addBudgets(of record: CallRecord) {
        for standing in record.principal?.standings ?? [] where !standing.budgets.isEmpty {
            guard budgets[standing.subject] != nil || budgets.count < Limits.metricSeriesMax else {
                continue
            }
            // As they are now: a change of a key's budget is seen with its next call.
            budgets[standing.subject] = standing.budgets.filter { $0.max != nil }.map {
                BudgetAccount(subject: standing.subject, name: standing.name, spec: $0)
            }
        }
    }

    private mutating func addCall(_ record: CallRecord) {
        var series = CallSeries()
        if let principal = record.principal {
            series.keyID = principal.keyID
            series.keyName = principal.name
            series.team = principal.teamID ?? ""
            series.user = principal.userID ?? ""
        }
        // Whatever clients send as a name is not a label before it was served.
        let isServed = !record.attempts.isEmpty
        series.model = isServed ? record.model : "unknown"
        series.route = record.endpoint.description
        series.status = record.error?.reason.status ?? 200
        series.reason = record.error?.reason.rawValue ?? ""
        var counts = CallCounts()
        counts.calls = 1
        counts.inputTokens = record.usage?.inputTokens ?? 0
        counts.outputTokens = record.usage?.outputTokens ?? 0
        counts.nanoUSD = record.cost.total.nanoUSD
        counts.excessNanoUSD = record.cost.excess.nanoUSD
        counts.unpriced = record.isPriceUnknown ? 1 : 0
        counts.unrecorded = record.isUnrecorded ? 1 : 0
        if let known = calls.index(forKey: series) {
            calls.values[known].add(counts)
            return
        }
        if calls.count >= Limits.metricSeriesMax { series = .others }
        calls[series, default: CallCounts()].add(counts)
    }

    private mutating func add(_ attempt: Attempt, of record: CallRecord, isLast: Bool) {
        let deployment = attempt.deployment
        var series = AttemptSeries(
            deployment: deployment.id, model: deployment.model,
            upstreamModel: deployment.upstreamModel, apiBase: deployment.apiBase,
            provider: deployment.provider.rawValue)
        if let known = attempts.index(forKey: series) {
            attempts.values[known].count(attempt, of: record, isLast: isLast)
            return
        }
        // A wildcard's models are as many as clients name.
        if attempts.count >= Limits.metricSeriesMax { series = AttemptSeries(deployment: "other") }
        attempts[series, default: AttemptCounts()].count(attempt, of: record, isLast: isLast)
    }
}

extension AttemptCounts {
    fileprivate mutating func count(_ attempt: Attempt, of record: CallRecord, isLast: Bool) {
        let isGood = attempt.outcome == .succeeded
        if isGood {
            successes += 1
        } else if attempt.outcome != .hedgeLost {
            failures[attempt.outcome.rawValue, default: 0] += 1
        }
        if attempt.isHedge {
            if isGood { hedgesWon += 1 } else { hedgesLost += 1 }
        }
        if attempt.cooldown != nil { cooldowns += 1 }
        if isLast && record.fallbackCount > 0 {
            if isGood { fallbacksGood += 1 } else { fallbacksBad += 1 }
        }
        guard isGood else { return }
        let whole = record.endedAt.since(attempt.startedAt).inSeconds
        self.attempt.observe(whole)
        if record.isStream { firstToken.observe(attempt.latency.inSeconds) }
        let tokens = record.usage?.outputTokens ?? 0
        if tokens > 0 { perToken.observe(whole / Double(tokens)) }
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}

extension GatewayError.Reason {
    /// The HTTP status of OpenAI's column in the table of errors.
    fileprivate var status: Int {
        switch self {
        case .keyInvalid: 401
        case .notAllowed: 403
        case .modelNotFound, .unknownMethod: 404
        case .methodNotAllowed: 405
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .rateLimited, .budgetExhausted, .upstreamRateLimited: 429
        case .cancelled: 499
        case .internalFault: 500
        case .upstreamAuthFailed: 502
        case .upstreamUnavailable, .upstreamInterrupted, .overloaded, .drain, .storeUnavailable: 503
        case .timedOut: 504
        default: 400
        }
    }
}
