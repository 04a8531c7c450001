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
}
