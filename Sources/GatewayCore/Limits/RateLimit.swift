/// A limit over time that is none of those by the minute: over another window, or of the tokens of
/// one side.
public struct RateLimit: Hashable, Sendable {
    /// Requests, or tokens of one side or both.
    public var kind: LimitKind
    /// The length of the window in seconds.
    public var seconds: Int64
    /// The most in any such time.
    public var value: Int

    /// Windows that are counted. What is longer is for budgets: these counts end with the process.
    public static let secondsRange: ClosedRange<Int64> = 1...86_400
    /// How many of them a subject may have.
    public static let countMax = 16

    public init(_ kind: LimitKind, seconds: Int64, value: Int) {
        self.kind = kind
        self.seconds = seconds
        self.value = value
    }

    /// Whether both limit the same.
    func isBeside(_ other: RateLimit) -> Bool { kind == other.kind && seconds == other.seconds }
}

/// Tokens that a request is expected to use, or has used.
public struct TokenCount: Equatable, Sendable {
    public var input: Int
    public var output: Int

    public init(input: Int = 0, output: Int = 0) {
        self.input = input
        self.output = output
    }

    public init(_ usage: Usage) {
        self.init(
            input: Int(clamping: usage.inputTokens), output: Int(clamping: usage.outputTokens))
    }

    public static let zero = TokenCount()

    public var total: Int {
        let (sum, overflow) = input.addingReportingOverflow(output)
        return overflow ? .max : sum
    }

    /// How much of what a limit counts one request takes.
    func amount(of kind: LimitKind) -> Int {
        switch kind {
        case .requests, .requestsAtOnce: 1
        case .tokens: total
        case .inputTokens: input
        case .outputTokens: output
        case .spend: 0
        }
    }
}
