internal import GatewayCore
internal import GatewayPrimitives

/// Anthropic's `stop_reason`.
enum AnthropicStop {
    static func outcome(reason text: ByteView, sequence: ByteView?) -> ChoiceOutcome {
        let reason: FinishReason
        let cause: FinishCause
        if text.equals("end_turn") {
            (reason, cause) = (.stop, .model)
        } else if text.equals("stop_sequence") {
            (reason, cause) = (.stop, .stopSequence)
        } else if text.equals("max_tokens") {
            (reason, cause) = (.length, .maxTokens)
        } else if text.equals("model_context_window_exceeded") {
            (reason, cause) = (.length, .contextWindow)
        } else if text.equals("tool_use") {
            (reason, cause) = (.toolCalls, .model)
        } else if text.equals("refusal") {
            (reason, cause) = (.refusal, .model)
        } else {
            // `pause_turn` among them: the upstream would go on if it were asked to.
            (reason, cause) = (.unknown, .unknown)
        }
        return ChoiceOutcome(
            choiceIndex: 0, reason: reason, cause: cause, stopSequence: sequence?.string ?? "")
    }

    /// What Anthropic calls how a message ended; clients of it know no others.
    /// - Parameter hasCalls: whether the message calls tools. Some servers then say that it has
    ///   stopped, and no more.
    static func name(of outcome: ChoiceOutcome, hasCalls: Bool) -> StaticString {
        switch outcome.reason {
        case .stop where hasCalls, .unknown where hasCalls, .toolCalls: "tool_use"
        case .stop where outcome.cause == .stopSequence && !outcome.stopSequence.isEmpty:
            "stop_sequence"
        case .stop, .unknown: "end_turn"
        case .length where outcome.cause == .contextWindow: "model_context_window_exceeded"
        case .length: "max_tokens"
        case .contentFilter, .refusal: "refusal"
        }
    }

    /// Appends the members that tell it.
    static func append(_ outcome: ChoiceOutcome, hasCalls: Bool, into output: inout ByteQueue) {
        let name = name(of: outcome, hasCalls: hasCalls)
        output.append(#""stop_reason":""#)
        output.append(name)
        output.append(#"","stop_sequence":"#)
        if ByteView(name).equals("stop_sequence") {
            output.append(jsonString: outcome.stopSequence)
        } else {
            output.append("null")
        }
    }
}
