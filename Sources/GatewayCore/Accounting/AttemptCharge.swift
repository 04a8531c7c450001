import GatewayPrimitives

/// One attempt at a call, as far as money goes: its price, how much of its output the call's hold
/// covers, and what of its answer has passed.
struct AttemptCharge {
    /// What the request may cost.
    let worst: WorstCase
    let price: Price?
    /// Whether there is a price. A price is long, and asking it would copy it.
    let isPriced: Bool
    private let rates: Price.Rates
    private let tokenizer: Tokenizer?
    /// What of the call's hold is this attempt's.
    private(set) var held = Money.zero
    /// How many output tokens of all choices that covers.
    private var tokensHeld: Int64 = .max
    /// Whether the hold is extended as the stream goes on.
    private var isTranche = false
    /// Beyond so many tokens a stream whose bound is held has broken it, and its hold is extended
    /// too: an upstream that keeps to no bound ends where its budget does.
    private var tokensBound: Int64 = .max
    private var meter = AnswerMeter()
    /// How far ahead of what has passed the hold of a stream stays.
    private var margin: Int64
    /// Since when the upstream is not read, because the client has no room.
    private var unreadSince: MonotonicTime?
    /// The bound that has to go upstream because the client gave none, or a budget does not cover
    /// it; for one choice.
    private(set) var outputTokensMax: Int?
    /// Whether the upstream may have the request.
    var wasSent = false
    /// What the upstream has told so far of what it uses, in the middle of its answer.
    var told: Usage?
    /// Whether that bound is where a budget ends.
    private(set) var isBoundByBudget = false

    /// An upstream that is not read for longer may have written as much as there is room for
    /// between it and the gateway; until then what it writes is within the margin.
    private static let unreadMost = Duration.seconds(1)

    /// - Parameter price: `nil` where it costs nothing, or what it costs is not known.
    init(_ worst: WorstCase, price: Price? = nil, tokenizer: Tokenizer? = nil) {
        self.worst = worst
        self.price = price
        isPriced = price != nil
        self.tokenizer = tokenizer
        rates = worst.rates(price)
        margin = Int64(worst.rules.marginTokens)
    }

    // MARK: - Before it is made

    /// What is asked of the budgets for it.
    struct Demand {
        fileprivate let plan: WorstCase.Plan
        let amount: Money
        let amountLeast: Money
    }

    /// Something also for what costs nothing, or has no known price: a budget that is used up, or
    /// is zero to begin with, lets nothing through.
    var demand: Demand {
        let plan = worst.plan(price, margin: margin)
        func least(_ tokens: Int64) -> Money {
            max(Self.amountLeast, worst.cost(outputTokens: tokens, at: rates))
        }
        return Demand(
            plan: plan, amount: least(plan.tokens), amountLeast: least(plan.tokensLeast))
    }

    private static let amountLeast = Money(nanoUSD: 1)

    /// Takes what the budgets gave of what was asked of them.
    @inline(never)
    mutating func take(_ got: Money, of demand: Demand) {
        let plan = demand.plan
        held = got
        guard isPriced else { return }
        var inputOnly = FineMoney()
        inputOnly.add(worst.input.most, at: rates.inputGreatest)
        let covered = FineMoney.tokens(for: got - inputOnly.money, at: rates.outputGreatest)
        tokensHeld = got == demand.amount ? plan.tokens : min(plan.tokens, covered)
        isTranche = plan.isTranche
        if worst.isStream && worst.choiceCount > 0 && !isTranche { tokensBound = tokensHeld }
        isBoundByBudget = !plan.isTranche && tokensHeld < plan.tokens
        let needsBound = worst.outputTokensAsked == nil && price?.outputTokensMax == nil
        if !plan.isTranche, plan.tokens > 0, isBoundByBudget || needsBound {
            outputTokensMax = max(1, Int(clamping: tokensHeld / worst.choiceCount))
        }
    }

    // MARK: - While its answer passes

