internal import GatewayCore
internal import GatewayPrimitives

/// What a response of OpenAI's says of itself as a whole, in a body or in a stream's last event.
enum OpenAIResponsesReply {
    /// What it came to: how it ended, and what it used.
    static func finished(_ response: JSONValue) -> ReplyFinished {
        ReplyFinished(
            outcomes: [outcome(of: response)],
            usage: response[member: "usage"].flatMap(usage),
            serviceTier: response[member: "service_tier"]?.string?.string)
    }

    private static func outcome(of response: JSONValue) -> ChoiceOutcome {
        let reason = response[member: "incomplete_details"]?[member: "reason"]?.string
        if reason?.equals("max_output_tokens") ?? false {
            return ChoiceOutcome(choiceIndex: 0, reason: .length, cause: .maxTokens)
        }
        if reason?.equals("content_filter") ?? false {
            return ChoiceOutcome(choiceIndex: 0, reason: .contentFilter, cause: .unknown)
        }
        guard response[member: "status"]?.string?.equals("completed") ?? false else {
            return ChoiceOutcome(choiceIndex: 0, reason: .unknown, cause: .unknown)
        }
        var callsTools = false
        if let output = response[member: "output"], output.kind == .array {
            callsTools = output.elements.contains { isCall($0) }
        }
        return ChoiceOutcome(
            choiceIndex: 0, reason: callsTools ? .toolCalls : .stop, cause: .model)
    }

    /// Whether an item is a call of a function of the client's.
    static func isCall(_ item: JSONValue) -> Bool {
        item[member: "type"]?.string?.equals("function_call") ?? false
    }

    private static func usage(_ value: JSONValue) -> Usage? {
        guard value.kind == .object,
            let input = OpenAIUsage.told(value[member: "input_tokens"])
        else { return nil }
        var usage = Usage(source: .reported)
        usage.inputTokens = input
        usage.outputTokens = OpenAIUsage.count(value[member: "output_tokens"])
        usage.cachedInputTokens = OpenAIUsage.count(
            value[member: "input_tokens_details"]?[member: "cached_tokens"])
        usage.reasoningTokens = OpenAIUsage.count(
            value[member: "output_tokens_details"]?[member: "reasoning_tokens"])
        return usage
    }
}
