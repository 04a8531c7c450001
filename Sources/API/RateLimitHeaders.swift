import GatewayCore
import GatewayPrimitives
import Transport

/// The fields that tell a client how much of its limits is left, in OpenAI's names.
enum RateLimitHeaders {
    /// What an answer leaves: of each kind the limit with the least left.
    static func append(_ remainder: LimitRemainder, to headers: inout HeaderList) {
        if let part = remainder.requests {
            headers.append("x-ratelimit-limit-requests", decimal: part.limit)
            headers.append("x-ratelimit-remaining-requests", decimal: part.left, isVolatile: true)
        }
        if let part = remainder.tokens {
            headers.append("x-ratelimit-limit-tokens", decimal: part.limit)
            headers.append("x-ratelimit-remaining-tokens", decimal: part.left, isVolatile: true)
        }
        if let part = remainder.requestsAtOnce {
            headers.append("x-ratelimit-limit-max_parallel_requests", decimal: part.limit)
            headers.append(
                "x-ratelimit-remaining-max_parallel_requests", decimal: part.left, isVolatile: true)
        }
    }

    /// The budget that a request did not fit into, in US dollars, and when it is renewed (seconds
    /// since 1970).
    private static func appendBudget(
        _ violation: LimitViolation, to headers: inout HeaderList
    ) {
        func append(_ name: StaticString, _ nanoUSD: Int64) {
            headers.append(name, text: Money(nanoUSD: nanoUSD).dollars)
        }
        append("x-llm-gateway-budget-limit", violation.limit)
        append("x-llm-gateway-budget-requested", violation.requested)
        append("x-llm-gateway-budget-spent", violation.spent)
        append("x-llm-gateway-budget-held", violation.held)
        if let reset = violation.resetAt {
            headers.append("x-llm-gateway-budget-reset", decimal: Int(reset.seconds))
        }
    }

    /// The limit that a refused request hit.
    static func append(_ violation: LimitViolation, to headers: inout HeaderList) {
        let name =
            switch violation.kind {
            case .requests: "requests"
            case .tokens: "tokens"
            case .inputTokens: "input-tokens"
            case .outputTokens: "output-tokens"
            case .requestsAtOnce: "max_parallel_requests"
            case .spend: "spend"
            }
        guard violation.kind != .spend else {
            return appendBudget(violation, to: &headers)
        }
        headers.append(
            name: "x-ratelimit-limit-" + name, decimal: Int(clamping: violation.limit))
        headers.append(
            name: "x-ratelimit-remaining-" + name, decimal: Int(clamping: violation.remaining))
        headers.append("rate_limit_type", text: name)
        if let reset = violation.resetAt {
            headers.append("x-ratelimit-reset", decimal: Int(reset.seconds))
        }
    }
}

extension HeaderList {
    fileprivate mutating func append(name: String, decimal: Int) {
        var nameBytes = ByteQueue()
        nameBytes.append(text: name)
        var value = ByteQueue()
        value.append(decimal: decimal)
        append(name: nameBytes.view, value: value.view)
    }
}
