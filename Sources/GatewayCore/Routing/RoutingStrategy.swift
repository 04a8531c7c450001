/// How one of several deployments that can serve a request is chosen.
public enum RoutingStrategy: String, CaseIterable, Sendable {
    /// At random, by weight.
    case simpleShuffle = "simple-shuffle"
    /// The fewest requests in flight.
    case leastBusy = "least-busy"
    /// The quickest: to the first token of streams, by the token for whole answers; a queue counts
    /// as it lengthens the wait.
    case latencyBased = "latency-based"
    /// The fewest tokens used in the present minute, as a share of its limit where it has one.
    case usageBased = "usage-based"
    /// The cheapest.
    case costBased = "cost-based"

    /// LiteLLM's names, all spellings.
    public init?(name: String) {
        switch name {
        case "simple-shuffle": self = .simpleShuffle
        case "least-busy": self = .leastBusy
        case "latency-based", "latency-based-routing": self = .latencyBased
        case "usage-based", "usage-based-routing", "usage-based-routing-v2": self = .usageBased
        case "cost-based", "cost-based-routing": self = .costBased
        default: return nil
        }
    }

    /// How a deployment compares: the lowest is chosen. A deployment of which nothing is known
    /// comes first, so that it becomes known.
    func score(_ deployment: Deployment, isStream: Bool) -> Double {
        let health = deployment.health
        switch self {
        case .simpleShuffle: return 0
        case .leastBusy: return Double(health.inFlight)
        case .latencyBased:
            let latency = isStream ? health.firstToken : health.perToken
            return Double(latency) * Double(health.inFlight + 1)
        case .usageBased:
            let used = Double(health.tokensThisMinute)
            // What is in flight will count too: else all requests of a moment go to one place.
            let load = used + Double(health.inFlight) * Self.tokensInFlight
            return load / Double(max(1, deployment.limits.tokensPerMinute ?? 1))
        case .costBased: return deployment.unitCost
        }
    }

    /// What a request that has not ended is taken to use.
    private static let tokensInFlight = 200.0
}

extension Deployment {
    /// US dollars for a token of input and one of output; far above all others where unknown, as in
    /// LiteLLM.
    var unitCost: Double {
        guard let rates = price?.rates else { return 10 }
        return Double(rates.input.femtoUSD &+ rates.output.femtoUSD) * 1e-15
    }
}
