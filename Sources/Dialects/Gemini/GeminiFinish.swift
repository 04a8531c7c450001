internal import GatewayCore
internal import GatewayPrimitives

/// Gemini's `finishReason`.
enum GeminiFinish {
    /// What the vendor holds back, or breaks off, for what it says.
    private static let filtered: [StaticString] = [
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE",
        "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
    ]

    /// Where the model has garbled a call, or calls what it must not: its answer is none.
    private static let garbled: [StaticString] = [
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
        "MALFORMED_RESPONSE",
    ]

    /// Whether the model has failed at what it wanted to say; another attempt may do better.
    static func isGarbled(_ reason: ByteView) -> Bool {
        garbled.contains { reason.equals($0) }
    }

    /// How a candidate ended.
    /// - Parameter hasCalls: whether it calls tools: Gemini says then that it has stopped, no more.
    static func outcome(
        of candidate: Int, reason: ByteView, hasCalls: Bool
    ) -> ChoiceOutcome {
        let (what, cause): (FinishReason, FinishCause)
        if reason.equals("STOP") {
            (what, cause) = (hasCalls ? .toolCalls : .stop, .model)
        } else if reason.equals("MAX_TOKENS") {
            (what, cause) = (.length, .maxTokens)
        } else if filtered.contains(where: { reason.equals($0) }) {
            (what, cause) = (.contentFilter, .unknown)
        } else {
            // A call that the model has garbled behind what it said, among others.
            (what, cause) = (.unknown, .unknown)
        }
        return ChoiceOutcome(choiceIndex: candidate, reason: what, cause: cause)
    }
}

/// Gemini's `usageMetadata`.
enum GeminiUsage {
    /// The counts as the core has them: Gemini counts thoughts, and the prompts of its own tools,
    /// beside the others. `nil` if it is none.
    static func read(_ value: JSONValue) -> Usage? {
        guard value.kind == .object else { return nil }
        var usage = Usage(source: .reported)
        let thoughts = count(value[member: "thoughtsTokenCount"])
        usage.inputTokens =
            count(value[member: "promptTokenCount"])
            + count(value[member: "toolUsePromptTokenCount"])
        usage.cachedInputTokens = min(
            count(value[member: "cachedContentTokenCount"]), usage.inputTokens)
        usage.outputTokens = count(value[member: "candidatesTokenCount"]) + thoughts
        usage.reasoningTokens = thoughts
        usage.audioInputTokens = audio(in: value[member: "promptTokensDetails"])
        usage.audioOutputTokens = audio(in: value[member: "candidatesTokensDetails"])
        return usage
    }

    private static func audio(in details: JSONValue?) -> Int64 {
        guard let details else { return 0 }
        for detail in details.elements
        where detail[member: "modality"]?.string?.equals("AUDIO") == true {
            return count(detail[member: "tokenCount"])
        }
        return 0
    }

    /// A count of an upstream is believed only as far as it can be one; sums do not overflow.
    private static func count(_ value: JSONValue?) -> Int64 {
        min(max(value?.integer ?? 0, 0), 1 << 40)
    }
}

/// Gemini's `logprobsResult`.
enum GeminiLogprobs {
    /// The likelihoods of the tokens chosen, each with those it was chosen from.
    static func read(_ result: JSONValue) -> [TokenLogprob] {
        guard let chosen = result[member: "chosenCandidates"], chosen.kind == .array else {
            return []
        }
        var tokens: [TokenLogprob] = []
        tokens.reserveCapacity(chosen.count)
        var steps = result[member: "topCandidates"]?.elements
        for token in chosen.elements {
            var logprob = one(token)
            for candidate in steps?.next()?[member: "candidates"]?.elements.map(one) ?? [] {
                logprob.candidates.append(candidate)
            }
            tokens.append(logprob)
        }
        return tokens
    }

    private static func one(_ token: JSONValue) -> TokenLogprob {
        TokenLogprob(
            token: token[member: "token"]?.string?.string ?? "", tokenBytes: nil,
            logprob: token[member: "logProbability"]?.number ?? 0)
    }
}
