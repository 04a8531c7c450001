/// What the attempts of a call that failed, or lost to another, may have used and cost together.
struct FailedAttempts {
    private(set) var cost = Money.zero
    /// `nil` where none may have used anything.
    private(set) var usage: Usage?
    /// Whether one of them had no price.
    private(set) var isUnpriced = false

    mutating func add(_ usage: Usage, _ cost: Money, isUnpriced: Bool) {
        self.cost += cost
        if isUnpriced { self.isUnpriced = true }
        var sum = self.usage ?? Usage(source: usage.source)
        sum.inputTokens += usage.inputTokens
        sum.outputTokens += usage.outputTokens
        sum.inFlightTokens += usage.inFlightTokens
        if usage.source == .estimated { sum.source = .estimated }
        self.usage = sum
    }

    mutating func add(_ others: FailedAttempts) {
        guard let usage = others.usage else { return }
        add(usage, others.cost, isUnpriced: others.isUnpriced)
    }
}
