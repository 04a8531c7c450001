/// What a model costs a token, and how much it takes and gives at most.
///
/// Kinds of token without a price of their own cost what the kind above them costs: cached input as
/// input, reasoning as output.
public struct Price: Equatable, Sendable {
    public var rates: Rates
    /// Other rates for long prompts, by rising thresholds.
    public var tiers: [Tier]
    /// The longest prompt; `nil` when not known.
    public var inputTokensMax: Int?
    /// The longest answer; `nil` when not known.
    public var outputTokensMax: Int?

    /// Whether the vendor bills reasoning that it does not send: a stream's pieces then do not tell
    /// what it costs, and its whole maximum is held.
    public var hidesReasoning = false

    /// The prices of each kind of token.
    public struct Rates: Equatable, Sendable {
        public var input: TokenPrice
        public var cachedInput: TokenPrice?
        public var cacheWrite: TokenPrice?
        /// What is written for an hour, where the vendor tells it apart.
        public var cacheWriteHour: TokenPrice?
        public var audioInput: TokenPrice?
        public var output: TokenPrice
        public var reasoning: TokenPrice?
        public var audioOutput: TokenPrice?

        public init(
            input: TokenPrice, output: TokenPrice, cachedInput: TokenPrice? = nil,
            cacheWrite: TokenPrice? = nil, audioInput: TokenPrice? = nil,
            reasoning: TokenPrice? = nil, audioOutput: TokenPrice? = nil
        ) {
            self.input = input
            self.cachedInput = cachedInput
            self.cacheWrite = cacheWrite
            self.audioInput = audioInput
            self.output = output
            self.reasoning = reasoning
            self.audioOutput = audioOutput
        }
    }

    /// Rates for requests with more input than a threshold: then they count for all its tokens.
    public struct Tier: Equatable, Sendable {
        public var inputTokensAbove: Int
        public var rates: Rates

        public init(inputTokensAbove: Int, rates: Rates) {
            self.inputTokensAbove = inputTokensAbove
            self.rates = rates
        }
    }

    public init(
        _ rates: Rates, tiers: [Tier] = [], inputTokensMax: Int? = nil, outputTokensMax: Int? = nil
    ) {
        self.rates = rates
        self.tiers = tiers.sorted { $0.inputTokensAbove < $1.inputTokensAbove }
        self.inputTokensMax = inputTokensMax
        self.outputTokensMax = outputTokensMax
    }

    /// Nothing, for what is not to be paid.
    public static let zero = Price(Rates(input: .zero, output: .zero))

    /// The rates for a prompt of a length.
    public func rates(inputTokens: Int64) -> Rates {
        if tiers.isEmpty { return rates }
        return tiers.last { inputTokens > Int64($0.inputTokensAbove) }?.rates ?? rates
    }

    /// What a usage costs. Input and output are rounded by themselves, so that the parts add up.
    public func cost(of usage: Usage) -> Cost {
        let rates = rates(inputTokens: usage.inputTokens)
        var cost = Cost()
        cost.input = rates.input(usage).money
        cost.output = rates.output(usage).money
        return cost
    }
}

extension Price.Rates {
    /// Input by kinds; a report whose parts exceed the whole is priced by its parts.
    func input(_ usage: Usage) -> FineMoney {
        var sum = FineMoney()
        let special = usage.cachedInputTokens + usage.cacheWriteTokens + usage.audioInputTokens
        sum.add(usage.inputTokens - special, at: input)
        sum.add(usage.cachedInputTokens, at: cachedInput ?? input)
        let written = cacheWrite ?? input
        sum.add(usage.cacheWriteTokens - usage.cacheWriteHourTokens, at: written)
        sum.add(usage.cacheWriteHourTokens, at: cacheWriteHour ?? written)
        sum.add(usage.audioInputTokens, at: audioInput ?? input)
        return sum
    }

    /// Output by kinds.
    func output(_ usage: Usage) -> FineMoney {
        var sum = FineMoney()
        let special = usage.reasoningTokens + usage.audioOutputTokens
        sum.add(usage.outputTokens - special, at: output)
        sum.add(usage.reasoningTokens, at: reasoning ?? output)
        sum.add(usage.audioOutputTokens, at: audioOutput ?? output)
        return sum
    }

    /// The most that an input token can cost.
    var inputGreatest: TokenPrice {
        max(
            input, cachedInput ?? .zero,
            max(cacheWrite ?? .zero, cacheWriteHour ?? .zero, audioInput ?? .zero))
    }

    /// The most that an output token can cost.
    var outputGreatest: TokenPrice {
        max(output, reasoning ?? .zero, audioOutput ?? .zero)
    }
}
