/// How calls are held and charged.
public struct AccountingRules: Sendable {
    /// Refuse models without a price; else they cost nothing.
    public var refusesUnknownPrice = false
    /// Hold a stream's whole maximum instead of a part ahead of it.
    public var holdsWholeStreams = false
    /// How many output tokens of a stream without a maximum are held at a time.
    public var trancheTokens = 512
    /// How far ahead of what has passed the hold of a stream stays: what its upstream may have
    /// written that was not read yet.
    public var marginTokens = 128
    /// The longest answer of a model whose own maximum is not known; sent upstream as its bound
    /// where a budget applies.
    public var outputTokensMax = 4_096
    /// Output expected of a request without a maximum, for limits of tokens.
    public var outputTokensLikely = 1_024

    public init() {}
}

/// How many tokens the input of a request has: at most, and likely.
public struct InputTokens: Equatable, Sendable {
    /// No tokenizer makes more: a token is at least a byte of text, and what else there is has a
    /// bound by its kind.
    public var most: Int64
    /// Four bytes a token, as English has on average.
    public var likely: Int64

    /// What a message has besides its text: its role, name and borders.
    static let perMessage = 8
    /// What a picture, sound or file has besides what its size tells.
    static let perMedium = 4_096
    /// Bytes of a medium, as sent, that make at least a token.
    static let mediumBytes = 16

    public init(textBytes: Int, messages: Int, otherBytes: Int, media: Int, mediaBytes: Int) {
        let fixed = messages * Self.perMessage
        let text = textBytes + otherBytes
        most = Int64(text + fixed + media * Self.perMedium + mediaBytes / Self.mediumBytes)
        likely = Int64((text + 3) / 4 + media * Self.perMediumLikely)
    }

    /// What a picture, sound or file comes to, as a guess.
    public static let perMediumLikely = 512

    /// The same with a count in place of the guess.
    func counted(_ tokens: Int64?) -> InputTokens {
        var counted = self
        if let tokens { counted.likely = min(tokens, most) }
        return counted
    }
}
