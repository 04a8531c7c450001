import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives

extension LedgerRow {
    /// A whole row of the table `ledger`.
    init(stored: Row) {
        let id: Data = stored["call_id"]
        self.init(
            callID: CallID(stored: id), keyID: stored["key_id"], endpoint: stored["endpoint"],
            model: stored["model"], receivedAt: WallTime(nanoseconds: stored["received_at"]))
        keyName = stored["key_name"]
        userID = stored["user_id"]
        teamID = stored["team_id"]
        endUser = stored["end_user"]
        let lines: String = stored["tags"]
        tags = lines.split(separator: "\n").map(String.init)
        labels = StoredLabels.labels(stored["labels"] as String?)
        deploymentID = stored["deployment_id"]
        provider = stored["provider"]
        upstreamModel = stored["upstream_model"]
        isStream = stored["is_stream"]
        attemptCount = stored["attempt_count"]
        attempts = StoredAttempts.attempts(stored["attempts"] as String?)
        usage.inputTokens = stored["input_tokens"]
        usage.cachedInputTokens = stored["cached_input_tokens"]
        usage.cacheWriteTokens = stored["cache_write_tokens"]
        usage.audioInputTokens = stored["audio_input_tokens"]
        usage.outputTokens = stored["output_tokens"]
        usage.reasoningTokens = stored["reasoning_tokens"]
        usage.audioOutputTokens = stored["audio_output_tokens"]
        usage.inFlightTokens = stored["in_flight_tokens"]
        usage.overrunTokens = stored["overrun_tokens"]
        isPriceUnknown = stored["price_unknown"]
        usage.source = UsageSource(rawValue: stored["usage_source"]) ?? .estimated
        cost.input = Money(nanoUSD: stored["cost_input"])
        cost.output = Money(nanoUSD: stored["cost_output"])
        cost.failedAttempts = Money(nanoUSD: stored["cost_failed_attempts"])
        cost.excess = Money(nanoUSD: stored["excess"])
        let reason: String? = stored["failure"]
        failure = reason.map { GatewayError.Reason(rawValue: $0) ?? .internalFault }
        firstTokenLatency = .nanoseconds(stored["first_token_latency"] as Int64)
        duration = .nanoseconds(stored["duration"] as Int64)
    }
}
