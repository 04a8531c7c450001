internal import GatewayCore
internal import GatewayPrimitives

/// The members of OpenAI's replies that the core has names for.
enum OpenAIFields {
    /// Of a message, and of a piece of one.
    static let message: [StaticString] = [
        "role", "content", "refusal", "reasoning", "reasoning_content", "thinking_blocks",
        "tool_calls",
    ]
    /// Of a reply, and of a chunk of one.
    static let reply: [StaticString] = [
        "id", "object", "created", "model", "choices", "usage", "service_tier", "error",
    ]

    /// Appends the members of an object that is known to be valid, each with a comma before it.
    static func append(membersOf json: ByteView, into output: inout ByteQueue) {
        for member in RawMembers(json) {
            output.append(",\"")
            output.append(member.name)
            output.append("\":")
            output.append(member.value)
        }
    }

    /// The same of an object's text; nothing of an empty one.
    static func append(membersOf json: String, into output: inout ByteQueue) {
        if json.isEmpty { return }
        var bytes = ByteQueue()
        bytes.append(text: json)
        append(membersOf: bytes.view, into: &output)
    }

    /// Appends a JSON object of the members that are not known and not null; nothing without any.
    static func appendUnknown(
        of object: JSONValue, known: [StaticString], into output: inout ByteQueue
    ) {
        var isFirst = true
        for (name, value) in object.members where !value.isNull {
            if known.contains(where: { name.equals($0) }) { continue }
            output.append(byte: isFirst ? UInt8(ascii: "{") : UInt8(ascii: ","))
            isFirst = false
            output.append(jsonString: name)
            output.append(byte: UInt8(ascii: ":"))
            output.append(json: value)
        }
        if !isFirst { output.append(byte: UInt8(ascii: "}")) }
    }
}

/// OpenAI's `finish_reason`.
enum OpenAIFinish {
    /// How a choice ended. vLLM's `stop_reason` is the stop sequence when it is a text.
    static func outcome(
        choice: Int, reason text: ByteView, stopReason: JSONValue?
    ) -> ChoiceOutcome {
        let sequence = stopReason?.string?.string ?? ""
        let reason: FinishReason
        var cause = FinishCause.unknown
        if text.equals("stop") {
            reason = .stop
            cause = sequence.isEmpty ? .model : .stopSequence
        } else if text.equals("length") {
            reason = .length
            cause = .maxTokens
        } else if text.equals("tool_calls") || text.equals("function_call") {
            reason = .toolCalls
            cause = .model
        } else if text.equals("content_filter") {
            reason = .contentFilter
        } else {
            reason = .unknown
        }
        return ChoiceOutcome(
            choiceIndex: choice, reason: reason, cause: cause, stopSequence: sequence)
    }

    /// What OpenAI calls a reason; clients of it know no others.
    static func name(of reason: FinishReason) -> StaticString {
        switch reason {
        case .stop, .unknown: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter, .refusal: "content_filter"
        }
    }
}

/// OpenAI's `logprobs.content`.
enum OpenAILogprobs {
    static func read(_ tokens: JSONValue?) -> [TokenLogprob] {
        guard let tokens, tokens.kind == .array else { return [] }
        var result: [TokenLogprob] = []
        result.reserveCapacity(tokens.count)
        for token in tokens.elements {
            var logprob = read(one: token)
            if let candidates = token[member: "top_logprobs"] {
                for candidate in candidates.elements {
                    logprob.candidates.append(read(one: candidate))
                }
            }
            result.append(logprob)
        }
        return result
    }

    private static func read(one token: JSONValue) -> TokenLogprob {
        var bytes: [UInt8]?
        if let list = token[member: "bytes"], list.kind == .array {
            bytes = list.elements.map { UInt8(clamping: $0.integer ?? 0) }
        }
        return TokenLogprob(
            token: token[member: "token"]?.string?.string ?? "", tokenBytes: bytes,
            logprob: token[member: "logprob"]?.number ?? 0)
    }

    static func append(_ tokens: [TokenLogprob], into output: inout ByteQueue) {
        output.append("[")
        for (index, token) in tokens.enumerated() {
            if index > 0 { output.append(",") }
            appendOne(token, into: &output)
            output.append(",\"top_logprobs\":[")
            for (place, candidate) in token.candidates.enumerated() {
                if place > 0 { output.append(",") }
                appendOne(candidate, into: &output)
                output.append("}")
            }
            output.append("]}")
        }
        output.append("]")
    }

    /// All but the closing bracket.
    private static func appendOne(_ token: TokenLogprob, into output: inout ByteQueue) {
        output.append("{\"token\":")
        output.append(jsonString: token.token)
        output.append(",\"logprob\":")
        output.append(json: token.logprob)
        output.append(",\"bytes\":")
        guard let bytes = token.tokenBytes else { return output.append("null") }
        output.append("[")
        for (index, byte) in bytes.enumerated() {
            if index > 0 { output.append(",") }
            output.append(decimal: Int(byte))
        }
        output.append("]")
    }
}

/// OpenAI's `usage`.
enum OpenAIUsage {
    /// The counts of a `usage` object; `nil` if it is none, or does not tell the input: what makes
    /// no sense is no report, and the gateway counts for itself.
    static func read(_ value: JSONValue) -> Usage? {
        guard value.kind == .object, let input = told(value[member: "prompt_tokens"]) else {
            return nil
        }
        var usage = Usage(source: .reported)
        usage.inputTokens = input
        usage.outputTokens =
            told(value[member: "completion_tokens"])
            ?? max(0, count(value[member: "total_tokens"]) - input)
        if let details = value[member: "prompt_tokens_details"] {
            usage.cachedInputTokens = count(details[member: "cached_tokens"])
            usage.audioInputTokens = count(details[member: "audio_tokens"])
        }
        if let details = value[member: "completion_tokens_details"] {
            usage.reasoningTokens = count(details[member: "reasoning_tokens"])
            usage.audioOutputTokens = count(details[member: "audio_tokens"])
        }
        return usage
    }

    static func count(_ value: JSONValue?) -> Int64 { told(value) ?? 0 }

    /// A count of an upstream is believed only as far as it can be one.
    static func told(_ value: JSONValue?) -> Int64? {
        guard let number = value?.number, number >= 0 else { return nil }
        return value?.integer.map { min($0, countMax) } ?? Int64(min(number, Double(countMax)))
    }

    /// Sums of such counts do not overflow.
    private static let countMax: Int64 = 1 << 40

    /// Appends a chat reply's `usage` object.
    /// - Parameter cost: told as well, in US dollars.
    static func append(_ usage: Usage, cost: Money? = nil, into output: inout ByteQueue) {
        output.append("{")
        if let cost {
            output.append("\"cost\":")
            output.append(text: cost.dollars)
            output.append(",")
        }
        output.append("\"prompt_tokens\":")
        output.append(decimal: Int(usage.inputTokens))
        output.append(",\"completion_tokens\":")
        output.append(decimal: Int(usage.outputTokens))
        output.append(",\"total_tokens\":")
        output.append(decimal: Int(usage.inputTokens + usage.outputTokens))
        output.append(",\"prompt_tokens_details\":{\"cached_tokens\":")
        output.append(decimal: Int(usage.cachedInputTokens))
        output.append(",\"audio_tokens\":")
        output.append(decimal: Int(usage.audioInputTokens))
        output.append("},\"completion_tokens_details\":{\"reasoning_tokens\":")
        output.append(decimal: Int(usage.reasoningTokens))
        output.append(",\"audio_tokens\":")
        output.append(decimal: Int(usage.audioOutputTokens))
        output.append("}}")
    }
}
