/// A call, or an attempt, whose upstream did not say what it used, and what it is charged.
///
/// What passed was counted. Where the answer was cut short, its upstream went on writing until it
/// saw that: what may have been in flight is charged too, since it was held and the upstream may
/// charge it. Were it freed, a key could spend more than its cap by many calls that are cut.
struct UnreportedCall {
    var input: InputTokens
    var isStream: Bool
    /// Zero for a request without output, such as one for embeddings.
    var choiceCount: Int64
    /// What the upstream told before its answer was cut short, or of a part alone: it knows its
    /// input, if it told it.
    var told: Usage?
    /// Output tokens that passed.
    var passed: Int64
    /// How many may be on their way.
    var margin: Int64
    /// The most output tokens that there can be: what is held, or without a hold, the bound asked
    /// for or the model's own.
    var outputMost: Int64
    /// Whether the answer came to its end.
    var isComplete: Bool
    /// Whether all that is held may have been used: see ``CallCharge``.
    var mayHaveUsedAll: Bool
    /// Whether the input is charged by its upper bound.
    var chargesInputMost: Bool

    var usage: Usage {
        var usage = Usage(source: .counted)
        usage.inputTokens = chargesInputMost ? input.most : input.likely
        if chargesInputMost {
            usage.source = .estimated
        } else if let told, told.inputTokens > 0 {
            usage.takeInput(of: told)
        }
        guard choiceCount > 0 else { return usage }
        if !isStream && !isComplete {
            // A whole answer that did not come may have been written to its end.
            usage.source = .estimated
            usage.inputTokens = input.most
            usage.outputTokens = max(passed, outputMost)
            usage.inFlightTokens = usage.outputTokens - passed
            return usage
        }
        let left = max(0, outputMost - passed)
        if mayHaveUsedAll {
            usage.source = .estimated
            usage.inFlightTokens = left
        } else if !isComplete {
            usage.inFlightTokens = min(margin, left)
        }
        usage.outputTokens = passed + usage.inFlightTokens
        return usage
    }
}

extension Usage {
    /// Takes over what is known of the input.
    fileprivate mutating func takeInput(of told: Usage) {
        inputTokens = told.inputTokens
        cachedInputTokens = told.cachedInputTokens
        cacheWriteTokens = told.cacheWriteTokens
        cacheWriteHourTokens = told.cacheWriteHourTokens
        audioInputTokens = told.audioInputTokens
    }
}
