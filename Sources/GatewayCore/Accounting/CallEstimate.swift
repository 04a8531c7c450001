/// What a request would take and cost at this moment, found out without taking anything.
public struct CallEstimate: Sendable {
    public var input: InputTokens
    /// The deployments of its model, in the order of the configuration.
    public var options: [Option]
    /// Which of them is the first in the route; `nil` where none can serve now.
    public var first: Option?
    /// The limits and budgets that would refuse it; none when it would be let in.
    public var violations: [LimitViolation]

    /// What one deployment makes of it.
    public struct Option: Sendable {
        public let deployment: Deployment
        /// Why it could not serve the request now, in words; `nil` when it could.
        public var obstacle: String?
        /// What its tokens cost at this length of input; `nil` when no price is known.
        public var rates: Price.Rates?
        /// What would be held for an attempt at it; of a stream, if it were held whole.
        public var held: Money
        /// The most tokens that all choices together can have.
        public var outputTokensMax: Int64
    }
}

extension CallEstimate.Option {
    init(_ deployment: Deployment, obstacle: String?, _ worst: WorstCase) {
        self.deployment = deployment
        self.obstacle = obstacle
        let price = deployment.price
        if price == nil && worst.rules.refusesUnknownPrice && obstacle == nil {
            self.obstacle = "it has no known price, and requests without one are refused here"
        }
        let rates = worst.rates(price)
        self.rates = price == nil ? nil : rates
        outputTokensMax = worst.choiceCount == 0 ? 0 : worst.wholePlan(price).tokens
        held = price == nil ? .zero : worst.cost(outputTokens: outputTokensMax, at: rates)
    }
}