    /// Counts content that passes.
    @inline(__always)
    mutating func count(_ bytes: Int, of event: ReplyEvent) {
        if let tokenizer {
            meter.add(tokens: event.tokens(by: tokenizer))
        } else {
            meter.add(bytes)
        }
    }

    /// Notes that all that was read at once has passed, and that the upstream is not read until the
    /// client has room.
    @inline(__always)
    mutating func pauseReading(at now: MonotonicTime) {
        meter.look()
        margin = meter.margin(atLeast: Int64(worst.rules.marginTokens))
        unreadSince = now
    }

    /// Notes that the upstream is read again.
    @inline(__always)
    mutating func resumeReading() { unreadSince = nil }

    /// Whether the hold is too short for what may be on its way.
    @inline(__always)
    var mustExtend: Bool {
        isTranche ? meter.tokens &+ margin > tokensHeld : meter.tokensAtLeast > tokensBound
    }

    /// By what the hold is to be extended.
    struct Extension {
        fileprivate let tokens: Int64
        let amount: Money
        let amountLeast: Money
    }

    @inline(never)
    func nextExtension() -> Extension {
        let needed = isTranche ? meter.tokens + margin : meter.tokensAtLeast
        let tokens = max(needed - tokensHeld, 0) + Int64(worst.rules.trancheTokens)
        var amount = FineMoney()
        amount.add(tokens, at: rates.outputGreatest)
        var least = FineMoney()
        least.add(max(1, needed - tokensHeld), at: rates.outputGreatest)
        return Extension(tokens: tokens, amount: amount.money, amountLeast: least.money)
    }

    /// Takes what the budgets gave for an extension.
    mutating func take(_ added: Money, of wanted: Extension) {
        held += added
        tokensHeld +=
            added == wanted.amount
            ? wanted.tokens : FineMoney.tokens(for: added, at: rates.outputGreatest)
        if !isTranche { tokensBound = tokensHeld }
    }

    // MARK: - What it costs

    /// The most output tokens that the upstream was asked for; `nil` where nobody set a bound.
    var outputBound: Int64? {
        let one = worst.outputTokensAsked ?? outputTokensMax.map(Int64.init)
        return worst.choiceCount > 0 ? one?.multipliedClamped(by: worst.choiceCount) : nil
    }

    /// What is charged when the upstream did not say.
    /// - Parameter isHeld: whether the call holds money.
    func unreported(
        isComplete: Bool, isHeld: Bool, at now: MonotonicTime
    ) -> (usage: Usage, cost: Cost) {
        let isHeld = isHeld && isPriced
        let isStrict = isHeld && worst.rules.holdsWholeStreams
        // A stream goes on for as long as its upstream likes, where nobody has said how long.
        let most = price?.outputTokensMax ?? (worst.isStream ? nil : worst.rules.outputTokensMax)
        let outputMost =
            outputBound ?? most.map { Int64($0).multipliedClamped(by: worst.choiceCount) } ?? .max
        let wasStalled =
            !isComplete && (unreadSince.map { now.since($0) > Self.unreadMost } ?? false)
        let call = UnreportedCall(
            input: worst.input, isStream: worst.isStream, choiceCount: worst.choiceCount,
            told: told, passed: max(meter.tokens, told?.outputTokens ?? 0), margin: margin,
            outputMost: isHeld ? min(tokensHeld, outputMost) : outputMost, isComplete: isComplete,
            mayHaveUsedAll: isStrict || isHeld && (wasStalled || price?.hidesReasoning == true),
            chargesInputMost: isStrict)
        let usage = call.usage
        guard let price else { return (usage, Cost()) }
        guard isStrict else { return (usage, price.cost(of: usage)) }
        var cost = Cost()
        cost.input = worst.cost(outputTokens: 0, at: rates)
        cost.output = worst.cost(outputTokens: usage.outputTokens, at: rates) - cost.input
        return (usage, cost)
    }
}
