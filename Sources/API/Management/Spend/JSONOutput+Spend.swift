import GatewayCore
import GatewayPrimitives

extension JSONOutput {
    /// The members that tell how many calls and tokens a sum is of.
    mutating func append(tokensOf sum: SpendSum) {
        member("total_tokens", Int(sum.tokens))
        member("prompt_tokens", Int(sum.inputTokens))
        member("completion_tokens", Int(sum.outputTokens))
        member("api_requests", Int(sum.callCount))
    }

    /// A label's sum, as LiteLLM shows it.
    mutating func append(tag sum: SpendSum) {
        object {
            $0.member("individual_request_tag", sum.group[0])
            $0.member("log_count", Int(sum.callCount))
            $0.member("total_spend", sum.cost)
        }
    }

    /// The members of LiteLLM's daily metrics.
    mutating func append(metrics sum: SpendSum) {
        member("spend", sum.cost)
        member("prompt_tokens", Int(sum.inputTokens))
        member("completion_tokens", Int(sum.outputTokens))
        member("cache_read_input_tokens", Int(sum.cachedInputTokens))
        member("cache_creation_input_tokens", Int(sum.cacheWriteTokens))
        member("total_tokens", Int(sum.tokens))
        member("successful_requests", Int(sum.succeededCount))
        member("failed_requests", Int(sum.failedCount))
        member("api_requests", Int(sum.callCount))
    }

    /// A row of the ledger in the form of LiteLLM's spend logs. What was said is never in it.
    mutating func append(log row: LedgerRow) {
        object { output in
            output.member("request_id", row.callID.text)
            output.member("litellm_call_id", row.callID.text)
            output.member(
                "call_type", row.endpoint.contains("embedding") ? "aembedding" : "acompletion")
            output.member("api_key", row.keyID)
            output.member("spend", row.cost.total)
            output.member("total_tokens", Int(row.usage.inputTokens + row.usage.outputTokens))
            output.member("prompt_tokens", Int(row.usage.inputTokens))
            output.member("completion_tokens", Int(row.usage.outputTokens))
            output.member("startTime", row.receivedAt)
            output.member("endTime", row.receivedAt.advanced(by: row.duration))
            output.member("request_duration_ms", Int(row.duration.wholeNanoseconds / 1_000_000))
            output.member(
                "completionStartTime",
                row.firstTokenLatency == .zero
                    ? nil : row.receivedAt.advanced(by: row.firstTokenLatency))
            output.member("model", row.upstreamModel.nonEmpty ?? row.model)
            output.member("model_id", row.deploymentID)
            output.member("model_group", row.model)
            output.member("custom_llm_provider", row.provider)
            output.member("user", row.userID ?? "")
            output.member("team_id", row.teamID)
            output.member("end_user", row.endUser ?? "")
            output.member("request_tags", strings: row.tags)
            output.member("cache_hit", "False")
            output.member("status", row.failure == nil ? "success" : "failure")
            output.member("metadata", object: { $0.append(metadataOf: row) })
        }
    }

    private mutating func append(metadataOf row: LedgerRow) {
        member("user_api_key_alias", row.keyName)
        member("endpoint", row.endpoint)
        member("is_stream", row.isStream)
        member("attempt_count", row.attemptCount)
        member("attempts", array: row.attemptList) { output, attempt in
            output.object { $0.append(attempt) }
        }
        member("usage_source", row.usage.source.name.description)
        member("cached_prompt_tokens", Int(row.usage.cachedInputTokens))
        member("cache_creation_tokens", Int(row.usage.cacheWriteTokens))
        member("reasoning_tokens", Int(row.usage.reasoningTokens))
        member("spend_input", row.cost.input)
        member("spend_output", row.cost.output)
        member("spend_failed_attempts", row.cost.failedAttempts)
        member("excess", row.cost.excess)
        member("in_flight_tokens", Int(row.usage.inFlightTokens))
        member("overrun_tokens", Int(row.usage.overrunTokens))
        member("price_unknown", row.isPriceUnknown)
        member("labels") { output in
            for (name, value) in row.labels.sorted(by: { $0.key < $1.key }) {
                output.member(name, value)
            }
        }
        member("error", row.failure?.rawValue)
    }

    private mutating func append(_ attempt: AttemptEntry) {
        member("model_id", attempt.deploymentID)
        member("model_group", attempt.model)
        member("custom_llm_provider", attempt.provider)
        member("outcome", attempt.outcome.rawValue)
        member("reason", attempt.reason?.rawValue)
        member("origin", attempt.origin?.rawValue)
        member("http_status", attempt.httpStatus == 0 ? nil : attempt.httpStatus)
        member("timeout", attempt.timeout?.rawValue)
        member("start_ms", attempt.start.inMilliseconds)
        member("time_to_first_token_ms", attempt.firstToken?.inMilliseconds)
        member("duration_ms", attempt.duration.inMilliseconds)
        member("cooldown_ms", attempt.cooldown?.inMilliseconds)
        member("is_hedge", attempt.isHedge)
        member("spend", attempt.cost)
    }
}

extension String {
    /// `nil` when it is empty.
    var nonEmpty: String? { isEmpty ? nil : self }
}

extension Duration {
    fileprivate var inMilliseconds: Double { Double(wholeNanoseconds / 1_000) / 1_000 }
}

extension WallTime {
    fileprivate func advanced(by duration: Duration) -> WallTime {
        WallTime(
            nanoseconds: nanoseconds &+ Int64(clamping: duration.wholeNanoseconds))
    }
}
