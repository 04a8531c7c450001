/// What a call was charged, by parts that add up to the whole.
public struct Cost: Equatable, Sendable {
    /// For input, the cached part included.
    public var input = Money.zero
    /// For output, reasoning included.
    public var output = Money.zero
    /// For attempts whose output the client did not get.
    public var failedAttempts = Money.zero
    /// What the call used beyond its hold where no budget had room for it, which nobody is charged
    /// for: an upstream that passed the bound it was given. Not part of the whole.
    public var excess = Money.zero

    public init() {}

    /// The whole charge.
    public var total: Money { input + output + failedAttempts }
}

extension Cost {
    /// Takes what is above an amount out of the charge, and notes it as excess.
    mutating func clamp(to most: Money) {
        var above = total - most
        guard above > .zero else { return }
        excess = above
        let fromOutput = min(above, output)
        output = output - fromOutput
        above = above - fromOutput
        let fromInput = min(above, input)
        input = input - fromInput
        failedAttempts = failedAttempts - (above - fromInput)
    }
}
