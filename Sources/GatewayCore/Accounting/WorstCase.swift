import GatewayPrimitives

/// What an attempt at a request costs at most, and how much of it is held before it is made.
struct WorstCase {
    let rules: AccountingRules
    let isStream: Bool
    let input: InputTokens
    /// Zero for a request without output, such as one for embeddings.
    let choiceCount: Int64
    /// Output tokens of one choice that the client allows, or the deployment where the client says
    /// nothing; `nil` without a bound.
    private(set) var outputTokensAsked: Int64?
    /// The client's own.
    private let outputTokensOfClient: Int64?
    /// Whether that may be lowered to what a budget covers.
    private let mayClamp: Bool

    /// A shorter answer than this is of no use to anybody.
    private static let answerLeast: Int64 = 16

    /// - Parameter input: the request's, counted as well as can be.
    init(_ request: ModelRequest, _ input: InputTokens, _ rules: AccountingRules) {
        self.rules = rules
        isStream = request.isStream
        self.input = input
        choiceCount = Int64(request.choiceCount)
        outputTokensAsked = request.outputTokensAsked
        outputTokensOfClient = outputTokensAsked
        mayClamp = request.clampsToBudget
    }

    /// The same for an attempt at a deployment, whose defaults count where the client says nothing.
    func at(_ deployment: Deployment?) -> WorstCase {
        var copy = self
        copy.outputTokensAsked =
            outputTokensOfClient ?? deployment?.defaults?.maxOutputTokens.map(Int64.init)
        return copy
    }

    /// How many output tokens of all choices have to be held, and how few will do.
    struct Plan {
        var tokens: Int64
        var tokensLeast: Int64
        /// Whether the hold is extended as the stream goes on.
        var isTranche = false
    }

    /// What is held for an attempt at a price.
    /// - Parameter margin: how far ahead of what has passed the hold of a stream stays.
    func plan(_ price: Price?, margin: Int64) -> Plan {
        var plan = wholePlan(price)
        let tranche = Int64(rules.trancheTokens) + margin
        if outputTokensAsked == nil, isStream, !rules.holdsWholeStreams,
            price?.hidesReasoning != true, plan.tokens > tranche
        {
            plan = Plan(tokens: tranche, tokensLeast: margin + choiceCount, isTranche: true)
        }
        return plan
    }

    /// The same where nothing is held in parts.
    func wholePlan(_ price: Price?) -> Plan {
        let least = Self.answerLeast * choiceCount
        if let asked = outputTokensAsked {
            let all = asked.multipliedClamped(by: choiceCount)
            return Plan(tokens: all, tokensLeast: mayClamp ? min(all, least) : all)
        }
        let most = Int64(price?.outputTokensMax ?? rules.outputTokensMax)
            .multipliedClamped(by: choiceCount)
        // Less is held where less is left: the upstream is told to stop there.
        return Plan(tokens: most, tokensLeast: min(most, least))
    }

    /// The rates that a prompt of this length may come to.
    func rates(_ price: Price?) -> Price.Rates {
        (price ?? .zero).rates(inputTokens: input.most)
    }

    /// What the whole input and so many output tokens cost at most.
    func cost(outputTokens: Int64, at rates: Price.Rates) -> Money {
        var sum = FineMoney()
        sum.add(input.most, at: rates.inputGreatest)
        let inputCost = sum.money
        var output = FineMoney()
        output.add(outputTokens, at: rates.outputGreatest)
        return inputCost + output.money
    }
}

extension Int64 {
    func multipliedClamped(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
