import GatewayPrimitives

/// What one subject has used. Reached under its store's lock only.
final class Gauge {
    private(set) var requestsAtOnce = 0
    private var requests = SlidingWindow()
    private var tokens = SlidingWindow()
    /// Of other limits, as far as there were any.
    private var others: [Other] = []
    /// The present second, the latest that any loop's clock has said.
    private(set) var second: Int64 = 0

    private struct Other {
        let limit: RateLimit
        var window: SlidingWindow
    }

    func advance(to second: Int64) {
        self.second = max(self.second, second)
        requests.advance(to: second)
        tokens.advance(to: second)
        for place in others.indices { others[place].window.advance(to: second) }
    }

    func isIdle(at second: Int64) -> Bool {
        requestsAtOnce == 0 && requests.isIdle(at: second) && tokens.isIdle(at: second)
            && others.allSatisfy { $0.window.isIdle(at: second) }
    }

    // MARK: - Looking

    /// Why a request does not fit; `nil` if it does.
    func refusal(of standing: Standing, tokens wanted: TokenCount, now: MonotonicTime) -> LimitHit?
    {
        let limits = standing.limits
        if let limit = limits.requestsAtOnce, requestsAtOnce + 1 > limit {
            return LimitHit(
                standing: standing, kind: .requestsAtOnce, seconds: 0, limit: limit, requested: 1,
                remaining: limit - requestsAtOnce, after: nil)
        }
        func hit(
            _ kind: LimitKind, _ limit: Int?, _ window: SlidingWindow, seconds: Int64 = 60
        ) -> LimitHit? {
            let amount = wanted.amount(of: kind)
            guard let limit, amount > limit - window.sum else { return nil }
            return LimitHit(
                standing: standing, kind: kind, seconds: seconds, limit: limit, requested: amount,
                remaining: limit - window.sum,
                after: window.wait(for: amount, under: limit, from: now))
        }
        if let hit = hit(.requests, limits.requestsPerMinute, requests) { return hit }
        if let hit = hit(.tokens, limits.tokensPerMinute, tokens) { return hit }
        for limit in limits.others {
            let window = other(limit).map { others[$0].window } ?? SlidingWindow()
            if let hit = hit(limit.kind, limit.value, window, seconds: limit.seconds) { return hit }
        }
        return nil
    }

    /// Notes what a request leaves of the tightest limits. Those of one side's tokens are told of
    /// when they are hit.
    func note(_ limits: LimitSet, tokens wanted: TokenCount, in all: inout LimitRemainder) {
        func tighter(
            _ part: LimitRemainder.Part?, _ limit: Int?, _ used: Int
        ) -> LimitRemainder.Part? {
            guard let limit else { return part }
            let left = max(0, limit - used)
            if let part, part.left <= left { return part }
            return LimitRemainder.Part(limit: limit, left: left)
        }
        all.requests = tighter(all.requests, limits.requestsPerMinute, requests.sum + 1)
        all.tokens = tighter(all.tokens, limits.tokensPerMinute, tokens.sum + wanted.total)
        all.requestsAtOnce = tighter(
            all.requestsAtOnce, limits.requestsAtOnce, requestsAtOnce + 1)
        for limit in limits.others {
            let used = other(limit).map { others[$0].window.sum } ?? 0
            switch limit.kind {
            case .requests: all.requests = tighter(all.requests, limit.value, used + 1)
            case .tokens: all.tokens = tighter(all.tokens, limit.value, used + wanted.total)
            default: break
            }
        }
    }

    // MARK: - Taking

    /// Counts a request under limits. Only windows that are limited are kept: each has half a
    /// kilobyte.
    func take(_ limits: LimitSet, tokens wanted: TokenCount) {
        requestsAtOnce += 1
        if limits.requestsPerMinute != nil { requests.add(1) }
        if limits.tokensPerMinute != nil { tokens.add(wanted.total) }
        for limit in limits.others {
            let place = other(limit) ?? add(limit)
            others[place].window.add(wanted.amount(of: limit.kind))
        }
    }

    /// Puts what a request has used in the place of what was taken for it under the same limits.
    /// - Parameter used: `nil` for a request that was not tried.
    func giveBack(_ limits: LimitSet, taken: TokenCount, used: TokenCount?, in second: Int64) {
        requestsAtOnce -= 1
        let real = used ?? .zero
        if limits.requestsPerMinute != nil, used == nil { requests.correct(-1, in: second) }
        if limits.tokensPerMinute != nil { tokens.correct(real.total - taken.total, in: second) }
        for limit in limits.others {
            guard let place = other(limit) else { continue }
            let before = taken.amount(of: limit.kind)
            let after = used == nil ? 0 : real.amount(of: limit.kind)
            others[place].window.correct(after - before, in: second)
        }
    }

    /// Where the window of a limit is.
    private func other(_ limit: RateLimit) -> Int? {
        others.firstIndex { $0.limit.isBeside(limit) }
    }

    private func add(_ limit: RateLimit) -> Int {
        var window = SlidingWindow(seconds: limit.seconds)
        window.advance(to: second)
        others.append(Other(limit: limit, window: window))
        return others.count - 1
    }
}

/// What one request took.
///
/// `@unchecked Sendable`: changed under the limits' lock only.
final class TakenLimits: @unchecked Sendable {
    struct Part {
        let gauge: Gauge
        /// What it was counted under; the subject may be held to something else meanwhile.
        let limits: LimitSet
        /// When it was counted.
        let second: Int64
    }

    var parts: [Part] = []
    /// The last part is the deployment's.
    var hasDeployment = false
    let tokens: TokenCount

    init(tokens: TokenCount) { self.tokens = tokens }

    func take(_ gauge: Gauge, under limits: LimitSet) {
        gauge.take(limits, tokens: tokens)
        parts.append(Part(gauge: gauge, limits: limits, second: gauge.second))
    }

    func giveBack(tokens used: TokenCount?, at second: Int64) {
        for part in parts { giveBack(part, tokens: used, at: second) }
        parts.removeAll()
    }

    func giveBack(_ part: Part, tokens used: TokenCount?, at second: Int64) {
        part.gauge.advance(to: second)
        part.gauge.giveBack(part.limits, taken: tokens, used: used, in: part.second)
    }
}
