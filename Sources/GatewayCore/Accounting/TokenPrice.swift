/// What one token costs, in femto-dollars (1 USD = 1e15): fine enough for every published price to
/// be exact; $0.0125 for a million tokens is 12.5 nano-dollars a token.
public struct TokenPrice: Comparable, Hashable, Sendable {
    public let femtoUSD: Int64

    @inlinable
    public init(femtoUSD: Int64) { self.femtoUSD = femtoUSD }

    public static let zero = TokenPrice(femtoUSD: 0)

    /// Reads dollars a token, as LiteLLM's files write them: `1.25e-08`. What is finer than a
    /// femto-dollar is rounded up. `nil` for anything else, and below zero.
    public init?(dollarsPerToken text: String) {
        guard let amount = Decimal64(text)?.scaled(by: 15), amount >= 0 else { return nil }
        self.init(femtoUSD: amount)
    }

    /// Reads dollars for a million tokens, as vendors publish them: `2.5`.
    public init?(dollarsPerMillion text: String) {
        guard let amount = Decimal64(text)?.scaled(by: 9), amount >= 0 else { return nil }
        self.init(femtoUSD: amount)
    }

    @inlinable
    public static func < (left: TokenPrice, right: TokenPrice) -> Bool {
        left.femtoUSD < right.femtoUSD
    }
}

/// A sum of tokens times prices, not yet rounded.
///
/// 128 bits: ten million tokens at a dollar each fit, without a check on every step.
public struct FineMoney: Comparable, Sendable {
    private var femtoUSD: Int128 = 0

    public init() {}

    /// Adds tokens at a price. Counts below zero are none: an upstream's report may not pay us.
    @inline(__always)
    public mutating func add(_ tokens: Int64, at price: TokenPrice) {
        femtoUSD &+= Int128(max(0, tokens)) &* Int128(price.femtoUSD)
    }

    /// Adds another sum.
    public mutating func add(_ other: FineMoney) { femtoUSD &+= other.femtoUSD }

    public static func < (left: FineMoney, right: FineMoney) -> Bool {
        left.femtoUSD < right.femtoUSD
    }

    /// The one rounding: up to whole nano-dollars.
    public var money: Money {
        let (quotient, rest) = femtoUSD.quotientAndRemainder(dividingBy: 1_000_000)
        return Money(nanoUSD: Int64(clamping: rest > 0 ? quotient + 1 : quotient))
    }

    /// How many tokens at a price an amount pays for, all of them.
    public static func tokens(for amount: Money, at price: TokenPrice) -> Int64 {
        guard price.femtoUSD > 0 else { return .max }
        guard amount > .zero else { return 0 }
        return Int64(clamping: Int128(amount.nanoUSD) * 1_000_000 / Int128(price.femtoUSD))
    }
}
