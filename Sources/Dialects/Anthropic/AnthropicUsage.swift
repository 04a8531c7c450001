internal import GatewayCore
internal import GatewayPrimitives

/// Anthropic's `usage`, which comes in two pieces in a stream: the second has the last word on
/// whatever it names.
struct AnthropicUsage {
    private var input: Int64 = 0
    private var cacheRead: Int64 = 0
    private var cacheWrite: Int64 = 0
    private var cacheWriteHour: Int64 = 0
    private var output: Int64 = 0
    private var thinking: Int64 = 0
    private var isTold = false

    /// Takes in what a `usage` object says.
    mutating func take(_ value: JSONValue?) {
        guard let value, value.kind == .object else { return }
        isTold = true
        Self.set(&input, value[member: "input_tokens"])
        Self.set(&cacheRead, value[member: "cache_read_input_tokens"])
        Self.set(&cacheWrite, value[member: "cache_creation_input_tokens"])
        Self.set(
            &cacheWriteHour, value[member: "cache_creation"]?[member: "ephemeral_1h_input_tokens"])
        Self.set(&output, value[member: "output_tokens"])
        Self.set(&thinking, value[member: "output_tokens_details"]?[member: "thinking_tokens"])
    }

    /// The counts as the core has them: Anthropic counts what the cache holds beside its input, the
    /// core within. `nil` when nothing was told.
    var usage: Usage? {
        guard isTold else { return nil }
        var usage = Usage(source: .reported)
        usage.inputTokens = input + cacheRead + cacheWrite
        usage.cachedInputTokens = cacheRead
        usage.cacheWriteTokens = cacheWrite
        usage.cacheWriteHourTokens = min(cacheWriteHour, cacheWrite)
        usage.outputTokens = output
        usage.reasoningTokens = min(thinking, output)
        return usage
    }

    /// Appends a `usage` object; the cache's counts stand beside the input.
    static func append(
        _ usage: Usage, tier: String? = nil, into output: inout ByteQueue
    ) {
        let cached = usage.cachedInputTokens + usage.cacheWriteTokens
        output.append(#"{"input_tokens":"#)
        output.append(decimal: Int(max(usage.inputTokens - cached, 0)))
        output.append(#","cache_creation_input_tokens":"#)
        output.append(decimal: Int(usage.cacheWriteTokens))
        output.append(#","cache_read_input_tokens":"#)
        output.append(decimal: Int(usage.cachedInputTokens))
        output.append(#","output_tokens":"#)
        output.append(decimal: Int(usage.outputTokens))
        if usage.reasoningTokens > 0 {
            output.append(#","output_tokens_details":{"thinking_tokens":"#)
            output.append(decimal: Int(usage.reasoningTokens))
            output.append("}")
        }
        if let tier = tier.flatMap(AnthropicTier.reported) {
            output.append(#","service_tier":""#)
            output.append(tier)
            output.append("\"")
        }
        output.append("}")
    }

    /// A count of an upstream is believed only as far as it can be one; sums do not overflow.
    private static func set(_ count: inout Int64, _ value: JSONValue?) {
        guard let told = value?.integer else { return }
        count = min(max(told, 0), 1 << 40)
    }
}
